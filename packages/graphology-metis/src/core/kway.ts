import { bisectRecursively } from './bisect.ts';
import { coarsenOnce, heaviestVertex, type Level } from './coarsen.ts';
import { makeContiguous } from './contiguous.ts';
import { fillEmptyParts } from './fill-empty.ts';
import type { FlatGraph } from './flat-graph.ts';
import { refineByFlow } from './flow-refine.ts';
import { type FmEffort, refineKway } from './kway-fm.ts';
import { borderFlags, createState, createWorkspace, type Workspace } from './kway-state.ts';
import { type Limits, relaxLimits, totalExcess } from './limits.ts';
import { needsPairs, refinePairs } from './pairs.ts';
import type { Effort } from './quality.ts';
import type { Rng } from './random.ts';
import { rebalance } from './rebalance.ts';

/** On coarse graphs parts may be over their wish by so many average vertices. */
const RELAX = 2;

/** A partition of one level, with its score: over the limits by less is better, then a smaller cut. */
export interface Solved {
  readonly part: Int32Array;
  /** Vertices that touch the cut. */
  readonly near: Uint8Array;
  readonly cut: number;
  readonly excess: number;
  /** Pieces more than parts, when parts shall be contiguous. */
  readonly fragments: number;
}

/** What all levels share. */
export interface KwayContext {
  readonly limits: Limits;
  readonly effort: Effort;
  /** Most rounds of any search. */
  readonly passes: number;
  readonly contiguous: boolean;
  readonly work: Workspace;
  readonly rng: Rng;
  /** Number of vertices of the finest level. */
  readonly finest: number;
  /** Size at which coarsening ends, and the weight that no coarse vertex may pass. */
  readonly coarsest: number;
  readonly heaviest: Float64Array;
  /** Ticks of the workspace's clock after which nothing is begun that can be left out. */
  readonly budget: number;
}

export function createContext(
  graph: FlatGraph,
  limits: Limits,
  options: { readonly effort: Effort; readonly passes: number; readonly contiguous: boolean },
  rng: Rng,
): KwayContext {
  const coarsest = Math.max(options.effort.perPart * limits.k, options.effort.least);
  const work = createWorkspace(graph.n, graph.xadj[graph.n]);
  return {
    ...options,
    limits,
    work,
    rng,
    finest: graph.n,
    coarsest,
    heaviest: heaviestVertex(graph, coarsest),
    budget: 10e6 + 10 * graph.adjncy.length,
  };
}

function hasTime(context: KwayContext): boolean {
  return context.work.clock.ticks < context.budget;
}

/** Whether `a` is better than `b`. */
export function isBetterSolved(a: Solved, b: Solved): boolean {
  if (a.fragments !== b.fragments) return a.fragments < b.fragments;
  const slack = 1e-12;
  if (a.excess < b.excess - slack) return true;
  return a.excess <= b.excess + slack && a.cut < b.cut;
}

/** Improves a partition of one level without changing the level. */
export function refineLevel(context: KwayContext, level: Level, part: Int32Array, near: Uint8Array | null): Solved {
  const { effort, passes, contiguous, work, rng } = context;
  const { graph, fixed } = level;
  const isFinest = graph.n === context.finest;
  const limits = isFinest ? context.limits : relaxLimits(context.limits, graph.n, RELAX);
  const state = createState(graph, limits, fixed, part, work, near, contiguous);
  fillEmptyParts(state);
  let fragments = contiguous ? makeContiguous(state) : 0;
  rebalance(state);
  const fm: FmEffort = graph.n <= effort.small ? effort.coarseFm : effort.fineFm;
  refineKway(state, { ...fm, rounds: Math.min(fm.rounds, passes) }, rng);
  if (!contiguous && passes > 0) {
    if (isFinest && needsPairs(state)) refinePairs(state);
    if (effort.flowReach > 0) refineByFlow(state, effort.flowReach, rng);
  }
  if (fragments > 0) fragments = makeContiguous(state);
  return { part, near: borderFlags(state), cut: state.cut, excess: totalExcess(limits, state.loads), fragments };
}

function firstPartition(context: KwayContext, level: Level): Solved {
  const { limits, effort, rng } = context;
  const once = (): Solved => {
    const part = bisectRecursively(level.graph, limits, level.fixed, effort.bisect, rng);
    return refineLevel(context, level, part, null);
  };
  let best = once();
  for (let t = 1; t < effort.initialTries; t++) {
    const other = once();
    if (isBetterSolved(other, best)) best = other;
  }
  return best;
}

/** Brings a coarse partition to the finer level and improves it there. */
function refineFiner(context: KwayContext, level: Level, coarse: Int32Array, below: Solved): Solved {
  const { n } = level.graph;
  const part = new Int32Array(n);
  const near = new Uint8Array(n);
  for (let v = 0; v < n; v++) {
    part[v] = below.part[coarse[v]];
    near[v] = below.near[coarse[v]];
  }
  return refineLevel(context, level, part, near);
}

/** One way down and up. */
function descend(context: KwayContext, level: Level, breed: boolean): Solved {
  const { coarsest, effort, heaviest, rng } = context;
  if (breed && level.graph.n <= effort.small) return evolve(context, level);
  if (level.graph.n > coarsest) {
    const step = coarsenOnce(level, heaviest, rng);
    if (step !== null) return refineFiner(context, level, step.coarse, descend(context, step.level, breed));
  }
  return firstPartition(context, level);
}

/**
 * A V-cycle: coarsens without merging vertices of different classes, takes the given partition to the coarsest graph,
 * and refines it on the way back. Never worse than what it is given.
 *
 * @param classes vertices of one class are all in one part
 */
function cycle(context: KwayContext, level: Level, parent: Solved, classes: Int32Array): Solved {
  const down = (at: Level, part: Int32Array): Solved => {
    const step = at.graph.n > context.coarsest ? coarsenOnce(at, context.heaviest, context.rng) : null;
    if (step === null) return refineLevel(context, at, part, null);
    const coarsePart = new Int32Array(step.level.graph.n);
    for (let v = 0; v < part.length; v++) coarsePart[step.coarse[v]] = part[v];
    return refineFiner(context, at, step.coarse, down(step.level, coarsePart));
  };
  const child = down({ ...level, classes }, parent.part.slice());
  return isBetterSolved(child, parent) ? child : parent;
}

/**
 * A small population of partitions of one graph, and children of two parents: the vertices merge only where neither
 * parent cuts, so that a child can take from each what it does better.
 *
 * @source Peter Sanders, Christian Schulz, "Distributed evolutionary graph partitioning", ALENEX 2012
 */
function evolve(context: KwayContext, level: Level): Solved {
  const { effort, limits, rng } = context;
  const people: Solved[] = [];
  for (let i = 0; i < effort.population && (i === 0 || hasTime(context)); i++) {
    people.push(descend(context, level, false));
  }
  const rank = (): void => void people.sort((a, b) => (isBetterSolved(a, b) ? -1 : isBetterSolved(b, a) ? 1 : 0));
  rank();
  for (let i = 0; i < effort.children && people.length > 1 && hasTime(context); i++) {
    // The better of two chosen at random, and another.
    const a = Math.min((rng() * people.length) | 0, (rng() * people.length) | 0);
    const b = (a + 1 + ((rng() * (people.length - 1)) | 0)) % people.length;
    const [mother, father] = a < b ? [people[a], people[b]] : [people[b], people[a]];
    const classes = mother.part.map((p, v) => p * limits.k + father.part[v]);
    people[people.length - 1] = cycle(context, level, mother, classes);
    rank();
  }
  return people[0];
}

/** A k-way partition by the multilevel method. */
export function partitionKway(context: KwayContext, level: Level): Solved {
  let best = descend(context, level, true);
  for (let i = 0; i < context.effort.cycles && hasTime(context); i++) best = cycle(context, level, best, best.part);
  return best;
}

/** A k-way partition by recursive bisection of the whole graph, refined at the end. */
export function partitionRecursively(context: KwayContext, level: Level): Solved {
  const { effort, passes, limits, rng } = context;
  const bisectEffort = { ...effort.bisect, passes: Math.min(passes, effort.bisect.passes) };
  const part = bisectRecursively(level.graph, limits, level.fixed, bisectEffort, rng);
  return refineLevel(context, level, part, null);
}
