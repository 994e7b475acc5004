import { coarsenOnce, heaviestVertex, type Level } from './coarsen.ts';
import { type FlatGraph, induced, totalWeights } from './flat-graph.ts';
import { dealSides, growSide } from './grow.ts';
import { MaxHeap } from './heap.ts';
import { ceilTo, type Limits } from './limits.ts';
import { type Rng, shuffle } from './random.ts';
import { isBetter, refineTwoWay, type TwoWayProblem, type TwoWayScore } from './two-way.ts';

/** How hard to work on a bisection. */
export interface BisectEffort {
  /** First partitions tried at the coarsest level. */
  readonly tries: number;
  /** Most FM passes a level. */
  readonly passes: number;
}

function coarsestSize(ncon: number): number {
  return ncon > 1 ? 100 : 40;
}

/** On coarse graphs a side may be over its wish by so many average vertices. */
const RELAX = 1;

/** The problem of the coarser graph; tight limits and the counts of vertices are the finest level's to keep. */
function coarser(problem: TwoWayProblem, finestLimit: Float64Array, level: Level): TwoWayProblem {
  const { wish, scale } = problem;
  const limit = finestLimit.map((most, i) => {
    const unit = scale[i % scale.length];
    return unit > 0 ? Math.max(most, wish[i] + RELAX / (level.graph.n * unit)) : most;
  });
  return { ...problem, graph: level.graph, limit, allowed: limit, fixed: level.fixed, fewest: [1, 1] };
}

function firstSides(problem: TwoWayProblem, effort: BisectEffort, rng: Rng): Int32Array {
  const { graph } = problem;
  const { n, ncon } = graph;
  const heap = new MaxHeap(n);
  const order = Int32Array.from({ length: n }, (_, v) => v);
  let best: Int32Array | null = null;
  let bestScore: TwoWayScore = { excess: Infinity, cut: Infinity };
  const tries = ncon > 1 ? 2 * effort.tries : effort.tries;
  for (let t = 0; t < tries; t++) {
    let side: Int32Array;
    if (ncon > 1 && t % 2 === 1) {
      shuffle(order, n, rng);
      side = dealSides(problem, order);
    } else {
      side = growSide(problem, heap, rng);
    }
    const score = refineTwoWay(problem, side, effort.passes);
    if (best === null || isBetter(score, bestScore)) {
      best = side;
      bestScore = score;
    }
  }
  return best ?? new Int32Array(n);
}

/** A two-way partition by multilevel bisection. */
export function bisect(problem: TwoWayProblem, effort: BisectEffort, rng: Rng): Int32Array {
  return bisectLevel(problem, problem.limit, effort, rng);
}

function bisectLevel(problem: TwoWayProblem, finestLimit: Float64Array, effort: BisectEffort, rng: Rng): Int32Array {
  const { graph, fixed } = problem;
  const size = coarsestSize(graph.ncon);
  if (graph.n > size) {
    const step = coarsenOnce({ graph, fixed, classes: null }, heaviestVertex(graph, size), rng);
    if (step !== null) {
      const coarseSide = bisectLevel(coarser(problem, finestLimit, step.level), finestLimit, effort, rng);
      const side = step.coarse.map((c) => coarseSide[c]);
      refineTwoWay(problem, side, effort.passes);
      return side;
    }
  }
  return firstSides(problem, effort, rng);
}

/**
 * What the two sides of a bisection may weigh when side 0 becomes the parts `from … middle - 1` and side 1 the parts
 * `middle … to - 1`. The room above the wish is spread over the bisections still to come.
 *
 * @source Sebastian Schlag et al., "k-way hypergraph partitioning via n-level recursive bisection", ALENEX 2016
 */
function twoWayProblem(
  graph: FlatGraph,
  limits: Limits,
  fixed: Int32Array | null,
  from: number,
  middle: number,
  to: number,
): TwoWayProblem {
  const { ncon, share, grain } = limits;
  const total = totalWeights(graph);
  const limit = new Float64Array(2 * ncon);
  const wish = new Float64Array(2 * ncon);
  const depth = Math.ceil(Math.log2(to - from));
  for (let c = 0; c < ncon; c++) {
    const sums = [0, 0];
    const most = [0, 0];
    for (let p = from; p < to; p++) {
      const s = p < middle ? 0 : 1;
      sums[s] += share[p * ncon + c];
      most[s] += limits.limit[p * ncon + c];
    }
    let room = Infinity;
    for (let p = from; p < to; p++) {
      const ideal = (total[c] * share[p * ncon + c]) / (sums[0] + sums[1]);
      if (ideal > 0) room = Math.min(room, limits.limit[p * ncon + c] / ideal);
    }
    const stretch = Math.max(1, room === Infinity ? 1 : room) ** (1 / depth);
    for (let s = 0; s < 2; s++) {
      const ideal = (total[c] * sums[s]) / (sums[0] + sums[1]);
      wish[s * ncon + c] = ideal;
      limit[s * ncon + c] = Math.min(most[s], Math.max(stretch * ideal, ceilTo(ideal, grain[c]) + 1e-9 * total[c]));
    }
  }
  const sides = fixed === null ? null : fixed.map((p) => (p < 0 ? -1 : p < middle ? 0 : 1));
  const fewest: [number, number] = [Math.min(middle - from, graph.n), Math.min(to - middle, graph.n)];
  const scale = total.map((sum) => (sum > 0 ? 1 / sum : 0));
  return { graph, limit, allowed: limit, wish, scale, fixed: sides, fewest };
}

/** A k-way partition by recursive bisection. */
export function bisectRecursively(
  graph: FlatGraph,
  limits: Limits,
  fixed: Int32Array | null,
  effort: BisectEffort,
  rng: Rng,
): Int32Array {
  const part = new Int32Array(graph.n);
  const divide = (
    piece: FlatGraph,
    ids: Int32Array | null,
    tied: Int32Array | null,
    from: number,
    to: number,
  ): void => {
    if (to - from === 1 || piece.n === 0) {
      for (let i = 0; i < piece.n; i++) part[ids === null ? i : ids[i]] = from;
      return;
    }
    const middle = from + ((to - from) >> 1);
    const side = bisect(twoWayProblem(piece, limits, tied, from, middle, to), effort, rng);
    for (let s = 0; s < 2; s++) {
      const sub = induced(piece, side, s);
      const below = ids === null ? sub.vertices : sub.vertices.map((v) => ids[v]);
      const tiedBelow = tied && sub.vertices.map((v) => tied[v]);
      divide(sub.graph, below, tiedBelow, s === 0 ? from : middle, s === 0 ? middle : to);
    }
  };
  divide(graph, null, fixed, 0, limits.k);
  return part;
}
