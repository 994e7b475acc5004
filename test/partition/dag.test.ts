import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chainInOrder,
  cutDag,
  type DagProblem,
  exact,
  orderByParts,
  refineStages,
  scoreStages,
  topologicalOrders,
} from '../../src/partition/index.ts';
import { bruteForce, compareFigures, figuresOf } from './make.ts';

interface DagSpec {
  readonly seconds: readonly number[];
  readonly edges: readonly (readonly [number, number, number])[];
  readonly stages: number;
  readonly staticBytes?: readonly number[];
  readonly capacityBytes?: number;
  /** Whether tensors cost time as well as bytes. */
  readonly timed?: boolean;
}

function dag(spec: DagSpec): DagProblem {
  const nodes = spec.seconds.length;
  const weights = Float64Array.from(spec.edges, ([, , bytes]) => bytes);
  return {
    seconds: Float64Array.from(spec.seconds),
    staticBytes: spec.staticBytes === undefined ? new Float64Array(nodes) : Float64Array.from(spec.staticBytes),
    activationBytes: new Float64Array(nodes),
    transientBytes: new Float64Array(nodes),
    stages: spec.stages,
    virtualStages: 1,
    placement: 'linear',
    inFlight: new Float64Array(spec.stages).fill(1),
    capacityBytes: new Float64Array(spec.stages).fill(spec.capacityBytes ?? Number.POSITIVE_INFINITY),
    edges: {
      sources: Int32Array.from(spec.edges, ([source]) => source),
      targets: Int32Array.from(spec.edges, ([, target]) => target),
      bytes: weights,
      seconds: spec.timed === true ? weights : new Float64Array(weights.length),
    },
  };
}

/** Two towers: s, a1 to a4, b1 to b4, t. */
function towers([s, a, b, t]: readonly [number, number, number, number], stages: number): DagProblem {
  const edges: [number, number, number][] = [
    [0, 1, 1],
    [0, 5, 1],
    [4, 9, 1],
    [8, 9, 1],
  ];
  for (const first of [1, 5]) for (let i = 0; i < 3; i++) edges.push([first + i, first + i + 1, 5]);
  return dag({ seconds: [s, a, a, a, a, b, b, b, b, t], edges, stages });
}

const branchAfterBranch = Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
const levelByLevel = Int32Array.of(0, 1, 5, 2, 6, 3, 7, 4, 8, 9);

/** Smaller is better: the best figures of all assignments of nodes to stages that keep the order of the edges. */
function bestAssignment(problem: DagProblem) {
  const nodes = problem.seconds.length;
  const { sources, targets } = problem.edges;
  const stageOf = new Int32Array(nodes);
  let best: ReturnType<typeof scoreStages> | undefined;
  const place = (node: number): void => {
    if (node === nodes) {
      if (new Set(stageOf).size < problem.stages) return;
      const reached = scoreStages(problem, stageOf);
      if (best === undefined || isLess(reached, best)) best = reached;
      return;
    }
    for (let stage = 0; stage < problem.stages; stage++) {
      stageOf[node] = stage;
      // Nodes are numbered in a topological order.
      if (sources.every((source, edge) => targets[edge] !== node || stageOf[source] <= stage)) place(node + 1);
    }
  };
  place(0);
  return best!;
}

type Scored = ReturnType<typeof scoreStages>;
const isLess = (a: Scored, b: Scored) => compareFigures(asFigures(a), asFigures(b)) < 0;
const asFigures = (a: Scored) => ({
  over: a.overBytes,
  bottleneck: a.bottleneckSeconds,
  traffic: a.trafficBytes,
  peak: a.peakBytes,
});

function dags(mostNodes: number) {
  return fc
    .record({
      seconds: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: mostNodes }),
      stages: fc.integer({ min: 1, max: 3 }),
      timed: fc.boolean(),
      bytes: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: mostNodes, maxLength: mostNodes }),
      percent: fc.integer({ min: 90, max: 260 }),
      pairs: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 4 })), { maxLength: 2 * mostNodes }),
    })
    .map(({ seconds, stages, timed, bytes, percent, pairs }) => {
      const nodes = seconds.length;
      const edges = pairs
        .map(([a, b, weight]) => [Math.min(a % nodes, b % nodes), Math.max(a % nodes, b % nodes), weight] as const)
        .filter(([source, target]) => source < target);
      const staticBytes = bytes.slice(0, nodes);
      const need = staticBytes.reduce((sum, value) => sum + value, 0) / stages;
      const count = Math.min(stages, nodes);
      return dag({ seconds, edges, stages: count, timed, staticBytes, capacityBytes: (need * percent) / 100 });
    });
}

function isAcyclic(problem: DagProblem, stageOf: Int32Array): boolean {
  return problem.edges.sources.every((source, edge) => stageOf[source] <= stageOf[problem.edges.targets[edge]]);
}

describe('cutDag on two towers', () => {
  it.each([
    [[1, 5, 2, 1], 2, 15, 16, 15],
    [[1, 5, 2, 1], 3, 10, 11, 12],
    [[1, 5, 2, 1], 4, 8, 10, 8],
    [[2, 3, 2, 2], 2, 12, 13, 12],
    [[2, 3, 2, 2], 3, 8, 8, 9],
    [[2, 3, 2, 2], 4, 6, 7, 7],
  ] as const)('weights %j into %i: %i, against %i branch after branch and %i level by level', (w, k, all, dfs, bfs) => {
    const problem = towers(w, k);
    const found = cutDag(problem);
    expect(found.cuts.bottleneckSeconds).toBe(all);
    expect(found.cuts.proved).toBe(true);
    expect(isAcyclic(problem, found.stageOf)).toBe(true);
    expect(exact(chainInOrder(problem, branchAfterBranch)).bottleneckSeconds).toBe(dfs);
    expect(exact(chainInOrder(problem, levelByLevel)).bottleneckSeconds).toBe(bfs);
  });

  it('cuts ten bytes where a cut of two would go round in a circle', () => {
    const problem = towers([2, 3, 2, 2], 2);
    const { stageOf } = cutDag(problem);
    expect(scoreStages(problem, stageOf)).toMatchObject({ bottleneckSeconds: 12, trafficBytes: 10 });
  });

  it('repairs a partition that goes round in a circle', () => {
    const problem = towers([2, 3, 2, 2], 2);
    // One tower against all the rest: each part needs the other.
    const parts = Int32Array.of(0, 1, 1, 1, 1, 0, 0, 0, 0, 0);
    const order = orderByParts(problem, parts);
    const { ends } = exact(chainInOrder(problem, order));
    const stageOf = new Int32Array(10);
    for (let position = ends[0]; position < 10; position++) stageOf[order[position]] = 1;
    expect(isAcyclic(problem, stageOf)).toBe(true);
    expect(cutDag(problem, [parts]).cuts.bottleneckSeconds).toBe(12);
  });
});

describe('cutDag in general', () => {
  it('equals the best of all assignments on small graphs', () => {
    let bound = 0;
    fc.assert(
      fc.property(dags(7), (problem) => {
        const found = cutDag(problem);
        const best = bestAssignment(problem);
        const reached = scoreStages(problem, found.stageOf);
        expect(isAcyclic(problem, found.stageOf)).toBe(true);
        if (best.overBytes > 0) return;
        expect(reached.overBytes).toBe(0);
        expect(reached.bottleneckSeconds).toBeCloseTo(best.bottleneckSeconds, 9);
        expect(reached.trafficBytes).toBeCloseTo(best.trafficBytes, 9);
        expect(found.cuts.lowerBoundSeconds).toBeLessThanOrEqual(best.bottleneckSeconds + 1e-9);
        if (best.bottleneckSeconds > found.cuts.lowerBoundSeconds + 1e-9) bound++;
      }),
      { seed: 1, numRuns: 400 },
    );
    console.log(`graphs: memory bound in ${bound} of 400`);
    expect(bound).toBeGreaterThan(10);
  });

  it('is acyclic and never worse than exact on an order it knows', () => {
    fc.assert(
      fc.property(
        dags(60),
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 60, maxLength: 60 }),
        (problem, parts) => {
          const hint = Int32Array.from(parts.slice(0, problem.seconds.length));
          const own = Int32Array.from(problem.seconds, (_, node) => node);
          const found = cutDag(problem, [hint], [own]);
          expect(isAcyclic(problem, found.stageOf)).toBe(true);
          expect(new Set(found.stageOf).size).toBe(problem.stages);
          const chain = chainInOrder(problem, found.order);
          for (const order of [own, ...topologicalOrders(problem), orderByParts(problem, hint)]) {
            const other = chainInOrder(problem, order);
            const cuts = exact(other);
            expect(compareFigures(figuresOf(chain, found.cuts.ends), figuresOf(other, cuts.ends))).toBeLessThanOrEqual(
              0,
            );
            expect(found.cuts.lowerBoundSeconds).toBeLessThanOrEqual(cuts.bottleneckSeconds + 1e-9);
          }
        },
      ),
      { seed: 1, numRuns: 100 },
    );
  });

  it('counts the same on stages as on the chain of their order', () => {
    fc.assert(
      fc.property(dags(7), (problem) => {
        const found = cutDag(problem);
        const reached = asFigures(scoreStages(problem, found.stageOf));
        expect(compareFigures(reached, figuresOf(chainInOrder(problem, found.order), found.cuts.ends))).toBe(0);
        expect(compareFigures(bruteForce(chainInOrder(problem, found.order)), reached)).toBe(0);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it('refines without ever making a circle or a worse stage', () => {
    let helped = 0;
    fc.assert(
      fc.property(dags(40), (problem) => {
        const order = topologicalOrders(problem)[2];
        const stageOf = new Int32Array(order.length);
        for (const [position, node] of order.entries()) {
          stageOf[node] = Math.min(problem.stages - 1, Math.floor((position * problem.stages) / order.length));
        }
        const before = scoreStages(problem, stageOf);
        refineStages(problem, stageOf);
        const after = scoreStages(problem, stageOf);
        expect(isAcyclic(problem, stageOf)).toBe(true);
        expect(isLess(before, after)).toBe(false);
        if (isLess(after, before)) helped++;
      }),
      { seed: 1, numRuns: 100 },
    );
    expect(helped).toBeGreaterThan(10);
  });
});
