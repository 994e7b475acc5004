import { type Fault, ForetrainError } from '../errors.ts';
import type { Breakdown, Report } from '../step/report.ts';
import { type Interval, measuredSeconds, relativeError } from './interval.ts';
import type { MeasuredRow, PeakKind } from './row.ts';

/** The part of a report that is held against measurements. */
export type Prediction = Pick<Report, 'fits' | 'stepTimeSeconds' | 'mfu'> & {
  readonly memory: Pick<Report['memory'], 'peakBytes' | 'peakAllocatedBytes' | 'peakReservedBytes'>;
  readonly breakdownSeconds?: Breakdown;
};

/** Answers a job, or refuses it with a {@link ForetrainError}. */
export type Evaluate = (job: unknown) => Prediction;

/** One row: what was measured, what was predicted, and how far apart they are. Errors are signed fractions. */
export interface RowScore {
  readonly id: string;
  readonly set: string;
  readonly source: string;
  /** What foretrain would not answer; the row then counts as 100% off unless experts are the reason. */
  readonly refusal?: Refusal;
  readonly doubtful?: string;
  readonly time?: TimeScore;
  readonly fits?: FitsScore;
  readonly memory?: MemoryScore;
}

export interface Refusal {
  readonly faults: readonly Fault[];
  /** A mixture of experts, which is not modelled: counted, not scored. */
  readonly experts: boolean;
}

export interface TimeScore {
  readonly measured: Interval;
  /** Left out where the job was refused; `error` is then −1, as though nothing had been predicted. */
  readonly predictedSeconds?: number;
  readonly error: number;
  /** Model FLOPs of the step over what the devices could do: its time at an MFU of 1. */
  readonly idealSeconds?: number;
  /** Where the predicted time goes: a place to look for the reason of an error. */
  readonly breakdownSeconds?: Breakdown;
}

export interface FitsScore {
  readonly measured: boolean;
  readonly predicted?: boolean;
}

export interface MemoryScore {
  readonly kind: PeakKind;
  readonly measuredBytes: number;
  readonly predictedBytes?: number;
  readonly error: number;
}

/** Holds one row against what foretrain says of its job. Anything but a {@link ForetrainError} passes through. */
export function scoreRow(row: MeasuredRow, evaluate: Evaluate): RowScore {
  const answer = answerOf(row.job, evaluate);
  const prediction = 'prediction' in answer ? answer.prediction : undefined;
  const { doubtful } = row.measured;
  const time = scoreTime(row, prediction);
  const fits = scoreFits(row, prediction);
  const memory = scoreMemory(row, prediction);
  return {
    id: row.id,
    set: row.set,
    source: row.source,
    ...('refusal' in answer ? { refusal: answer.refusal } : {}),
    ...(doubtful === undefined ? {} : { doubtful }),
    ...(time === undefined ? {} : { time }),
    ...(fits === undefined ? {} : { fits }),
    ...(memory === undefined ? {} : { memory }),
  };
}

/** True where the row counts: not doubtful, and not refused for its experts. */
export function counts(score: RowScore): boolean {
  return score.doubtful === undefined && score.refusal?.experts !== true;
}

type Answer = { readonly prediction: Prediction } | { readonly refusal: Refusal };

function answerOf(job: unknown, evaluate: Evaluate): Answer {
  try {
    return { prediction: evaluate(job) };
  } catch (error) {
    if (!(error instanceof ForetrainError)) throw error;
    return {
      refusal: { faults: error.faults, experts: error.faults.some((fault) => /\bexperts?\b/.test(fault.path)) },
    };
  }
}

function scoreTime(row: MeasuredRow, prediction: Prediction | undefined): TimeScore | undefined {
  const measured = measuredSeconds(row);
  if (measured === undefined) return undefined;
  if (prediction === undefined) return { measured, error: -1 };
  const predictedSeconds = prediction.stepTimeSeconds;
  return {
    measured,
    predictedSeconds,
    error: relativeError(predictedSeconds, measured),
    idealSeconds: prediction.mfu * predictedSeconds,
    ...(prediction.breakdownSeconds === undefined ? {} : { breakdownSeconds: prediction.breakdownSeconds }),
  };
}

/** A row with a measured time ran, whether it says so or not. */
function scoreFits(row: MeasuredRow, prediction: Prediction | undefined): FitsScore | undefined {
  const measured = row.measured.fits ?? (measuredSeconds(row) === undefined ? undefined : true);
  if (measured === undefined) return undefined;
  return { measured, ...(prediction === undefined ? {} : { predicted: prediction.fits }) };
}

function scoreMemory(row: MeasuredRow, prediction: Prediction | undefined): MemoryScore | undefined {
  const { peakBytes: measuredBytes, peakKind: kind = 'device' } = row.measured;
  if (measuredBytes === undefined) return undefined;
  if (prediction === undefined) return { kind, measuredBytes, error: -1 };
  const predictedBytes = peakOf(prediction, kind);
  return { kind, measuredBytes, predictedBytes, error: predictedBytes / measuredBytes - 1 };
}

/** The figure of a report that a measured peak of this kind is held against. */
export function peakOf({ memory }: Pick<Prediction, 'memory'>, kind: PeakKind): number {
  switch (kind) {
    case 'allocated':
      return memory.peakAllocatedBytes;
    case 'reserved':
      return memory.peakReservedBytes;
    case 'device':
      return memory.peakBytes;
  }
}
