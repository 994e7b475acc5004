import { collectiveSeconds, groupOf } from '../hardware/collectives/index.ts';
import type { Job } from '../job/job.ts';
import type { RankLayout } from '../partition/placement.ts';
import { deviceOf } from '../pipeline/placement.ts';
import type { PipelinePlan } from '../pipeline/plan.ts';
import type { PipelineTimeline } from '../pipeline/run.ts';
import { gradientBytes } from '../stack/precision.ts';
import { type EndOfStep, endOfStep, mirroredBytes, pairReductionSeconds, type Reduction } from './endOfStep.ts';
import type { LastPass } from './passes.ts';
import { deviceParameters, type StageProfile } from './stageProfile.ts';

/** A whole step: what every device does after its pipeline tasks, and how long all of it takes. */
export interface FinishedStep {
  readonly stepTimeSeconds: number;
  /** The device whose share of the step takes longest; where steps overlap and all take equally long, the busiest. */
  readonly criticalDevice: number;
  readonly ends: readonly EndOfStep[];
  /** When the last passes of every device ran that add to its gradients. */
  readonly lastPasses: readonly (readonly LastPass[])[];
  /** From the beginning of a device's share of the step to that of its share of the next, host time left out. */
  readonly spans: readonly number[];
  /** When a device's share of the step begins: 0 where a barrier ends the step before. */
  readonly beginsAt: readonly number[];
  /** When all devices know the norm of all gradients; 0 where nobody waits for it. */
  readonly barrier: number;
  readonly hostSeconds: number;
}

/** When a device's optimizer starts: once its gradients are averaged and, where all wait for it, their norm is known. */
export function optimizerStart(step: FinishedStep, device: number): number {
  return Math.max(step.barrier, step.ends[device]!.reducedAt);
}

/** How far, relative to a step, the shares of two devices differ at most that take equally long. */
export const SETTLED = 1e-9;

/** Bytes of a gradient norm. */
const normBytes = 4;

/**
 * Ends a step: gradients are averaged, their norm is known everywhere, optimizers step and parameters are gathered.
 * Schedules that split the backward pass step optimistically and check afterwards (arXiv 2401.10241 section 4), so that
 * no device waits for the slowest one: its next step begins when its own work is done.
 * @param lastPasses of the timeline
 * @param begins when each device's share of the step begins, where steps overlap
 */
export function finishStep(
  job: Job,
  layout: RankLayout,
  timeline: PipelineTimeline,
  lastPasses: readonly (readonly LastPass[])[],
  stages: readonly StageProfile[],
  begins: Float64Array,
): FinishedStep {
  const { plan } = timeline;
  const endOf = endOfStep(job, layout);
  const ends = lastPasses.map((last) =>
    endOf(last.map(({ stage, start, end }) => ({ start, end, stage: stages[stage]! }))),
  );
  if (plan.placement === 'dual') averageMirrored(job, layout, ends, stages);
  else averageTied(job, layout, plan, ends, stages);
  const hostSeconds = job.stack.hostSecondsPerStep;
  if (stepsOptimistically(plan)) {
    const spans = ends.map((end, device) => end.reducedAt - begins[device]! + end.optimizer + end.gather);
    const longest = Math.max(...spans);
    const busyAndLongest = spans.map((span, device) =>
      longest - span > SETTLED * longest ? 0 : timeline.busy[device]!,
    );
    const criticalDevice = indexOfLargest(busyAndLongest);
    return {
      stepTimeSeconds: spans[criticalDevice]! + hostSeconds,
      criticalDevice,
      ends,
      lastPasses,
      spans,
      beginsAt: [...begins],
      barrier: 0,
      hostSeconds,
    };
  }
  const barrier = Math.max(...ends.map((end) => end.reducedAt)) + normSeconds(job, layout);
  const tails = ends.map((end) => end.optimizer + end.gather);
  const criticalDevice = indexOfLargest(tails);
  return {
    stepTimeSeconds: barrier + tails[criticalDevice]! + hostSeconds,
    criticalDevice,
    ends,
    lastPasses,
    spans: new Array(ends.length).fill(barrier + tails[criticalDevice]!),
    beginsAt: new Array(ends.length).fill(0),
    barrier,
    hostSeconds,
  };
}

/** Until all devices know the norm of all gradients, once those of each are averaged. */
export function normSeconds({ cluster, parallelism }: Job, layout: RankLayout): number {
  const { pipeline, tensor } = parallelism.degrees;
  const stride = Math.min(layout.pipeline, layout.tensor);
  const everyone = groupOf(cluster.instance, pipeline * tensor, stride, cluster.devices);
  return collectiveSeconds('all-reduce', normBytes, everyone);
}

/** Bytes of the gradients that both ends of a model with tied embeddings have a part of. */
export function tiedBytes(job: Job, tiedParameters: number): number {
  return tiedParameters * gradientBytes(job.stack.gradientReduceDtype);
}

/**
 * Two pipeline ranks average what they both hold once both are done with the rest; where steps are optimistic neither
 * waits for the other (waiting would bring the bubble back that such schedules are made to avoid).
 */
function averagePair(
  ends: EndOfStep[],
  [one, other]: readonly [number, number],
  of: Reduction['of'],
  seconds: number,
  bytes: number,
  waits = true,
): void {
  const together = Math.max(ends[one]!.reducedAt, ends[other]!.reducedAt);
  for (const device of [one, other]) {
    const { reductions, reducedAt: own, optimizer, gather, gatherBytes } = ends[device]!;
    const start = waits ? together : own;
    const reducedAt = start + seconds;
    const all = [...reductions, { of, start, end: reducedAt, bytes }];
    ends[device] = { reductions: all, reducedAt, optimizer, gather, gatherBytes };
  }
}

/** The embedding of the first stage and the head of the last are one tensor, on two devices unless the pipeline turns back. */
function averageTied(
  job: Job,
  layout: RankLayout,
  plan: PipelinePlan,
  ends: EndOfStep[],
  stages: readonly StageProfile[],
): void {
  const embedding = stages.findIndex(({ holdsEmbedding }) => holdsEmbedding);
  const head = stages.findLastIndex(({ holdsHead }) => holdsHead);
  if (embedding < 0 || head < 0) return;
  const first = deviceOf(plan.placement, ends.length, embedding);
  const last = deviceOf(plan.placement, ends.length, head);
  if (first === last) return;
  const bytes = tiedBytes(job, stages[head]!.tiedParameters);
  const seconds = pairReductionSeconds(job, layout, Math.abs(last - first), bytes);
  averagePair(ends, [first, last], 'gradients of tied embeddings', seconds, bytes, !stepsOptimistically(plan));
}

/** Every stage is on two devices, each of which has seen half of the microbatches. */
function averageMirrored(job: Job, layout: RankLayout, ends: EndOfStep[], stages: readonly StageProfile[]): void {
  for (let device = 0; 2 * device + 1 < ends.length; device++) {
    const mirror = ends.length - 1 - device;
    const bytes = mirroredBytes(job, deviceParameters([stages[device]!, stages[mirror]!]));
    const seconds = pairReductionSeconds(job, layout, mirror - device, bytes);
    averagePair(ends, [device, mirror], 'gradients of both directions', seconds, bytes);
  }
}

/** Whether devices begin their next step without waiting for all; DualPipe (arXiv 2412.19437) splits the backward pass and waits. */
export function stepsOptimistically({ splitsBackward, fusedClasses }: PipelinePlan): boolean {
  return splitsBackward && fusedClasses.length === 0;
}

function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);
}
