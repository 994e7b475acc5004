import { probit } from 'simple-statistics';
import { once, oncePerObject } from '../keep.ts';
import type { Accelerator } from './accelerator.ts';

/**
 * Standard deviation of the clocks that parts of one kind hold under load. Clusters of one kind of GPU spread over 8% on
 * average, 22% at most (arXiv 2208.11035), which is 1.5% for normal clocks; fitted within that to the weak scaling of
 * NVIDIA/dgxc-benchmarking from 8 to 2,048 H100.
 */
export const clockDeviation = 0.01;

const slowest = oncePerObject((accelerator: Accelerator) =>
  once((devices: number) => ({
    ...accelerator,
    slowestClock: 1 / (1 + clockDeviation * expectedMaximum(devices)),
  })),
);

/**
 * The slowest of so many devices: all others wait for it at every collective, so a step takes as long as its kernels do.
 * Their number is taken to the nearest power of two, within 0.2% of a step, so that jobs of like size share their costs.
 */
export function slowestOf(accelerator: Accelerator, devices: number): Accelerator {
  return slowest(accelerator)(2 ** Math.round(Math.log2(devices)));
}

/**
 * Expected maximum of so many standard normal numbers.
 * @source G. Blom, Statistical Estimates and Transformed Beta-Variables (1958)
 */
export function expectedMaximum(count: number): number {
  return count === 1 ? 0 : probit((count - 0.375) / (count + 0.25));
}
