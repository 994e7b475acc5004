import type { Gemm } from '../../graph/operator.ts';
import type { Precision } from '../../stack/precision.ts';
import type { Accelerator } from '../accelerator.ts';
import { cappedClock, type Efficiency, efficiencyOf } from '../efficiency.ts';

/**
 * Dense peak of a number format; formats that the part lacks run at the rate of bf16, or of fp16 before Ampere. Products
 * in fp32 are computed in tf32 on GPUs, and cast to bf16 on NeuronCores.
 * @source Neuron documentation, mixed precision: the compiler casts fp32 products, and nothing else, to bf16 by default
 */
export function peakFlopsPerSecond({ vendor, flopsPerSecond }: Accelerator, precision: Precision): number {
  if (precision === 'fp32' && vendor !== 'AWS') return flopsPerSecond.tf32 ?? flopsPerSecond.fp32 ?? 0;
  const rate = precision === 'fp32' ? undefined : flopsPerSecond[precision];
  return rate ?? flopsPerSecond.bf16 ?? flopsPerSecond.fp16 ?? 0;
}

/**
 * Time of a matrix product [m, k] × [k, n] that reads and writes so many bytes: the L2 norm of the time of its compute
 * and its reads, which fits measured products better than their maximum. A tile is written when its products are done,
 * while its multiprocessor has nothing else to do; engines of their own write for a single array.
 * @param rate of such products, of those in the forward pass
 * @source microsoft/vidur compute profiles of A100 and H100
 */
export function matmulSeconds(
  accelerator: Accelerator,
  precision: Precision,
  { m, n, k }: Gemm,
  readBytes: number,
  writtenBytes: number,
  rate = 1,
): number {
  const efficiency = efficiencyOf(accelerator);
  const reached = productShare(efficiency, precision);
  const peak = peakFlopsPerSecond(accelerator, precision) * reached * rate * cappedClock(accelerator);
  const bandwidth = accelerator.memoryBytesPerSecond * efficiency.matmulMemory;
  const compute = (2 * workedElements(accelerator, m, n) * k) / peak;
  const [waitedFor, beside] = efficiency.tiles.length > 0 ? [writtenBytes, readBytes] : [0, readBytes + writtenBytes];
  return efficiency.kernelSeconds + Math.hypot(compute + waitedFor / bandwidth, beside / bandwidth);
}

/** Products of mxfp8 over those of fp8: 6.81 and 7.16 ms a layer on a B300 (Transformer Engine 8f2e635, GEMM profiling). */
const blockScaledRate = 0.95;

/** What large products of a format reach of its dense peak. */
function productShare({ matmul, matmul8bit, matmul4bit }: Efficiency, precision: Precision): number {
  switch (precision) {
    case 'fp8':
      return matmul8bit;
    case 'mxfp8':
      return matmul8bit * blockScaledRate;
    case 'nvfp4':
      return matmul4bit;
    default:
      return matmul;
  }
}

/**
 * Of the multiprocessors that the last wave of tiles leaves idle, how many are felt: those at work have memory and power
 * to themselves, and libraries split products so as to fill them. The profiled layers of vidur and Azure's products on an
 * A100 fit equally well with 0.6 to 1, and this is the middle.
 */
const idleFelt = 0.8;

/**
 * Elements of an [m, n] product that could have been worked out at the full rate in the time that it takes: every
 * multiprocessor takes a tile at a time, and the last wave of tiles takes nearly as long as a full one. The library is
 * given credit for the best of its tiles.
 */
export function workedElements(accelerator: Accelerator, m: number, n: number): number {
  const { multiprocessors } = accelerator;
  const { tiles } = efficiencyOf(accelerator);
  if (multiprocessors === undefined || tiles.length === 0) return m * n;
  let least = Number.POSITIVE_INFINITY;
  for (const tile of tiles) {
    const full = (Math.ceil(m / tile.m) * Math.ceil(n / tile.n)) / multiprocessors;
    const waves = full < 1 ? 1 : full + idleFelt * (Math.ceil(full) - full);
    least = Math.min(least, (waves * multiprocessors * tile.m * tile.n) / tile.rate);
  }
  return least;
}
