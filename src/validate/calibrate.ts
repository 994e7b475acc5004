import { type CalibrationEntry, type CalibrationFactor, calibrated, calibrationFactors } from '../job/calibration.ts';
import type { Job } from '../job/job.ts';
import { simulate } from '../simulate.ts';
import { gaussNewton, type Residual } from './gaussNewton.ts';
import { type Interval, relativeError } from './interval.ts';
import type { PeakKind } from './row.ts';
import { peakOf } from './scoreRow.ts';

/** One run of somebody's own: the job, and what came of it. */
export interface MeasuredRun {
  readonly job: Job;
  readonly seconds?: Interval;
  readonly peak?: { readonly bytes: number; readonly kind: PeakKind };
}

/** Factors fitted to runs on one kind of accelerator under one stack, and how well they do. */
export interface FittedEntry extends CalibrationEntry {
  /** Runs that it was fitted to. */
  readonly rows: number;
  /** Mean relative error of their step times and memory before and after. */
  readonly meanErrorBefore: number;
  readonly meanErrorAfter: number;
}

/**
 * How far a run may lie from a forecast whose factors are right: the spread of foretrain's own errors on published runs
 * of one kind. A run that is off by much more weighs less, so that one odd run does not turn all factors.
 */
const errorOfTime = 0.05;
const errorOfMemory = 0.05;

/** How far each factor is thought to lie from 1 before anything is measured: few runs move factors little. */
const expectedSpread: Readonly<Record<CalibrationFactor, number>> = {
  matmul: 0.1,
  memoryBandwidth: 0.1,
  collectiveBandwidth: 0.25,
  hostTime: 0.3,
  frameworkMemory: 0.3,
};

/**
 * Fits the factors of every accelerator and stack that the runs name: the least squares of the logarithms of errors,
 * with a normal prior of each factor around 1 and Huber's weights for outliers.
 *
 * @param runs at least one; those of one accelerator and one stack are fitted together
 */
export function calibrate(runs: readonly MeasuredRun[]): readonly FittedEntry[] {
  const groups = new Map<string, MeasuredRun[]>();
  for (const run of runs) {
    const key = `${run.job.cluster.instance.accelerator.name} ${run.job.stack.name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [run]);
    else group.push(run);
  }
  return [...groups.values()].map(calibrateGroup);
}

function calibrateGroup(runs: readonly MeasuredRun[]): FittedEntry {
  const [{ job }] = runs as readonly [MeasuredRun];
  const accelerator = job.cluster.instance.accelerator.name;
  const stack = job.stack.name;
  const entryAt = (logarithms: readonly number[]): CalibrationEntry => ({
    accelerator,
    stack,
    ...(Object.fromEntries(calibrationFactors.map((factor, index) => [factor, Math.exp(logarithms[index]!)])) as Record<
      CalibrationFactor,
      number
    >),
  });
  const residualsAt = (logarithms: readonly number[]): Residual[] => errorsOf(runs, entryAt(logarithms)).map(residual);

  const fitted = gaussNewton(
    residualsAt,
    calibrationFactors.map((factor) => expectedSpread[factor]),
  );
  const none = calibrationFactors.map(() => 0);
  const entry = entryAt(fitted);
  return {
    ...entry,
    ...(Object.fromEntries(calibrationFactors.map((factor) => [factor, rounded(entry[factor])])) as Record<
      CalibrationFactor,
      number
    >),
    rows: runs.length,
    meanErrorBefore: rounded(meanError(errorsOf(runs, entryAt(none)))),
    meanErrorAfter: rounded(meanError(errorsOf(runs, entry))),
  };
}

/** One figure of one run: forecast over measured, less 1; 0 inside a measured range. */
interface FigureError {
  readonly kind: 'time' | 'memory';
  readonly error: number;
}

function errorsOf(runs: readonly MeasuredRun[], entry: CalibrationEntry): FigureError[] {
  const calibration = { entries: [entry] };
  return runs.flatMap(({ job, seconds, peak }) => {
    const report = simulate(calibrated(job, calibration), { evidence: false });
    const errors: FigureError[] = [];
    if (seconds !== undefined) errors.push({ kind: 'time', error: relativeError(report.stepTimeSeconds, seconds) });
    if (peak !== undefined) errors.push({ kind: 'memory', error: peakOf(report, peak.kind) / peak.bytes - 1 });
    return errors;
  });
}

function residual({ kind, error }: FigureError): Residual {
  return { value: Math.log1p(error), spread: kind === 'time' ? errorOfTime : errorOfMemory };
}

function meanError(errors: readonly FigureError[]): number {
  return errors.reduce((sum, { error }) => sum + Math.abs(error), 0) / errors.length;
}

/** More digits than this are noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
