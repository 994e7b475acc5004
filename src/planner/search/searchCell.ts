import { type Bounds, boundsOf, type FamilyCosts, familyBound } from '../bounds/bounds.ts';
import type { Cell } from '../request/cell.ts';
import type { Candidate, Family, PipelineChoice, StateChoice, WrittenRecompute } from '../space/candidate.ts';
import type { Space } from '../space/space.ts';
import type { Evaluate, Evaluation } from './evaluate.ts';
import { Queue } from './queue.ts';

/** A simulated configuration. */
export interface Found extends Evaluation {
  readonly candidate: Candidate;
}

/** How far a search is. */
export interface Progress {
  readonly cell: Cell;
  readonly considered: number;
  readonly simulated: number;
  /** Step time of the best plan so far. */
  readonly bestSeconds: number | undefined;
  /** How much better than it something that is left could still be: 0.02 is two percent. */
  readonly gap: number | undefined;
  /** Families, pipelines and runs of configurations that are not decided. */
  readonly left: number;
}

export interface SearchOptions {
  /** How many plans are asked for. */
  readonly top: number;
  readonly memoryMarginFraction: number;
  readonly evaluate: Evaluate;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** True where nobody wants to wait any longer. */
  readonly isStopped?: (() => boolean) | undefined;
  /** One plan that fits is enough. */
  readonly firstOnly?: boolean;
  /** Only steps shorter than this, seconds, are looked for. */
  readonly below?: number;
  /** Multiplies every bound: for tests. */
  readonly raise?: number;
}

export interface CellResult {
  readonly cell: Cell;
  readonly considered: number;
  readonly simulated: number;
  /** True where everything that was not simulated is excluded by a bound. */
  readonly proved: boolean;
  /** The fastest that fit, the best first. */
  readonly best: readonly Found[];
  /** The configuration that would be fastest if devices had a little more memory. */
  readonly nearMiss: Found | undefined;
}

/** What is not decided yet, from the coarse to the single configuration. */
type Node =
  | { readonly kind: 'family'; readonly family: Family }
  | { readonly kind: 'pipeline'; readonly family: Family; readonly pipeline: PipelineChoice; readonly bounds: Bounds }
  | {
      readonly kind: 'run';
      readonly candidate: Candidate;
      readonly bounds: Bounds;
      readonly bound: number;
      /** The rest of the run: each takes longer than the one before it. */
      readonly run: readonly WrittenRecompute[];
      readonly at: number;
    };

type Run = Extract<Node, { kind: 'run' }>;

/** Simulated at once: the same however many threads share them, so that plans are. */
const batchSize = 8;

/** Configurations that wait for one that shares their passes. */
const mostWaiting = 64;

/** Milliseconds between looks at whether somebody wants to stop. */
const pauseMilliseconds = 100;

/**
 * The fastest configurations of a cell that fit: best first by what no simulation comes out below, each simulated until
 * nothing that is left could be faster than those found.
 */
export async function searchCell(space: Space, options: SearchOptions): Promise<CellResult> {
  const { cell } = space;
  const { top, evaluate, isStopped, raise = 1, memoryMarginFraction, below = Number.POSITIVE_INFINITY } = options;
  let considered = 0;
  const queue = new Queue<Node>();
  const best: Found[] = [];
  const capacity = cell.base.cluster.instance.accelerator.usableMemoryBytes * (1 - memoryMarginFraction);
  let nearMiss: Found | undefined;
  let simulated = 0;
  let paused = performance.now();

  const threshold = () => (best.length < top ? below : Math.min(below, best[best.length - 1]!.stepTimeSeconds));
  const push = (bound: number, node: Node) => {
    if (bound < threshold()) queue.push(bound, node);
  };
  const pause = async () => {
    if (performance.now() - paused < pauseMilliseconds) return;
    options.onProgress?.(progressOf());
    await new Promise((resolve) => setTimeout(resolve, 0));
    paused = performance.now();
  };
  const progressOf = (): Progress => {
    const bestSeconds = best[0]?.stepTimeSeconds;
    const gap = bestSeconds === undefined ? undefined : Math.max(0, 1 - queue.least / bestSeconds);
    return { cell, considered, simulated, bestSeconds, gap, left: queue.size };
  };
  const keep = (found: Found) => {
    simulated += 1;
    if (!found.fits || found.peakBytes > capacity) {
      if (nearMiss === undefined || found.stepTimeSeconds < nearMiss.stepTimeSeconds) nearMiss = found;
      return;
    }
    const at = best.findIndex(({ stepTimeSeconds }) => found.stepTimeSeconds < stepTimeSeconds);
    best.splice(at < 0 ? best.length : at, 0, found);
    if (best.length > top) best.pop();
  };

  const known: FamilyCosts = new Map();
  const probed = new Set<string>();
  const probe = async () => {
    const found = probes(space, known, memoryMarginFraction, raise);
    const evaluations = await evaluate(cell.index, found);
    evaluations.forEach((evaluation, at) => {
      probed.add(JSON.stringify(found[at]));
      keep({ ...evaluation, candidate: found[at]! });
    });
  };
  if (below === Number.POSITIVE_INFINITY) await probe();
  for (const family of space.families()) {
    considered += space.count(family);
    const bound = boundOfFamily(space, known, family, memoryMarginFraction, raise);
    if (bound !== undefined) push(bound, { kind: 'family', family });
    await pause();
    if (isStopped?.() === true) break;
  }

  // Configurations that share their passes with one of the batch wait for what it teaches.
  let batch: Run[] = [];
  let waiting: Run[] = [];
  const sharesPasses = ({ candidate, bounds }: Run) => {
    const passes = bounds.passesOf(candidate);
    return (
      passes !== undefined && batch.some((one) => one.bounds === bounds && bounds.passesOf(one.candidate) === passes)
    );
  };
  const flush = async () => {
    const evaluations = await evaluate(
      cell.index,
      batch.map(({ candidate }) => candidate),
    );
    evaluations.forEach((evaluation, at) => {
      const { candidate, bounds } = batch[at]!;
      keep({ ...evaluation, candidate });
      bounds.learn(candidate, evaluation.passes);
    });
    for (const one of waiting) push(one.bound, one);
    batch = [];
    waiting = [];
  };
  const expand = (node: Node) => {
    switch (node.kind) {
      case 'family':
        expandFamily(space, node.family, memoryMarginFraction, raise, push);
        return;
      case 'pipeline':
        expandPipeline(space, node, push, threshold());
        return;
      case 'run': {
        const { stepTimeSeconds } = node.bounds.of(node.candidate, true);
        if (stepTimeSeconds > node.bound) push(stepTimeSeconds, { ...node, bound: stepTimeSeconds });
        else if (probed.has(JSON.stringify(node.candidate))) pushNext(node, push, threshold());
        else if (sharesPasses(node)) waiting.push(node);
        else {
          batch.push(node);
          pushNext(node, push, threshold());
        }
      }
    }
  };
  let isDone = false;
  while (!isDone && isStopped?.() !== true) {
    const isExhausted = queue.least >= threshold();
    if (batch.length > 0 && (isExhausted || batch.length === batchSize || waiting.length >= mostWaiting)) {
      await flush();
      if (options.firstOnly === true && best.length > 0) break;
    } else if (isExhausted) {
      isDone = true;
    } else expand(queue.pop()!);
    await pause();
  }
  options.onProgress?.(progressOf());
  return { cell, considered, simulated, proved: isDone, best, nearMiss };
}

/** The way to recompute that takes least time, and the one that keeps least; any way in the space is between them. */
function extremes(runs: readonly (readonly WrittenRecompute[])[]): readonly [WrittenRecompute[], WrittenRecompute[]] {
  const all = runs.flat();
  const named = (mode: WrittenRecompute) => all.filter((one) => one === mode);
  const firsts = runs.map((run) => run[0]!);
  return [named('none').length > 0 ? named('none') : firsts, named('full').length > 0 ? named('full') : all];
}

/** Undefined where the family has no configuration, or none that has room. */
function boundOfFamily(
  space: Space,
  known: FamilyCosts,
  family: Family,
  memoryMarginFraction: number,
  raise: number,
): number | undefined {
  const [pipeline] = space.pipelines(family);
  const states = space.states(family);
  if (pipeline === undefined || states.length === 0) return undefined;
  const runs = space.recomputes(family, pipeline, plainState(family));
  const [fastest, leanest] = extremes(runs);
  const candidate = (recompute: WrittenRecompute, state: StateChoice): Candidate => ({
    family,
    pipeline,
    state,
    recompute,
  });
  const bounds = fastest.map((recompute) =>
    familyBound(space.cell, known, candidate(recompute, plainState(family)), memoryMarginFraction, raise),
  );
  const hasRoom = states.toReversed().some((state) => leanest.some((one) => bounds[0]!.fits(candidate(one, state))));
  return hasRoom ? Math.min(...bounds.map(({ passSeconds }) => passSeconds)) : undefined;
}

/** Passes take no longer than with these states: nothing is gathered or copied. */
function plainState({ data }: Family): StateChoice {
  return { zeroStage: 0, shardingDegree: data, offload: undefined };
}

function expandFamily(
  space: Space,
  family: Family,
  memoryMarginFraction: number,
  raise: number,
  push: (bound: number, node: Node) => void,
): void {
  const state = plainState(family);
  for (const pipeline of space.pipelines(family)) {
    const [fastest] = extremes(space.recomputes(family, pipeline, state));
    const candidates = fastest.map((recompute): Candidate => ({ family, pipeline, state, recompute }));
    if (candidates.length === 0) continue;
    const bounds = boundsOf(space.cell, candidates[0]!, memoryMarginFraction, raise);
    const least = Math.min(...candidates.map((candidate) => bounds.passSeconds(candidate)));
    push(least, { kind: 'pipeline', family, pipeline, bounds });
  }
}

function expandPipeline(
  space: Space,
  { family, pipeline, bounds }: Extract<Node, { kind: 'pipeline' }>,
  push: (bound: number, node: Node) => void,
  threshold: number,
): void {
  for (const state of space.states(family)) {
    for (const run of space.recomputes(family, pipeline, state)) {
      pushFrom({ family, pipeline, state }, run, 0, bounds, push, threshold);
    }
  }
}

function pushNext(
  { candidate, bounds, run, at }: Run,
  push: (bound: number, node: Node) => void,
  threshold: number,
): void {
  pushFrom(candidate, run, at + 1, bounds, push, threshold);
}

/** The first of the rest of a run that may fit: those before it are excluded, those behind it take longer. */
function pushFrom(
  {
    family,
    pipeline,
    state,
  }: { readonly family: Family; readonly pipeline: PipelineChoice; readonly state: StateChoice },
  run: readonly WrittenRecompute[],
  from: number,
  bounds: Bounds,
  push: (bound: number, node: Node) => void,
  threshold: number,
): void {
  for (let at = from; at < run.length; at++) {
    const candidate: Candidate = { family, pipeline, state, recompute: run[at]! };
    if (bounds.passSeconds(candidate) >= threshold) return;
    const { stepTimeSeconds, mayFit } = bounds.of(candidate);
    if (!mayFit) continue;
    push(stepTimeSeconds, { kind: 'run', candidate, bounds, bound: stepTimeSeconds, run, at });
    return;
  }
}

/** Families that are tried before anything is bounded, so that what is much slower is never queued. */
const mostProbes = 24;

/**
 * Configurations that are likely to be good: small microbatches, tensor ranks inside an instance, pipelines that have
 * microbatches enough. Of the families with most tensor ranks and the least bounds each gives the one with the least
 * bound.
 */
function probes(space: Space, known: FamilyCosts, memoryMarginFraction: number, raise: number): readonly Candidate[] {
  const { ranks } = space.cell.base.cluster.instance;
  const likely: { readonly family: Family; readonly bound: number }[] = [];
  const smallest = new Map<string, number>();
  for (const family of space.families()) {
    const { tensor, context, pipeline, microbatches, microBatchSize } = family;
    if (context > 1 || tensor > ranks || microbatches < pipeline) continue;
    const key = `${tensor} ${pipeline}`;
    const least = smallest.get(key) ?? microBatchSize;
    smallest.set(key, least);
    if (microBatchSize > 2 * least) continue;
    const bound = boundOfFamily(space, known, family, memoryMarginFraction, raise);
    if (bound !== undefined) likely.push({ family, bound });
  }
  return likely
    .toSorted((a, b) => b.family.tensor - a.family.tensor || a.bound - b.bound)
    .slice(0, mostProbes)
    .flatMap(({ family }) => leastOf(space, family, memoryMarginFraction, raise));
}

/** The configuration of a family with the least bound, if one may fit. */
function leastOf(space: Space, family: Family, memoryMarginFraction: number, raise: number): readonly Candidate[] {
  const queue = new Queue<Node>();
  const push = (bound: number, node: Node) => queue.push(bound, node);
  expandFamily(space, family, memoryMarginFraction, raise, push);
  for (;;) {
    const node = queue.pop();
    if (node === undefined || node.kind === 'family') return [];
    // What goes to the host is bounded loosely.
    if (node.kind === 'run' && node.candidate.state.offload === undefined) return [node.candidate];
    if (node.kind === 'run') continue;
    expandPipeline(space, node, push, Number.POSITIVE_INFINITY);
  }
}
