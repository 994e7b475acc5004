import { stateDtypes } from '../../stack/precision.ts';
import { attentionKernels, tensorOverlaps } from '../../stack/stack.ts';
import { choose, fields, flag, nameOr, oneOf, type Read, text, wholeNumber } from './fields.ts';

const gradientDtypes = ['bf16', 'fp16', 'fp32'] as const;

const precisionAwareOptimizer = fields('precisionAwareOptimizer', {
  masters: oneOf(['fp32', 'fp16']),
  remainders: flag(),
  firstMoment: oneOf(stateDtypes),
  secondMoment: oneOf(stateDtypes),
});

const inlineStack = fields('a stack', {
  name: text('megatron-core'),
  attention: oneOf(attentionKernels),
  attentionSkipsMasked: flag(),
  fusedNorm: flag(),
  fusedLoss: flag(),
  fusedOptimizer: flag(),
  compiled: flag(),
  asyncTensorParallel: flag(),
  tensorOverlap: oneOf(tensorOverlaps),
  gradientReduceDtype: oneOf(gradientDtypes),
  gradientAccumulationDtype: oneOf(gradientDtypes),
  fusedGradientAccumulation: flag(),
  cudaGraphs: flag(),
  precisionRecipe: oneOf(['delayed', 'current', 'blockwise']),
  precisionAwareOptimizer: choose(
    (input) => typeof input === 'object' && input !== null,
    precisionAwareOptimizer,
    flag(),
  ),
  mostLiveParameters: wholeNumber(0),
  persistenceThreshold: wholeNumber(0),
});

/** A stack by name, with what differs. */
export type InlineStack = Read<typeof inlineStack>;

/** A stack by name, or an object with the name and what differs. */
export const stackReader = nameOr('megatron-core', inlineStack);
export type StackInput = Read<typeof stackReader>;
