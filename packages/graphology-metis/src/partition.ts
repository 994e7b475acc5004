import { reduceConnectivity } from './core/connectivity.ts';
import { findPieces, piecesPerPart } from './core/contiguous.ts';
import { contract } from './core/contract.ts';
import { EXACT_VERTICES, searchExactly } from './core/exact.ts';
import { edgeCut, type FlatGraph, totalWeights } from './core/flat-graph.ts';
import { createContext, type KwayContext, partitionKway, partitionRecursively } from './core/kway.ts';
import { createState } from './core/kway-state.ts';
import { createLimits, type Limits, totalExcess } from './core/limits.ts';
import { balance, communicationVolume, partWeights } from './core/metrics.ts';
import { EFFORTS, type Effort } from './core/quality.ts';
import { createRng, type Rng } from './core/random.ts';
import { refineVolume } from './core/volume.ts';
import { type CsrGraph, flatGraphFrom } from './csr.ts';
import { fault } from './errors.ts';
import { type PartitionOptions, resolveSettings, type Settings } from './settings.ts';
import { mergeGroups, ties } from './ties.ts';
import { infeasibleWarnings, wishWarnings } from './warnings.ts';

/** Options of `partitionCsr`. */
export interface CsrPartitionOptions extends PartitionOptions {
  /** Part that each node must be in, -1 where any will do. */
  readonly fixed?: ArrayLike<number> | undefined;
  /** Groups of nodes that must share a part. */
  readonly together?: readonly (readonly number[])[] | undefined;
}

/** A partition of flat arrays and what it is worth. */
export interface CsrPartition {
  /** Part of each node. */
  readonly parts: Int32Array;
  /** Weight of the edges between parts. */
  readonly cut: number;
  /** Sum over nodes of their size times the number of other parts they have neighbours in. */
  readonly communicationVolume: number;
  /** Weight of part `p` in constraint `c`, at `p * ncon + c`. */
  readonly partWeights: Float64Array;
  /** What it was allowed to be. */
  readonly limits: Float64Array;
  /** For each constraint, by how much the worst part weighs over its share, as a fraction. */
  readonly imbalance: number[];
  /** Number of connected pieces of each part. */
  readonly components: number[];
  /** Whether every wish that limits was met: no part over its limit, none empty or in pieces against the options. */
  readonly feasible: boolean;
  /** What could not be, in sentences. */
  readonly warnings: string[];
}

/** A graph to be partitioned, with everything that binds. */
interface Problem {
  readonly graph: FlatGraph;
  readonly sizes: Float64Array | null;
  readonly fixed: Int32Array | null;
  readonly limits: Limits;
  readonly settings: Settings;
}

interface Candidate {
  readonly part: Int32Array;
  readonly empty: number;
  readonly fragments: number;
  readonly excess: number;
  readonly cost: number;
}

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.empty !== b.empty) return a.empty < b.empty;
  if (a.fragments !== b.fragments) return a.fragments < b.fragments;
  const slack = 1e-12;
  if (a.excess < b.excess - slack) return true;
  return a.excess <= b.excess + slack && a.cost < b.cost;
}

function fragmentsOf(graph: FlatGraph, part: Int32Array, k: number): number {
  return piecesPerPart(graph, part, k).reduce((sum, count) => sum + Math.max(0, count - 1), 0);
}

function emptyParts(part: Int32Array, k: number): number {
  const used = new Uint8Array(k);
  for (const p of part) used[p] = 1;
  return k - used.reduce((sum, flag) => sum + flag, 0);
}

function judge(problem: Problem, part: Int32Array): Candidate {
  const { graph, sizes, limits, settings } = problem;
  const { k } = limits;
  return {
    part,
    empty: emptyParts(part, k),
    fragments: settings.contiguous ? fragmentsOf(graph, part, k) : 0,
    excess: totalExcess(limits, partWeights(graph, part, k)),
    cost: settings.objective === 'cut' ? edgeCut(graph, part) : communicationVolume(graph, part, k, sizes),
  };
}

/**
 * The edge weights to coarsen and cut by when the communication volume counts: the sizes of both ends.
 *
 * @source METIS 5.2.1, libmetis/coarsen.c
 */
function weighBySizes(graph: FlatGraph, sizes: Float64Array | null): FlatGraph {
  if (sizes === null) return { ...graph, adjwgt: new Float64Array(graph.adjncy.length).fill(1) };
  const { n, xadj, adjncy } = graph;
  const mean = sizes.reduce((sum, size) => sum + size, 0) / n || 1;
  const adjwgt = new Float64Array(adjncy.length);
  for (let v = 0; v < n; v++)
    for (let e = xadj[v]; e < xadj[v + 1]; e++) adjwgt[e] = mean + sizes[v] + sizes[adjncy[e]];
  return { ...graph, adjwgt };
}

/** Tiny graphs are cheap to try often. */
function effortFor(settings: Settings, n: number): Effort {
  const effort = EFFORTS[settings.quality];
  if (n > 400 || settings.quality === 'fast') return effort;
  return { ...effort, population: Math.max(8, effort.population), children: Math.max(4, effort.children) };
}

function refineWishes(problem: Problem, context: KwayContext, part: Int32Array): void {
  const { graph, sizes, fixed, limits, settings } = problem;
  if (settings.objective === 'cut' && !settings.minimizeConnectivity) return;
  const state = createState(graph, limits, fixed, part, context.work, null, settings.contiguous);
  if (settings.objective === 'volume') {
    refineVolume(state, sizes ?? new Float64Array(graph.n).fill(1), settings.passes, context.rng);
  }
  if (settings.minimizeConnectivity) reduceConnectivity(state);
}

function runOnce(problem: Problem, rng: Rng): Int32Array {
  const { graph, sizes, fixed, limits, settings } = problem;
  const weighed = settings.objective === 'volume' ? weighBySizes(graph, sizes) : graph;
  const effort = effortFor(settings, graph.n);
  const context = createContext(
    weighed,
    limits,
    { effort, passes: settings.passes, contiguous: settings.contiguous },
    rng,
  );
  const level = { graph: weighed, fixed, classes: null };
  const solve = settings.method === 'kway' ? partitionKway : partitionRecursively;
  const { part } = solve(context, level);
  refineWishes(problem, context, part);
  return part;
}

/** Every node alone, when there are as many parts as nodes or more; heavy nodes to the parts that should be heavy. */
function eachAlone(problem: Problem): Int32Array {
  const { graph, fixed, limits } = problem;
  const { ncon, vwgt } = graph;
  const weigh = (values: Float64Array, i: number, scale: (c: number) => number): number => {
    let sum = 0;
    for (let c = 0; c < ncon; c++) sum += values[i * ncon + c] * scale(c);
    return sum;
  };
  const part = fixed === null ? new Int32Array(graph.n).fill(-1) : fixed.slice();
  const used = new Set(part);
  const free = Array.from({ length: limits.k }, (_, p) => p).filter((p) => !used.has(p));
  free.sort((p, q) => weigh(limits.share, q, () => 1) - weigh(limits.share, p, () => 1) || p - q);
  const waiting = Array.from({ length: graph.n }, (_, v) => v).filter((v) => part[v] < 0);
  waiting.sort((u, v) => weigh(vwgt, v, (c) => limits.scale[c]) - weigh(vwgt, u, (c) => limits.scale[c]) || u - v);
  waiting.forEach((v, i) => {
    part[v] = free[i];
  });
  // As long as the wishes are equal, node and part numbers may as well agree.
  if (fixed === null && limits.share.every((share) => share === limits.share[0])) return part.map((_, v) => v);
  return part;
}

function beatExactly(problem: Problem, best: Candidate): Candidate {
  const { graph, sizes, fixed, limits, settings } = problem;
  if (graph.n > EXACT_VERTICES || settings.quality === 'fast') return best;
  const start = best.empty + best.fragments > 0 ? { excess: Infinity, cost: Infinity } : best;
  const part = searchExactly(graph, limits, fixed, start, {
    isCut: settings.objective === 'cut',
    cost: (full, cut) => {
      if (settings.contiguous && findPieces(graph, full).count > limits.k) return Infinity;
      return settings.objective === 'cut' ? cut : communicationVolume(graph, full, limits.k, sizes);
    },
  });
  if (part === null) return best;
  const found = judge(problem, part);
  return isBetter(found, best) ? found : best;
}

function solveProblem(problem: Problem): Int32Array {
  const { graph, limits, settings } = problem;
  if (limits.k === 1 || graph.n === 0) return new Int32Array(graph.n);
  if (graph.n <= limits.k) return eachAlone(problem);
  const next = (): Rng => createRng(Math.floor(settings.rng() * 4294967296));
  const first = runOnce(problem, next());
  if (settings.runs === 1 && graph.n > EXACT_VERTICES) return first;
  let best = judge(problem, first);
  for (let r = 1; r < settings.runs; r++) {
    const other = judge(problem, runOnce(problem, next()));
    if (isBetter(other, best)) best = other;
  }
  return (settings.minimizeConnectivity ? best : beatExactly(problem, best)).part;
}

/** Partitions a graph known to be sound; the inside of `partitionCsr` and of the Graph interface. */
export function partitionFlat(
  graph: FlatGraph,
  sizes: Float64Array | null,
  options: CsrPartitionOptions,
  settings: Settings,
): CsrPartition {
  const { n, ncon } = graph;
  const k = settings.parts;
  const groups = mergeGroups(n, options.together ?? []);
  const fixed = ties(n, k, options.fixed, groups);
  const merged = groups === null ? graph : contract(graph, groups.coarse, groups.count);
  const limits = createLimits(merged.vwgt, totalWeights(merged), settings.share, settings.imbalance);
  const mergedSizes = groups === null || sizes === null ? sizes : groups.sum(sizes);
  const solution = solveProblem({ graph: merged, sizes: mergedSizes, fixed, limits, settings });
  const parts = groups === null ? solution : groups.coarse.map((c) => solution[c]);
  const weights = partWeights(graph, parts, k);
  const components = piecesPerPart(graph, parts, k);
  const excess = totalExcess(limits, weights);
  const empty = emptyParts(parts, k);
  const broken = settings.contiguous && components.some((count) => count > 1);
  return {
    parts,
    cut: edgeCut(graph, parts),
    communicationVolume: communicationVolume(graph, parts, k, sizes),
    partWeights: weights,
    limits: limits.allowed,
    imbalance: balance(weights, settings.share, ncon).map((ratio) => ratio - 1),
    components,
    feasible: excess === 0 && !broken && (empty === 0 || merged.n < k),
    warnings: [
      ...wishWarnings(merged, limits, settings, fixed),
      ...infeasibleWarnings(merged, limits, weights, { empty, broken, connected: !broken || isConnected(graph) }),
    ],
  };
}

function isConnected(graph: FlatGraph): boolean {
  return findPieces(graph, new Int32Array(graph.n)).count <= 1;
}

/**
 * Partitions a graph given as flat arrays.
 *
 * @throws Error when the arrays do not make a graph or an option is wrong
 */
export function partitionCsr(csr: CsrGraph, options: CsrPartitionOptions): CsrPartition {
  const { graph, sizes } = flatGraphFrom(csr);
  const settings = resolveSettings(options, graph.ncon);
  if (options.fixed !== undefined && options.fixed.length !== graph.n) {
    throw fault(`\`fixed\` option should have one entry for each of the ${graph.n} nodes.`);
  }
  return partitionFlat(graph, sizes, options, settings);
}
