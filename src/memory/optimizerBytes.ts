import { elementBytes, gradientBytes, isNarrow, type Precision, stateBytes } from '../stack/precision.ts';
import type { Stack } from '../stack/stack.ts';

/**
 * Bytes of fp32 moments a parameter (Adam: arXiv 1412.6980; LAMB 1904.00962; Lion 2302.06675; SGD with momentum).
 * Adafactor (1804.04235) keeps a row and a column for each matrix: under 0.01 bytes a parameter at these sizes.
 */
export const momentBytes = { adam: 8, adafactor: 0, lamb: 8, lion: 4, sgd: 4 } as const;
export type Optimizer = keyof typeof momentBytes;

/** Bytes that an optimizer keeps and moves for each parameter that it owns. */
export interface OptimizerBytes {
  /** Master copy beside the parameters; 0 where they are their own. */
  readonly masters: number;
  readonly moments: number;
  /** Alive only while it steps: an fp32 copy of 16-bit gradients, and roots of second moments where Adam is not one kernel. */
  readonly stepCopies: number;
  /** Read and written in one step: gradients and copies, masters, moments, and parameters. */
  readonly moved: number;
}

const fp32Bytes = 4;

/**
 * What Adam as kernels of its own moves for a parameter beyond one kernel, which reads gradients and reads and writes
 * masters and moments: weight decay 8 bytes, first moment 12, scaling and addition of the second 8 and 12, its root,
 * division and addition for the denominator 8 each, and the parameter 16. The roots are a tensor of their own.
 * @source counted over pytorch/pytorch torch/optim/adam.py, _multi_tensor_adam
 */
const separateAdam = { moved: 8 + 12 + 8 + 12 + 8 + 8 + 8 + 16 - 28, roots: fp32Bytes };
const fusedAdam = { moved: 0, roots: 0 };

/**
 * What an optimizer keeps and moves for a parameter. One that is precision-aware steps from gradients as they were
 * accumulated and keeps states in formats of its own; where products take fp8 under another recipe than delayed scaling,
 * Megatron-Core keeps its masters itself and makes the fp32 copy all the same.
 * @source Megatron-LM megatron/core/optimizer/{optimizer_config,distrib_optimizer}.py and its README, precision-aware
 * optimizer; NVIDIA/TransformerEngine pytorch/optimizers/fused_adam.py; Neuron documentation, mixed precision: bf16SR
 */
export function optimizerBytes(
  stack: Stack,
  precision: Precision,
  optimizer: Optimizer,
  stochasticRounding = false,
): OptimizerBytes {
  const element = elementBytes(precision);
  const whole = momentBytes[optimizer];
  const kernels = stack.fusedOptimizer || optimizer !== 'adam' ? fusedAdam : separateAdam;
  if (precision === 'fp32' || stack.mastersAreParameters) {
    // Parameters are their own masters; of those that are gathered in 16 bits, a copy is written.
    const moved = 3 * fp32Bytes + 2 * whole + element + kernels.moved;
    return { masters: 0, moments: whole, stepCopies: kernels.roots, moved };
  }
  if (stochasticRounding) {
    const moments = (element / fp32Bytes) * whole;
    return { masters: 0, moments, stepCopies: 0, moved: 3 * element + 2 * moments };
  }
  const gradient = gradientBytes(stack.gradientAccumulationDtype);
  const aware = stack.precisionAwareOptimizer;
  const isWithin = aware !== undefined && isInOptimizer(stack, precision);
  const isCopied = gradient < fp32Bytes && stack.gradientCopyForStep && !isWithin;
  const gradientCopy = isCopied ? fp32Bytes : 0;
  const moments = aware === undefined ? whole : stateBytes(aware.firstMoment) + stateBytes(aware.secondMoment);
  const keepsRemainders = isWithin && aware.remainders && aware.masters === 'fp32' && precision !== 'fp16';
  const masters = keepsRemainders ? fp32Bytes - element : stateBytes(aware?.masters ?? 'fp32');
  // A remainder is put together with the parameter it belongs to, which is read for it.
  const parameter = keepsRemainders ? 2 * element : element;
  const fused = gradient + 2 * (gradientCopy + masters + moments) + parameter;
  return { masters, moments, stepCopies: gradientCopy + kernels.roots, moved: fused + kernels.moved };
}

/** Whether a precision-aware optimizer holds the masters and reads gradients as they are. */
function isInOptimizer({ precisionAwareOptimizer, precisionRecipe }: Stack, precision: Precision): boolean {
  const scalesNow = isNarrow(precision) && !(precision === 'fp8' && precisionRecipe === 'delayed');
  return !scalesNow || precisionAwareOptimizer?.masters !== 'fp32';
}
