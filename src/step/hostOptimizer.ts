import type { Job } from '../job/job.ts';
import { momentBytes } from '../memory/states.ts';
import { elementBytes, gradientBytes } from '../stack/precision.ts';
import { hostRates } from './offloadedPass.ts';

/**
 * Rate at which the processors of one server step an optimizer, in bytes read and written: 28 bytes a parameter of Adam
 * at 10 billion parameters in about 2.5 s.
 * @source R: arXiv 2101.06840 table 4 (CPU-Adam on two Xeon Platinum 8168)
 */
const hostStepBytesPerSecond = 110e9;

/**
 * Seconds that the host takes to step so many parameters of each of its ranks: their gradients come down, masters and
 * moments are read and written, and new parameters go up. All ranks of a server share its processors.
 */
export function hostOptimizerSeconds({ cluster, stack, training }: Job, parameters: number): number {
  if (parameters === 0) return 0;
  const { instance, devices } = cluster;
  const rates = hostRates(cluster);
  const fp32 = 4;
  const stepped = 3 * fp32 + 2 * momentBytes[training.optimizer];
  const ranks = Math.min(instance.ranks, devices) / (instance.hosts ?? 1);
  return (
    (parameters * gradientBytes(stack.gradientAccumulationDtype)) / rates.toHost +
    (parameters * ranks * stepped) / hostStepBytesPerSecond +
    (parameters * elementBytes(training.precision)) / rates.toDevice
  );
}
