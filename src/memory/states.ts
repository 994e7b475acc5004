import { elementBytes, gradientBytes, type Precision } from '../stack/precision.ts';
import type { Stack } from '../stack/stack.ts';

/** Bytes of the model states that one rank keeps all through a step. */
export interface ModelStates {
  readonly parametersBytes: number;
  readonly gradientsBytes: number;
  readonly optimizerBytes: number;
  /** Alive only while the optimizer steps: an fp32 copy of 16-bit gradients. */
  readonly stepBytes: number;
}

/** How ZeRO divides them: stage 1 shares the optimizer's states, 2 gradients as well, 3 parameters as well. */
export interface StateSharding {
  readonly zeroStage: 0 | 1 | 2 | 3;
  /** Ranks that share one copy: sharding degree times context ranks. */
  readonly replicas: number;
  /** 16-bit parameters are updated with stochastic rounding: no masters, and gradients and moments in 16 bits. */
  readonly stochasticRounding?: boolean;
}

/**
 * Bytes of fp32 moments a parameter (Adam: arXiv 1412.6980; LAMB 1904.00962; Lion 2302.06675; SGD with momentum).
 * Adafactor (1804.04235) keeps a row and a column for each matrix: under 0.01 bytes a parameter at these sizes.
 */
export const momentBytes = { adam: 8, adafactor: 0, lamb: 8, lion: 4, sgd: 4 } as const;
export type Optimizer = keyof typeof momentBytes;

const fp32Bytes = 4;

/**
 * Parameters, gradients and optimizer states of `parameters` parameters on one rank.
 * Gradients take the format in which they are accumulated; an fp32 copy of 16-bit ones, where the stack makes it, is
 * divided as the optimizer's states are. Where the sharded parameters are themselves in fp32, they are their own master.
 * @source Megatron-LM docs, distributed optimizer: 18 or 6 + 12/d bytes with fp32 gradients, 20 or 4 + 16/d with fp16;
 * arXiv 1910.02054 section 5 for the stages; pytorch/torchtitan: 16/d under FSDP; Neuron documentation,
 * mixed precision: bf16SR, 4 + 4/d
 */
export function modelStates(
  parameters: number,
  stack: Stack,
  precision: Precision,
  optimizer: Optimizer,
  { zeroStage, replicas, stochasticRounding = false }: StateSharding,
): ModelStates {
  const share = Math.ceil(parameters / replicas);
  const [ownParameters, ownGradients, owned] = [
    zeroStage >= 3 ? share : parameters,
    zeroStage >= 2 ? share : parameters,
    zeroStage >= 1 ? share : parameters,
  ];
  const moments = momentBytes[optimizer] * owned;
  if (precision === 'fp32' || stack.mastersAreParameters) {
    const gathered = precision !== 'fp32' && zeroStage < 3 ? elementBytes(precision) * parameters : 0;
    return {
      parametersBytes: fp32Bytes * ownParameters + gathered,
      gradientsBytes: fp32Bytes * ownGradients,
      optimizerBytes: moments,
      stepBytes: 0,
    };
  }
  if (stochasticRounding) {
    const bytes = elementBytes(precision);
    return {
      parametersBytes: bytes * ownParameters,
      gradientsBytes: bytes * ownGradients,
      optimizerBytes: (bytes / fp32Bytes) * moments,
      stepBytes: 0,
    };
  }
  const gradient = gradientBytes(stack.gradientAccumulationDtype);
  const copy = gradient < fp32Bytes && stack.gradientCopyForStep ? fp32Bytes : 0;
  return {
    parametersBytes: elementBytes(precision) * ownParameters,
    gradientsBytes: gradient * ownGradients,
    optimizerBytes: fp32Bytes * owned + moments,
    stepBytes: copy * owned,
  };
}
