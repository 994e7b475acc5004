/** Number formats that a job can train in. */
export const precisions = ['fp32', 'fp16', 'bf16', 'fp8', 'mxfp8', 'nvfp4'] as const;
export type Precision = (typeof precisions)[number];

/** Formats in which gradients are reduced or accumulated. */
export type GradientDtype = 'bf16' | 'fp16' | 'fp32';

/** Bytes of one element of an activation or a weight copy that kernels read: fp8 and fp4 recipes keep both in bf16. */
export function elementBytes(precision: Precision): number {
  return precision === 'fp32' ? 4 : 2;
}

/** Bytes of one gradient element. */
export function gradientBytes(dtype: GradientDtype): number {
  return dtype === 'fp32' ? 4 : 2;
}
