import type { Accelerator } from '../accelerator.ts';

/** Bytes that a thread loads or stores at once where rows of a matrix begin at multiples of as many. */
export const alignedBytes = 16;

/**
 * What products reach whose rows begin at multiples of 8, of 4 or of only 2 bytes, of the rate of aligned ones.
 * @source D: output layers of 12,564, 6,282 and 50,257 rows (a vocabulary of 50,257 on 4, 8 and 1 ranks) in the
 * single-node times of arXiv 2312.12391: 104, 94 and 78 TFLOP/s, by what a hidden size of 2,048 takes over
 * one of 1,024, where aligned ones reach some 205
 */
const rates: readonly (readonly [bytes: number, rate: number])[] = [
  [alignedBytes, 1],
  [8, 0.5],
  [4, 0.46],
];
const leastRate = 0.38;

/** Rate of products with a matrix of these rows and columns, of aligned ones; systolic arrays pad what they take. */
export function alignmentRate(accelerator: Accelerator, rows: number, columns: number, elementBytes: number): number {
  if (accelerator.multiprocessors === undefined) return 1;
  for (const [bytes, rate] of rates) {
    if ((rows * elementBytes) % bytes === 0 && (columns * elementBytes) % bytes === 0) return rate;
  }
  return leastRate;
}
