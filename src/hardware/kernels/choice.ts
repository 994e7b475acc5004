import type { Precision } from '../../stack/precision.ts';
import type { AttentionKernel } from '../../stack/stack.ts';

/** What software decides about kernels, as far as their time depends on it. */
export interface KernelChoice {
  readonly precision: Precision;
  readonly attention: AttentionKernel;
  /** Bytes of an element of the gradient that weight-gradient products add to. */
  readonly gradientBytes: number;
}
