import { elementBytes, gradientBytes, type Precision } from '../stack/precision.ts';
import type { Stack } from '../stack/stack.ts';
import { type Optimizer, optimizerBytes } from './optimizerBytes.ts';

export { momentBytes, type Optimizer } from './optimizerBytes.ts';

/** Bytes of the model states that one rank keeps all through a step. */
export interface ModelStates {
  readonly parametersBytes: number;
  readonly gradientsBytes: number;
  readonly optimizerBytes: number;
  /** Alive only while the optimizer steps: an fp32 copy of 16-bit gradients, roots of second moments. */
  readonly stepBytes: number;
}

/** How ZeRO divides them: stage 1 shares the optimizer's states, 2 gradients as well, 3 parameters as well. */
export interface StateSharding {
  readonly zeroStage: 0 | 1 | 2 | 3;
  /** Ranks that share one copy: sharding degree times context ranks. */
  readonly replicas: number;
  /** Shards stay gathered, and gradients whole, all through the passes of a step. */
  readonly staysGathered?: boolean;
  /** 16-bit parameters are updated with stochastic rounding: no masters, and gradients and moments in 16 bits. */
  readonly stochasticRounding?: boolean;
}

const fp32Bytes = 4;

/**
 * Parameters, gradients and optimizer states of `parameters` parameters on one rank.
 * Gradients take the format in which they are accumulated; an fp32 copy of 16-bit ones, where the stack makes it, is
 * divided as the optimizer's states are. Where the sharded parameters are themselves in fp32, they are their own master,
 * and what passes work with is a copy: of all of them under ZeRO 2 (`SHARD_GRAD_OP`).
 * @source Megatron-LM docs, distributed optimizer: 18 or 6 + 12/d bytes with fp32 gradients, 20 or 4 + 16/d with fp16;
 * arXiv 1910.02054 section 5 for the stages; pytorch/torchtitan: 16/d under FSDP; Neuron documentation,
 * mixed precision: bf16SR, 4 + 4/d; Megatron-LM README, precision-aware optimizer: 4 + 12/d with bf16 gradients and fp32
 * states, 4 + 8/d with bf16 moments, 2/d less where masters are remainders
 */
export function modelStates(
  parameters: number,
  stack: Stack,
  precision: Precision,
  optimizer: Optimizer,
  { zeroStage, replicas, staysGathered = false, stochasticRounding = false }: StateSharding,
): ModelStates {
  const share = Math.ceil(parameters / replicas);
  const [ownParameters, ownGradients, owned] = [
    zeroStage >= 3 ? share : parameters,
    zeroStage >= 2 ? share : parameters,
    zeroStage >= 1 ? share : parameters,
  ];
  const { masters, moments, stepCopies } = optimizerBytes(stack, precision, optimizer, stochasticRounding);
  const optimizerStates = (masters + moments) * owned;
  if (precision === 'fp32' || stack.mastersAreParameters) {
    // Masters that are the parameters are sharded wherever gradients are; what is gathered of them is a copy.
    const sharded = stack.mastersAreParameters && zeroStage >= 2;
    const copied = (precision !== 'fp32' || sharded) && (zeroStage < 3 || staysGathered);
    return {
      parametersBytes:
        fp32Bytes * (sharded ? share : ownParameters) + (copied ? elementBytes(precision) * parameters : 0),
      gradientsBytes: fp32Bytes * (staysGathered ? parameters : ownGradients),
      optimizerBytes: optimizerStates,
      stepBytes: stepCopies * owned,
    };
  }
  const gradient = stochasticRounding ? elementBytes(precision) : gradientBytes(stack.gradientAccumulationDtype);
  return {
    parametersBytes: elementBytes(precision) * ownParameters,
    gradientsBytes: gradient * ownGradients,
    optimizerBytes: optimizerStates,
    stepBytes: stepCopies * owned,
  };
}
