import { isRecord, type MeasuredRow } from './row.ts';

/** A measured step time: one figure, or the lowest and the highest of several. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** The one figure to print, and to rank by. */
  readonly middle: number;
}

/** The step time that a row measured, in seconds; undefined where it measured none. */
export function measuredSeconds(row: MeasuredRow): Interval | undefined {
  const { stepTimeSeconds, stepTimeSecondsRange, samplesPerSecond, samplesPerSecondRange } = row.measured;
  const batch = globalBatchSize(row.job);
  const asSeconds = (rate: number | undefined): number | undefined =>
    rate === undefined || batch === undefined ? undefined : batch / rate;

  const [low, high] = stepTimeSecondsRange ?? samplesPerSecondRange?.map(asSeconds) ?? [];
  const single = stepTimeSeconds ?? asSeconds(samplesPerSecond);
  if (low !== undefined && high !== undefined) {
    // A higher rate is a shorter step, so the ends may have changed places.
    return { low: Math.min(low, high), high: Math.max(low, high), middle: single ?? (low + high) / 2 };
  }
  return single === undefined ? undefined : { low: single, high: single, middle: single };
}

/**
 * How far a prediction is from a measurement, as a signed fraction of it: zero inside a range, and outside it the
 * distance to the nearer end over that end.
 */
export function relativeError(predicted: number, measured: Interval): number {
  if (predicted < measured.low) return (predicted - measured.low) / measured.low;
  if (predicted > measured.high) return (predicted - measured.high) / measured.high;
  return 0;
}

function globalBatchSize(job: unknown): number | undefined {
  const training = isRecord(job) ? job.training : undefined;
  const size = isRecord(training) ? training.globalBatchSize : undefined;
  return typeof size === 'number' && size > 0 ? size : undefined;
}
