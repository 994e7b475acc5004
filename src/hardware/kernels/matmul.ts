import type { Precision } from '../../stack/precision.ts';
import type { Accelerator } from '../accelerator.ts';
import { cappedClock, efficiencyOf } from '../efficiency.ts';

/** Dense peak of a number format; formats that the part lacks run at the rate of bf16, or of fp16 before Ampere. */
export function peakFlopsPerSecond(accelerator: Accelerator, precision: Precision): number {
  const { flopsPerSecond } = accelerator;
  if (precision === 'fp32') {
    const rate = flopsPerSecond.tf32 ?? flopsPerSecond.fp32 ?? 0;
    return accelerator.vendor === 'AWS' ? rate * neuronFp32Share : rate;
  }
  return flopsPerSecond[precision] ?? flopsPerSecond.bf16 ?? flopsPerSecond.fp16 ?? 0;
}

/** What fp32 products reach of the tf32 peak on NeuronCores: fitted to published fp32 runs of BERT-Large beside bf16 ones. */
const neuronFp32Share = 0.5;

/**
 * Time of a matrix product [m, k] × [k, n]: the L2 norm of its compute and memory times, which fits measured products
 * better than their maximum, stretched where tiles leave multiprocessors idle in the last wave.
 * @source microsoft/vidur compute profiles of A100 and H100 (median error 5 and 7%)
 */
export function matmulSeconds(
  accelerator: Accelerator,
  precision: Precision,
  m: number,
  n: number,
  k: number,
  bytes: number,
): number {
  const efficiency = efficiencyOf(accelerator);
  const narrow = precision === 'fp8' || precision === 'mxfp8' || precision === 'nvfp4';
  const fraction = narrow ? efficiency.matmul8bit : efficiency.matmul;
  const peak = peakFlopsPerSecond(accelerator, precision) * fraction * cappedClock(accelerator);
  const compute = ((2 * m * n * k) / peak) * waveStretch(accelerator, m, n);
  const memory = bytes / (accelerator.memoryBytesPerSecond * efficiency.matmulMemory);
  return efficiency.kernelSeconds + Math.hypot(compute, memory);
}

/** How much longer a product takes because its tiles do not fill whole waves. */
export function waveStretch(accelerator: Accelerator, m: number, n: number): number {
  const { multiprocessors } = accelerator;
  const { tile, waveWeight } = efficiencyOf(accelerator);
  if (multiprocessors === undefined || waveWeight === 0) return 1;
  const waves = Math.ceil((Math.ceil(m / tile.m) * Math.ceil(n / tile.n)) / multiprocessors);
  return 1 + waveWeight * ((waves * multiprocessors * tile.m * tile.n) / (m * n) - 1);
}
