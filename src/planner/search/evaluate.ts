import { type Calibration, calibrated } from '../../job/calibration.ts';
import type { Job } from '../../job/job.ts';
import { simulateStep } from '../../simulate.ts';
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

/** Simulates one candidate: the very step that a report of it is read from. */
export function evaluateOne(base: Omit<Job, 'parallelism'>, candidate: Candidate): Evaluation {
  const { step, memory } = simulateStep(jobOf({ base }, candidate));
  return {
    stepTimeSeconds: step.stepTimeSeconds,
    fits: memory.fits,
    peakBytes: memory.peakBytes,
    passes: step.lastPasses,
  };
}

/** A job without parallelism on machines as they were measured. */
export function calibratedBase(
  base: Omit<Job, 'parallelism'>,
  calibration: Calibration | undefined,
): Omit<Job, 'parallelism'> {
  // A calibration looks at accelerator and stack alone.
  return calibration === undefined ? base : calibrated(base as Job, calibration);
}
