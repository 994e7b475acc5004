import { type Calibration, calibrated } from '../../job/calibration.ts';
import type { Job } from '../../job/job.ts';
import { simulateDetailed } from '../../simulate.ts';
import { lastBackwards } from '../../step/passes.ts';
import { stagesOf } from '../../step/stageProfile.ts';
import type { DevicePasses } from '../bounds/tail.ts';
import { type Candidate, jobOf } from '../space/candidate.ts';

/** What a search looks at of a simulation. */
export interface Evaluation {
  readonly stepTimeSeconds: number;
  readonly fits: boolean;
  readonly peakBytes: number;
  /** When the last passes of every device ran. */
  readonly passes: readonly DevicePasses[];
}

/**
 * Simulates candidates of a cell, in order. A command line may spread them over threads; the library does them itself.
 * @param cell its place in the request
 */
export type Evaluate = (cell: number, candidates: readonly Candidate[]) => Promise<readonly Evaluation[]>;

/** Simulates one candidate. */
export function evaluateOne(base: Omit<Job, 'parallelism'>, candidate: Candidate): Evaluation {
  const { report, timeline, stages } = simulateDetailed(jobOf({ base }, candidate), { evidence: false });
  const { stepTimeSeconds, fits, memory } = report;
  const { plan } = timeline;
  const passes = Array.from({ length: plan.stages }, (_, device) =>
    lastBackwards(timeline, device, stagesOf(plan, stages, device).length),
  );
  return { stepTimeSeconds, fits, peakBytes: memory.peakBytes, passes };
}

/** A job without parallelism on machines as they were measured. */
export function calibratedBase(
  base: Omit<Job, 'parallelism'>,
  calibration: Calibration | undefined,
): Omit<Job, 'parallelism'> {
  // A calibration looks at accelerator and stack alone.
  return calibration === undefined ? base : calibrated(base as Job, calibration);
}
