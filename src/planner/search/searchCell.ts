import { type Bounds, boundsOf, type FamilyCosts, familyBound } from '../bounds/bounds.ts';
import type { Cell } from '../request/request.ts';
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
  const { top, evaluate, isStopped, raise = 1, memoryMarginFraction } = options;
  let considered = 0;
  const queue = new Queue<Node>();
  const best: Found[] = [];
  const capacity = cell.base.cluster.instance.accelerator.usableMemoryBytes * (1 - memoryMarginFraction);
  let nearMiss: Found | undefined;
  let simulated = 0;
  let paused = performance.now();

  const threshold = () => (best.length < top ? Number.POSITIVE_INFINITY : best[best.length - 1]!.stepTimeSeconds);
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
  for (const family of space.families()) {
    considered += space.count(family);
    const bound = boundOfFamily(space, known, family, memoryMarginFraction, raise);
    if (bound !== undefined) queue.push(bound, { kind: 'family', family });
    await pause();
    if (isStopped?.() === true) break;
  }

  // Configurations that share their passes with one of the batch wait for what it teaches.
  let batch: Run[] = [];
  let waiting: Run[] = [];
  const sharesPasses = ({ candidate, bounds }: Run) => {
    const passes = bounds.passesOf(candidate);
    return passes !== undefined && batch.some((one) => one.bounds === bounds && bounds.passesOf(one.candidate) === passes);
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
  while (isStopped?.() !== true && queue.least < threshold()) {
    const node = queue.pop();
    if (node === undefined) break;
    switch (node.kind) {
      case 'family':
        expandFamily(space, node.family, memoryMarginFraction, raise, push);
        break;
      case 'pipeline':
        expandPipeline(space, node, push);
        break;
      case 'run': {
        const { stepTimeSeconds } = node.bounds.of(node.candidate);
        if (stepTimeSeconds > node.bound) push(stepTimeSeconds, { ...node, bound: stepTimeSeconds });
        else if (sharesPasses(node)) waiting.push(node);
        else {
          batch.push(node);
          pushNext(node, push);
        }
      }
    }
    if (batch.length === batchSize || waiting.length >= mostWaiting || (batch.length > 0 && queue.size === 0)) await flush();
    if (options.firstOnly === true && best.length > 0) break;
    await pause();
  }
  if (batch.length > 0 && isStopped?.() !== true) await flush();
  const proved = isStopped?.() !== true && options.firstOnly !== true;
  options.onProgress?.(progressOf());
  return { cell, considered, simulated, proved, best, nearMiss };
}

/** The way to recompute that takes least time, and the one that keeps least; any way in the space is between them. */
function extremes(runs: readonly (readonly WrittenRecompute[])[]): readonly [WrittenRecompute[], WrittenRecompute[]] {
  const all = runs.flat();
  const named = (mode: WrittenRecompute) => all.filter((one) => one === mode);
  const firsts = runs.map((run) => run[0]!);
  return [
    named('none').length > 0 ? named('none') : firsts,
    named('full').length > 0 ? named('full') : all,
  ];
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
  const candidate = (recompute: WrittenRecompute, state: StateChoice): Candidate => ({ family, pipeline, state, recompute });
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
): void {
  for (const state of space.states(family)) {
    for (const run of space.recomputes(family, pipeline, state)) {
      pushFrom({ family, pipeline, state }, run, 0, bounds, push);
    }
  }
}

function pushNext(
  { candidate, bounds, run, at }: Run,
  push: (bound: number, node: Node) => void,
): void {
  pushFrom(candidate, run, at + 1, bounds, push);
}

/** The first of the rest of a run that may fit: those before it are excluded, those behind it take longer. */
function pushFrom(
  { family, pipeline, state }: { readonly family: Family; readonly pipeline: PipelineChoice; readonly state: StateChoice },
  run: readonly WrittenRecompute[],
  from: number,
  bounds: Bounds,
  push: (bound: number, node: Node) => void,
): void {
  for (let at = from; at < run.length; at++) {
    const candidate: Candidate = { family, pipeline, state, recompute: run[at]! };
    const { stepTimeSeconds, mayFit } = bounds.of(candidate);
    if (!mayFit) continue;
    push(stepTimeSeconds, { kind: 'run', candidate, bounds, bound: stepTimeSeconds, run, at });
    return;
  }
}
