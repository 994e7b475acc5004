import fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { type CsrPartitionOptions, createRng, edgeCut, flatGraphFrom, partitionCsr } from '../src/index.ts';
import { anyGraph } from './arbitraries.ts';
import { csrOf, type TestGraph, testGraph } from './graphs.ts';
import { bruteForce, excessOf, recompute } from './recompute.ts';

const runs = { numRuns: 50 };
const tally = new Map<string, number>();

function count(what: string): void {
  tally.set(what, (tally.get(what) ?? 0) + 1);
}

afterAll(() => {
  for (const [what, times] of tally) console.info(`${what}: ${times} cases`);
});

const someOptions = fc.record({
  parts: fc.integer({ min: 1, max: 9 }),
  imbalance: fc.constantFrom(0, 0.03, 0.3),
  method: fc.constantFrom('kway' as const, 'recursive' as const),
  objective: fc.constantFrom('cut' as const, 'volume' as const),
  quality: fc.constantFrom('fast' as const, 'fast' as const, 'default' as const, 'strong' as const),
  contiguous: fc.boolean(),
  minimizeConnectivity: fc.boolean(),
  seed: fc.nat(1000),
});

function solve(graph: TestGraph, options: CsrPartitionOptions & { seed?: number }) {
  const { seed = 1, ...rest } = options;
  return partitionCsr(csrOf(graph), { ...rest, rng: createRng(seed) });
}

describe('what always holds', () => {
  it('puts every node in one part and tells the truth about it', () => {
    const random = vi.spyOn(Math, 'random').mockImplementation(() => {
      throw new Error('Math.random was called');
    });
    fc.assert(
      fc.property(anyGraph(), someOptions, (graph, options) => {
        const k = options.parts;
        const result = solve(graph, options);
        const truth = recompute(graph, result.parts, k);
        expect(result.parts).toHaveLength(graph.n);
        for (const p of result.parts) expect(p >= 0 && p < k).toBe(true);
        if (graph.n >= k) expect(Math.min(...truth.members)).toBeGreaterThan(0);
        expect(result.cut).toBeCloseTo(truth.cut, 9);
        expect(result.communicationVolume).toBeCloseTo(truth.volume, 9);
        expect(result.components).toEqual(truth.pieces);
        Array.from(result.partWeights).forEach((weight, i) => {
          expect(weight).toBeCloseTo(truth.weights[i], 9);
        });
        const excess = excessOf(graph, truth.weights, result.limits);
        if (excess > 0) {
          expect(result.feasible).toBe(false);
          expect(result.warnings.length).toBeGreaterThan(0);
          count('over a limit');
        }
        if (result.feasible && options.contiguous) expect(Math.max(...truth.pieces)).toBeLessThanOrEqual(1);
        if (graph.ncon > 1) count('two constraints');
        if (result.warnings.length > 0) count('with warnings');
      }),
      runs,
    );
    expect(random).not.toHaveBeenCalled();
    random.mockRestore();
  });

  it('gives the same answer for the same seed', () => {
    fc.assert(
      fc.property(anyGraph(), someOptions, (graph, options) => {
        expect(solve(graph, options).parts).toEqual(solve(graph, options).parts);
      }),
      { numRuns: 30 },
    );
  });

  it('finds the optimum of small graphs, with one and two constraints and limits that bind', () => {
    fc.assert(
      fc.property(
        anyGraph({ least: 3, most: 7 }),
        fc.integer({ min: 2, max: 3 }),
        fc.constantFrom(0, 0.1, 0.5),
        (graph, parts, imbalance) => {
          const result = solve(graph, { parts, imbalance });
          const best = bruteForce(graph, parts, result.limits);
          const loose = bruteForce(graph, parts, new Float64Array(parts * graph.ncon).fill(Infinity));
          const { cut, weights } = recompute(graph, result.parts, parts);
          expect(excessOf(graph, weights, result.limits)).toBeCloseTo(best.excess, 9);
          expect(cut).toBeCloseTo(best.cut, 9);
          if (best.cut > loose.cut + 1e-9) count('optimum where limits bind');
        },
      ),
      { numRuns: 50 },
    );
  });

  it('keeps parts connected when the graph is', () => {
    fc.assert(
      fc.property(
        anyGraph({ connected: true, least: 2 }),
        fc.integer({ min: 2, max: 6 }),
        fc.nat(99),
        (graph, parts, seed) => {
          fc.pre(graph.n >= parts);
          const result = solve(graph, { parts, contiguous: true, seed });
          expect(recompute(graph, result.parts, parts).pieces).toEqual(new Array(parts).fill(1));
        },
      ),
      runs,
    );
  });

  it('keeps fixed nodes where they are and groups together', () => {
    fc.assert(
      fc.property(
        anyGraph({ least: 8 }),
        fc.integer({ min: 2, max: 5 }),
        fc.array(fc.nat(1000), { minLength: 6, maxLength: 6 }),
        someOptions,
        (graph, parts, draws, options) => {
          const fixed = new Array<number>(graph.n).fill(-1);
          fixed[draws[0] % graph.n] = draws[1] % parts;
          fixed[draws[2] % graph.n] = draws[3] % parts;
          const free = fixed.flatMap((p, v) => (p < 0 ? [v] : []));
          const together = [[free[draws[4] % free.length], free[draws[5] % free.length], free[0]], [free[1]]];
          const result = solve(graph, { ...options, parts, fixed, together });
          fixed.forEach((p, v) => {
            if (p >= 0) expect(result.parts[v]).toBe(p);
          });
          for (const group of together) expect(new Set(group.map((v) => result.parts[v])).size).toBe(1);
          if (fixed.filter((p) => p >= 0).length > 1) count('two fixed nodes');
        },
      ),
      runs,
    );
  });

  it('does not care about the scale of weights', () => {
    fc.assert(
      fc.property(
        anyGraph({ wholeNumbers: true }),
        fc.integer({ min: 2, max: 6 }),
        fc.constantFrom(0.03, 0.2),
        fc.constantFrom(0.125, 2, 1024),
        (graph, parts, imbalance, scale) => {
          const scaled: TestGraph = {
            ...graph,
            edges: graph.edges.map(([a, b, weight]) => [a, b, weight * scale]),
            vwgt: graph.vwgt.map((weight) => weight * scale),
          };
          const before = solve(graph, { parts, imbalance });
          const after = solve(scaled, { parts, imbalance });
          expect(after.parts).toEqual(before.parts);
          expect(after.cut).toBeCloseTo(before.cut * scale, 6);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is never worse for more runs', () => {
    fc.assert(
      fc.property(anyGraph({ least: 25 }), fc.integer({ min: 2, max: 6 }), fc.nat(99), (graph, parts, seed) => {
        const one = solve(graph, { parts, seed, quality: 'fast' });
        const three = solve(graph, { parts, seed, quality: 'fast', runs: 3 });
        const before = excessOf(graph, one.partWeights, one.limits);
        const after = excessOf(graph, three.partWeights, three.limits);
        expect(after).toBeLessThanOrEqual(before + 1e-9);
        if (Math.abs(after - before) < 1e-9) expect(three.cut).toBeLessThanOrEqual(one.cut + 1e-9);
        if (three.cut < one.cut) count('better with more runs');
      }),
      { numRuns: 30 },
    );
  });

  it('leaves the cut when an edge is added inside a part', () => {
    fc.assert(
      fc.property(anyGraph({ least: 4 }), fc.nat(1000), fc.nat(1000), (graph, i, j) => {
        const { parts, cut } = solve(graph, { parts: 3 });
        const a = i % graph.n;
        const mates = Array.from(parts).flatMap((p, v) => (p === parts[a] && v !== a ? [v] : []));
        fc.pre(mates.length > 0);
        const more = testGraph(graph.n, [...graph.edges, [a, mates[j % mates.length], 5]], graph);
        expect(edgeCut(flatGraphFrom(csrOf(more)).graph, parts)).toBeCloseTo(cut, 9);
      }),
      { numRuns: 30 },
    );
  });

  it('cuts nothing for one part and everything for one part a node', () => {
    fc.assert(
      fc.property(anyGraph({ most: 20 }), (graph) => {
        expect(solve(graph, { parts: 1 }).cut).toBe(0);
        const all = graph.edges.reduce((sum, [, , weight]) => sum + weight, 0);
        expect(solve(graph, { parts: graph.n }).cut).toBeCloseTo(graph.n === 1 ? 0 : all, 9);
      }),
      { numRuns: 30 },
    );
  });
});
