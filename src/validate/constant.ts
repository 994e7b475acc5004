import { mean } from 'simple-statistics';
import { type Interval, relativeError } from './interval.ts';

/** One row as the constant sees it: how long its model FLOPs take at an MFU of 1, and the time measured. */
export interface ConstantSample {
  /** Model FLOPs ÷ (devices · dense peak), seconds. */
  readonly idealSeconds: number;
  readonly measured: Interval;
}

/** The best that a single number can do for a set: the least a model must beat. */
export interface FittedConstant {
  readonly mfu: number;
  /** Mean relative error over the samples with every step at that MFU. */
  readonly mape: number;
}

/**
 * The one MFU that minimises the mean relative error of a set, exactly.
 *
 * With x = 1 / MFU a row's prediction is `idealSeconds · x`, and its error is convex and piecewise linear in x: falling
 * with slope ideal/low up to low/ideal, flat inside the measured range, rising with slope ideal/high beyond high/ideal.
 * The sum is least at the breakpoint where its slope stops being negative. O(n log n).
 *
 * @returns undefined where no sample has any work
 */
export function fitConstant(samples: readonly ConstantSample[]): FittedConstant | undefined {
  const usable = samples.filter((sample) => sample.idealSeconds > 0);
  if (usable.length === 0) return undefined;

  const breakpoints = usable
    .flatMap(({ idealSeconds, measured }) => [
      { x: measured.low / idealSeconds, rise: idealSeconds / measured.low },
      { x: measured.high / idealSeconds, rise: idealSeconds / measured.high },
    ])
    .sort((a, b) => a.x - b.x);
  let slope = -usable.reduce((sum, { idealSeconds, measured }) => sum + idealSeconds / measured.low, 0);
  let best = breakpoints[breakpoints.length - 1].x;
  for (const { x, rise } of breakpoints) {
    slope += rise;
    if (slope >= 0) {
      best = x;
      break;
    }
  }
  const errors = usable.map((sample) => Math.abs(relativeError(sample.idealSeconds * best, sample.measured)));
  return { mfu: 1 / best, mape: mean(errors) };
}
