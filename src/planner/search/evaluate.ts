import { type Calibration, calibrated } from '../../job/calibration.ts';
import type { Job } from '../../job/job.ts';
import type { PipelineTimeline } from '../../pipeline/run.ts';
import { simulateDetailed } from '../../simulate.ts';
import { endsMicrobatch, visitPasses } from '../../step/passes.ts';
import type { DevicePasses } from '../bounds/tail.ts';
import { type Candidate, jobOf } from '../space/candidate.ts';

/** What a search looks at of a simulation. */
export interface Evaluation {
  readonly stepTimeSeconds: number;
  readonly fits: boolean;
  readonly peakBytes: number;
  /** When the passes of every device ran. */
  readonly passes: readonly DevicePasses[];
}

/**
 * Simulates candidates of a cell, in order. A command line may spread them over threads; the library does them itself.
 * @param cell its place in the request
 */
export type Evaluate = (cell: number, candidates: readonly Candidate[]) => Promise<readonly Evaluation[]>;

/** Simulates one candidate. */
export function evaluateOne(base: Omit<Job, 'parallelism'>, candidate: Candidate): Evaluation {
  const { report, timeline } = simulateDetailed(jobOf({ base }, candidate), { evidence: false });
  const { stepTimeSeconds, fits, memory } = report;
  return { stepTimeSeconds, fits, peakBytes: memory.peakBytes, passes: devicePasses(timeline) };
}

/** A job without parallelism on machines as they were measured. */
export function calibratedBase(
  base: Omit<Job, 'parallelism'>,
  calibration: Calibration | undefined,
): Omit<Job, 'parallelism'> {
  // A calibration looks at accelerator and stack alone.
  return calibration === undefined ? base : calibrated(base as Job, calibration);
}

/** When every device begins, and when the last backward pass of each of its virtual stages runs. */
function devicePasses({ plan, start, end }: PipelineTimeline): DevicePasses[] {
  return Array.from({ length: plan.stages }, (_, device) => {
    const from = plan.deviceOffset[device]!;
    const to = plan.deviceOffset[device + 1]!;
    const found = new Map<number, { readonly stage: number; readonly start: number; readonly end: number }>();
    for (let index = to - 1; index >= from; index--) {
      const task = plan.deviceTasks[index]!;
      visitPasses(plan, task, (pass, lane) => {
        const stage = lane % plan.virtualStages;
        if (endsMicrobatch(pass) && !found.has(stage)) {
          found.set(stage, { stage, start: start[task]!, end: end[task]! });
        }
      });
      if (found.size * plan.stages >= plan.lanes) break;
    }
    return { begins: from < to ? start[plan.deviceTasks[from]!]! : 0, last: [...found.values()].reverse() };
  });
}
