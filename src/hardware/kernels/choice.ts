import type { Precision } from '../../stack/precision.ts';
import type { AttentionKernel, Stack } from '../../stack/stack.ts';

/** What software decides about kernels, as far as their time depends on it. */
export interface KernelChoice {
  readonly precision: Precision;
  /** How tensors are scaled where products are narrower than 16 bits. */
  readonly precisionRecipe: Stack['precisionRecipe'];
  readonly attention: AttentionKernel;
  readonly persistentNorm: boolean;
  /** How a microbatch's weight gradient is added to those before it, and bytes of an element of the sum. */
  readonly gradientAccumulation: Stack['gradientAccumulation'];
  readonly gradientBytes: number;
}
