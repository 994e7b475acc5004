import { elementBytes, gradientBytes, type Precision } from '../stack/precision.ts';
import type { Stack } from '../stack/stack.ts';

/** Bytes of the model states that one rank keeps all through a step. */
export interface ModelStates {
  readonly parametersBytes: number;
  readonly gradientsBytes: number;
  readonly optimizerBytes: number;
}

/** How ZeRO divides them: stage 1 shares the optimizer's part among `replicas` ranks. */
export interface StateSharding {
  readonly zeroStage: 0 | 1;
  /** Ranks that share one copy: sharding degree times context ranks. */
  readonly replicas: number;
}

/** Two moments of Adam and a master copy, in fp32 (arXiv 1910.02054 section 3.1). */
const momentsBytes = 8;
const masterBytes = 4;
const gradientCopyBytes = 4;

/**
 * Parameters, gradients and optimizer states of `parameters` parameters on one rank, for Adam.
 * Gradients take the format in which they are accumulated; an fp32 copy of 16-bit ones, where the stack makes it, is
 * divided as the optimizer's states are.
 * @source Megatron-LM docs, distributed optimizer: 18 or 6 + 12/d bytes with fp32 gradients, 20 or 4 + 16/d with fp16
 */
export function modelStates(
  parameters: number,
  stack: Stack,
  precision: Precision,
  sharding: StateSharding,
): ModelStates {
  const shard = sharding.zeroStage === 0 ? parameters : Math.ceil(parameters / sharding.replicas);
  if (precision === 'fp32') {
    return {
      parametersBytes: 4 * parameters,
      gradientsBytes: 4 * parameters,
      optimizerBytes: momentsBytes * shard,
    };
  }
  const gradient = gradientBytes(stack.gradientAccumulationDtype);
  const copy = gradient < 4 && stack.gradientCopyForStep ? gradientCopyBytes : 0;
  return {
    parametersBytes: elementBytes(precision) * parameters,
    gradientsBytes: gradient * parameters + copy * shard,
    optimizerBytes: (masterBytes + momentsBytes) * shard,
  };
}
