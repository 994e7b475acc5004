import { collectiveSeconds, groupOf } from '../hardware/collectives/index.ts';
import type { Job } from '../job/job.ts';
import type { RankLayout } from '../partition/placement.ts';
import type { PipelineTimeline } from '../pipeline/run.ts';
import { BACKWARD, WEIGHT } from '../pipeline/schedule.ts';
import { type EndOfStep, endOfStep, type LastBackward, tiedReductionSeconds } from './endOfStep.ts';
import type { StageProfile } from './stageProfile.ts';

/** A whole step: what every device does after its pipeline tasks, and how long all of it takes. */
export interface FinishedStep {
  readonly stepTimeSeconds: number;
  /** The device whose last task ends last; the lowest of equals. */
  readonly criticalDevice: number;
  readonly ends: readonly EndOfStep[];
  /** When a device's share of the step begins: 0 where a barrier ends the step before. */
  readonly beginsAt: readonly number[];
  /** When all devices know the norm of all gradients; 0 where nobody waits for it. */
  readonly barrier: number;
  readonly hostSeconds: number;
}

/** Bytes of a gradient norm. */
const normBytes = 4;

/**
 * Ends a step: gradients are averaged, their norm is known everywhere, optimizers step and parameters are gathered.
 * Schedules that split the backward pass step optimistically and check afterwards (arXiv 2401.10241 section 4), so that
 * no device waits for the slowest one: its next step begins when its own work is done.
 */
export function finishStep(
  job: Job,
  layout: RankLayout,
  timeline: PipelineTimeline,
  stages: readonly StageProfile[],
): FinishedStep {
  const { plan } = timeline;
  const { pipeline, tensor } = job.parallelism.degrees;
  const { instance, devices } = job.cluster;
  const ends = Array.from({ length: pipeline }, (_, device) =>
    endOfStep(job, layout, lastBackwards(timeline, stages, device)),
  );
  const tied = stages[stages.length - 1]!.tiedParameters;
  if (tied > 0 && pipeline > 1 && plan.placement !== 'v') {
    const together = Math.max(ends[0]!.reducedAt, ends[pipeline - 1]!.reducedAt);
    const reducedAt = together + tiedReductionSeconds(job, layout, tied);
    ends[0] = { ...ends[0]!, reducedAt };
    ends[pipeline - 1] = { ...ends[pipeline - 1]!, reducedAt };
  }
  const hostSeconds = job.stack.hostSecondsPerStep;
  if (plan.splitsBackward) {
    const beginsAt = ends.map((_, device) => timeline.start[plan.deviceTasks[plan.deviceOffset[device]!]!]!);
    const spans = ends.map((end, device) => end.reducedAt - beginsAt[device]! + end.optimizer + end.gather);
    const criticalDevice = indexOfLargest(spans);
    return {
      stepTimeSeconds: spans[criticalDevice]! + hostSeconds,
      criticalDevice,
      ends,
      beginsAt,
      barrier: 0,
      hostSeconds,
    };
  }
  const everyone = groupOf(instance, pipeline * tensor, Math.min(layout.pipeline, layout.tensor), devices);
  const barrier = Math.max(...ends.map((end) => end.reducedAt)) + collectiveSeconds('all-reduce', normBytes, everyone);
  const tails = ends.map((end) => end.optimizer + end.gather);
  const criticalDevice = indexOfLargest(tails);
  return {
    stepTimeSeconds: barrier + tails[criticalDevice]! + hostSeconds,
    criticalDevice,
    ends,
    beginsAt: ends.map(() => 0),
    barrier,
    hostSeconds,
  };
}

/** The last pass of each of a device's chunks that adds to its gradients, in the order in which they run. */
function lastBackwards(timeline: PipelineTimeline, stages: readonly StageProfile[], device: number): LastBackward[] {
  const { plan, start, end } = timeline;
  const wanted = plan.splitsBackward ? WEIGHT : BACKWARD;
  const found = new Map<number, LastBackward>();
  for (let index = plan.deviceOffset[device + 1]! - 1; index >= plan.deviceOffset[device]!; index--) {
    const task = plan.deviceTasks[index]!;
    const stage = plan.lane[task]! % plan.virtualStages;
    if (plan.kind[task] !== wanted || found.has(stage)) continue;
    found.set(stage, { start: start[task]!, end: end[task]!, stage: stages[stage]! });
    if (found.size * plan.stages === plan.lanes) break;
  }
  return [...found.values()].reverse();
}

function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);
}
