/** Number formats that a job can train in. */
export const precisions = ['fp32', 'fp16', 'bf16', 'fp8', 'mxfp8', 'nvfp4'] as const;
export type Precision = (typeof precisions)[number];

/** Whether products take operands of fewer than 16 bits. */
export function isNarrow(precision: Precision): boolean {
  return precision === 'fp8' || precision === 'mxfp8' || precision === 'nvfp4';
}

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

/** Formats in which an optimizer can keep its states. */
export const stateDtypes = ['fp32', 'bf16', 'fp16', 'fp8'] as const;
export type StateDtype = (typeof stateDtypes)[number];

/** Bytes of one element of a state; the scales of fp8, one a tensor, are nothing beside it. */
export function stateBytes(dtype: StateDtype): number {
  switch (dtype) {
    case 'fp32':
      return 4;
    case 'bf16':
    case 'fp16':
      return 2;
    case 'fp8':
      return 1;
  }
}

/**
 * An optimizer that reads gradients in the format in which they were accumulated, and keeps each state in a format of
 * its own.
 */
export interface PrecisionAwareOptimizer {
  readonly masters: 'fp32' | 'fp16';
  /** Of fp32 masters only the 16 bits that bf16 parameters lack are kept. */
  readonly remainders: boolean;
  readonly firstMoment: StateDtype;
  readonly secondMoment: StateDtype;
}

/** @source Megatron-LM megatron/core/optimizer/optimizer_config.py: its defaults, with Transformer Engine 2.1 or later */
export const precisionAwareDefaults: PrecisionAwareOptimizer = {
  masters: 'fp32',
  remainders: true,
  firstMoment: 'fp32',
  secondMoment: 'fp32',
};
