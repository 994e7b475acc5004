import type { Cell } from '../request/cell.ts';
import type { Candidate } from '../space/candidate.ts';
import type { Space } from '../space/space.ts';
import type { Evaluate, Evaluation } from './evaluate.ts';
import { expander, type Node, type OneNode, type Push } from './expand.ts';
import { probes } from './probes.ts';
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
  const push: Push = (bound, node) => {
    if (bound < threshold()) queue.push(bound, node);
  };
  const isPauseDue = () => performance.now() - paused >= pauseMilliseconds;
  const pause = async () => {
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

  const bounded = expander(space, memoryMarginFraction, raise);
  const probed = new Set<string>();
  if (below === Number.POSITIVE_INFINITY) {
    const likely = probes(space, bounded, threshold);
    for (;;) {
      const found = take(likely, batchSize);
      if (found.length === 0) break;
      const evaluations = await evaluate(cell.index, found);
      evaluations.forEach((evaluation, at) => {
        probed.add(JSON.stringify(found[at]));
        keep({ ...evaluation, candidate: found[at]! });
      });
    }
  }
  for (const family of space.families()) {
    considered += space.count(family);
    const seconds = bounded.seconds(family);
    if (seconds !== undefined && seconds < threshold() && bounded.mayFit(family)) {
      push(seconds, { kind: 'family', family });
    }
    if (isPauseDue()) await pause();
    if (isStopped?.() === true) break;
  }

  // Configurations that share their passes with one of the batch wait for what it teaches.
  let batch: OneNode[] = [];
  let waiting: OneNode[] = [];
  const sharesPasses = ({ candidate, bounds }: OneNode) => {
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
        for (const pipeline of bounded.pipelines(node.family)) push(pipeline.seconds, pipeline);
        return;
      case 'pipeline':
        bounded.configurations(node, push, threshold());
        return;
      case 'run':
        // Those behind it may be faster: they copy less to the host.
        bounded.next(node, push, threshold());
        settle({ kind: 'one', candidate: node.candidate, bounds: node.bounds, bound: node.bound });
        return;
      case 'one':
        settle(node);
    }
  };
  const settle = (node: OneNode) => {
    const { stepTimeSeconds } = node.bounds.of(node.candidate, true);
    if (stepTimeSeconds > node.bound) push(stepTimeSeconds, { ...node, bound: stepTimeSeconds });
    else if (probed.has(JSON.stringify(node.candidate))) return;
    else if (sharesPasses(node)) waiting.push(node);
    else batch.push(node);
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
    if (isPauseDue()) await pause();
  }
  options.onProgress?.(progressOf());
  return { cell, considered, simulated, proved: isDone, best, nearMiss };
}

/** The next of a list, so many at most. */
function take<T>(list: Iterator<T>, most: number): readonly T[] {
  const taken: T[] = [];
  while (taken.length < most) {
    const { done, value } = list.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}
