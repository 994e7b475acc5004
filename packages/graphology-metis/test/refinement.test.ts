import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mightSplit } from '../src/core/contiguous.ts';
import { contract } from '../src/core/contract.ts';
import { edgeCut, totalWeights } from '../src/core/flat-graph.ts';
import { FlowNetwork } from '../src/core/flow-network.ts';
import { refineByFlow } from '../src/core/flow-refine.ts';
import { MaxHeap } from '../src/core/heap.ts';
import { createContext, isBetterSolved, partitionKway } from '../src/core/kway.ts';
import { refineKway } from '../src/core/kway-fm.ts';
import { createState, createWorkspace, type KwayState, link, move } from '../src/core/kway-state.ts';
import { createLimits, totalExcess, weightGrain } from '../src/core/limits.ts';
import { coarseIds, matchByRating } from '../src/core/matching.ts';
import { communicationVolume, partWeights } from '../src/core/metrics.ts';
import { refinePairs } from '../src/core/pairs.ts';
import { EFFORTS } from '../src/core/quality.ts';
import { createRng } from '../src/core/random.ts';
import { rebalance } from '../src/core/rebalance.ts';
import { matchTwoHop } from '../src/core/two-hop.ts';
import { refineVolume } from '../src/core/volume.ts';
import { flatGraphFrom } from '../src/index.ts';
import { anyGraph } from './arbitraries.ts';
import { csrOf, grid, path, star, type TestGraph, testGraph } from './graphs.ts';

/** A state whose parts are drawn at random, none empty. */
function randomState(graph: TestGraph, k: number, imbalance: number, seed: number, contiguous = false): KwayState {
  const flat = flatGraphFrom(csrOf(graph)).graph;
  const rng = createRng(seed);
  const share = new Float64Array(k * flat.ncon).fill(1 / k);
  const limits = createLimits(flat.vwgt, totalWeights(flat), share, new Array<number>(flat.ncon).fill(imbalance));
  const part = Int32Array.from({ length: flat.n }, (_, v) => (v < k ? v : Math.floor(rng() * k)));
  const work = createWorkspace(flat.n, flat.adjncy.length);
  return createState(flat, limits, null, part, work, null, contiguous);
}

/** Everything a state remembers must be what its parts say. */
function expectConsistent(state: KwayState): void {
  const { graph, limits, part, loads, members, work } = state;
  expect(state.cut).toBeCloseTo(edgeCut(graph, part), 6);
  partWeights(graph, part, limits.k).forEach((weight, i) => {
    expect(loads[i]).toBeCloseTo(weight, 6);
  });
  expect(members.reduce((sum, count) => sum + count, 0)).toBe(graph.n);
  for (let v = 0; v < graph.n; v++) {
    if (work.links[v] < 0) continue;
    const links = Array.from({ length: work.links[v] }, (_, i) => work.linkPart[graph.xadj[v] + i]);
    const neighbours = Array.from(graph.adjncy.subarray(graph.xadj[v], graph.xadj[v + 1]), (u) => part[u]);
    expect(new Set(links)).toEqual(new Set(neighbours));
    expect(links).toHaveLength(new Set(links).size);
  }
}

const searches: readonly (readonly [string, (state: KwayState, seed: number) => void])[] = [
  [
    'k-way FM',
    (state, seed) => void refineKway(state, { rounds: 3, seeds: 2, global: 1, patience: 10 }, createRng(seed)),
  ],
  ['FM between pairs', (state) => refinePairs(state)],
  ['flows', (state, seed) => refineByFlow(state, 8, createRng(seed))],
];

describe('local search', () => {
  for (const [name, search] of searches) {
    it(`${name} never worsens a partition`, () => {
      fc.assert(
        fc.property(
          anyGraph({ least: 6 }),
          fc.integer({ min: 2, max: 5 }),
          fc.constantFrom(0, 0.1, 1),
          fc.nat(999),
          (graph, k, imbalance, seed) => {
            const state = randomState(graph, k, imbalance, seed);
            rebalance(state);
            const { cut } = state;
            const excess = totalExcess(state.limits, state.loads);
            search(state, seed);
            expectConsistent(state);
            const after = totalExcess(state.limits, state.loads);
            expect(after).toBeLessThanOrEqual(excess + 1e-9);
            if (after > excess - 1e-9) expect(state.cut).toBeLessThanOrEqual(cut + 1e-9);
            expect(Math.min(...state.members)).toBeGreaterThan(0);
          },
        ),
        { numRuns: 40 },
      );
    });
  }

  it('weighs one part over its limit as much as two that are over by as much together', () => {
    const edges = [
      [0, 5, 1],
      [0, 9, 5],
      [0, 2, 1],
      [3, 8, 3],
      [4, 10, 5],
      [0, 1, 5],
      [1, 2, 5],
      [6, 10, 1],
      [0, 4, 3],
      [0, 10, 1],
      [0, 6, 4],
      [4, 6, 1],
      [3, 7, 4],
      [6, 7, 4],
      [3, 10, 2],
      [4, 8, 2],
      [3, 4, 1],
      [1, 6, 3],
      [4, 9, 3],
      [2, 5, 2],
      [2, 3, 5],
      [3, 5, 1],
      [5, 10, 2],
      [1, 10, 1],
      [0, 8, 4],
      [0, 3, 4],
    ] as const;
    const vwgt = [0, 1, 2, 3, 3, 1, 0, 0, 1, 5, 3, 1, 1, 1, 4, 2, 3, 2, 4, 3, 4, 3];
    const graph = testGraph(
      11,
      edges.map(([u, v, weight]) => [u, v, weight]),
      { ncon: 2, vwgt },
    );
    const state = randomState(graph, 5, 0, 871);
    rebalance(state);
    const { cut } = state;
    const excess = totalExcess(state.limits, state.loads);
    refinePairs(state);
    expect(totalExcess(state.limits, state.loads)).toBeLessThanOrEqual(excess + 1e-12);
    expect(state.cut).toBeLessThanOrEqual(cut);
  });

  it('balancing only ever lowers the excess', () => {
    fc.assert(
      fc.property(anyGraph({ least: 6 }), fc.integer({ min: 2, max: 5 }), fc.nat(999), (graph, k, seed) => {
        const state = randomState(graph, k, 0.05, seed);
        const before = totalExcess(state.limits, state.loads);
        expect(rebalance(state)).toBeLessThanOrEqual(before + 1e-12);
        expectConsistent(state);
      }),
      { numRuns: 40 },
    );
  });

  it('the search for volume never raises it', () => {
    fc.assert(
      fc.property(anyGraph({ least: 6 }), fc.integer({ min: 2, max: 5 }), fc.nat(999), (graph, k, seed) => {
        const state = randomState(graph, k, 0.5, seed);
        const sizes = new Float64Array(graph.vsize);
        const before = communicationVolume(state.graph, state.part, k, sizes);
        refineVolume(state, sizes, 5, createRng(seed));
        expectConsistent(state);
        expect(communicationVolume(state.graph, state.part, k, sizes)).toBeLessThanOrEqual(before + 1e-9);
      }),
      { numRuns: 40 },
    );
  });

  it('moves keep the links of untouched vertices right when they are looked at late', () => {
    const state = randomState(grid(4, 4), 2, 1, 3);
    state.work.links.fill(-1);
    link(state, 5);
    move(state, 5, 1 - state.part[5]);
    for (let v = 0; v < 16; v++) if (state.work.links[v] < 0) link(state, v);
    state.cut = edgeCut(state.graph, state.part);
    expectConsistent(state);
  });

  it('knows which vertex holds its part together', () => {
    const state = randomState(path(5), 2, 1, 1, true);
    state.part.set([0, 0, 0, 1, 1]);
    expect([0, 1, 2].map((v) => mightSplit(state, v))).toEqual([false, true, false]);
  });
});

describe('V-cycles', () => {
  it('never worsen a partition', () => {
    fc.assert(
      fc.property(anyGraph({ least: 30, most: 120 }), fc.integer({ min: 2, max: 5 }), fc.nat(999), (graph, k, seed) => {
        const flat = flatGraphFrom(csrOf(graph)).graph;
        const share = new Float64Array(k * flat.ncon).fill(1 / k);
        const limits = createLimits(flat.vwgt, totalWeights(flat), share, new Array<number>(flat.ncon).fill(0.05));
        const solve = (cycles: number) => {
          const effort = { ...EFFORTS.fast, perPart: 4, least: 10, cycles };
          const context = createContext(flat, limits, { effort, passes: 10, contiguous: false }, createRng(seed));
          return partitionKway(context, { graph: flat, fixed: null, classes: null });
        };
        const before = solve(0);
        const after = solve(3);
        expect(isBetterSolved(before, after)).toBe(false);
        expect(after.cut).toBeCloseTo(edgeCut(flat, after.part), 6);
      }),
      { numRuns: 50 },
    );
  });
});

describe('coarsening', () => {
  it('keeps weights and the cuts of coarse partitions', () => {
    fc.assert(
      fc.property(anyGraph({ least: 4 }), fc.nat(999), (graph, seed) => {
        const flat = flatGraphFrom(csrOf(graph)).graph;
        const heaviest = totalWeights(flat);
        const rules = { heaviest, classes: null, fixed: null };
        const partner = matchByRating(flat, rules, createRng(seed));
        matchTwoHop(flat, rules, partner);
        for (let v = 0; v < flat.n; v++) expect(partner[partner[v]]).toBe(v);
        const { coarse, count } = coarseIds(partner);
        const small = contract(flat, coarse, count);
        totalWeights(small).forEach((weight, c) => {
          expect(weight).toBeCloseTo(heaviest[c], 6);
        });
        const parts = Int32Array.from({ length: count }, (_, c) => c % 3);
        expect(edgeCut(small, parts)).toBeCloseTo(
          edgeCut(
            flat,
            coarse.map((c) => parts[c]),
          ),
          6,
        );
      }),
      { numRuns: 50 },
    );
  });

  it('does not stop at stars', () => {
    const flat = flatGraphFrom(csrOf(star(100))).graph;
    const rules = { heaviest: new Float64Array([10]), classes: null, fixed: null };
    const partner = matchByRating(flat, rules, createRng(1));
    matchTwoHop(flat, rules, partner);
    expect(coarseIds(partner).count).toBeLessThanOrEqual(52);
  });
});

describe('the tools', () => {
  it('the heap gives the largest key first, through changes and removals', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(19), fc.integer({ min: -50, max: 50 }), fc.boolean())), (steps) => {
        const heap = new MaxHeap(20);
        const truth = new Map<number, number>();
        for (const [vertex, key, remove] of steps) {
          if (remove) {
            heap.remove(vertex);
            truth.delete(vertex);
          } else {
            heap.set(vertex, key);
            truth.set(vertex, key);
          }
        }
        expect(heap.size).toBe(truth.size);
        const keys = [...truth.values()].sort((a, b) => b - a);
        for (const key of keys) expect(truth.get(heap.pop())).toBe(key);
        expect(heap.size).toBe(0);
      }),
    );
  });

  it('the flow equals the smallest cut', () => {
    fc.assert(
      fc.property(anyGraph({ least: 4, most: 9, constraints: 1 }), (graph) => {
        const flat = flatGraphFrom(csrOf(graph)).graph;
        const network = new FlowNetwork(flat);
        network.terminal[0] = 1;
        network.terminal[flat.n - 1] = 2;
        network.augment(Infinity);
        let smallest = Infinity;
        for (let set = 1; set < 1 << (flat.n - 1); set += 2) {
          smallest = Math.min(
            smallest,
            edgeCut(
              flat,
              Int32Array.from({ length: flat.n }, (_, v) => (set >> v) & 1),
            ),
          );
        }
        expect(network.value).toBeCloseTo(smallest, 6);
        const mark = new Uint8Array(flat.n);
        network.reach(1, mark, new Int32Array(flat.adjncy.length));
        expect(edgeCut(flat, new Int32Array(mark))).toBeCloseTo(smallest, 6);
      }),
      { numRuns: 50 },
    );
  });

  it('finds the unit that weights are made of', () => {
    expect(weightGrain(new Float64Array([6, 9, 0, 15]), 1, 0)).toBe(3);
    expect(weightGrain(new Float64Array([0.2, 0.5, 0.3]), 1, 0)).toBeCloseTo(0.1, 9);
    expect(weightGrain(new Float64Array([1, 4, 1, 6]), 2, 1)).toBe(2);
    expect(weightGrain(new Float64Array([Math.PI, Math.E, 1]), 1, 0)).toBeLessThan(1e-3);
  });

  it('the generator repeats itself for a seed, and only then', () => {
    const draw = (seed: number): number[] => Array.from({ length: 50 }, createRng(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const many = Array.from({ length: 10_000 }, createRng(3));
    expect(Math.min(...many)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...many)).toBeLessThan(1);
    expect(many.reduce((sum, x) => sum + x, 0) / many.length).toBeCloseTo(0.5, 1);
  });
});
