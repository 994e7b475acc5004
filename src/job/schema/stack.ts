import { attentionKernels } from '../../stack/stack.ts';
import { fields, flag, nameOr, oneOf, type Read, text } from './fields.ts';

const gradientDtypes = ['bf16', 'fp16', 'fp32'] as const;

const inlineStack = fields('a stack', {
  name: text('megatron-core'),
  attention: oneOf(attentionKernels),
  fusedNorm: flag(),
  compiled: flag(),
  asyncTensorParallel: flag(),
  gradientReduceDtype: oneOf(gradientDtypes),
  gradientAccumulationDtype: oneOf(gradientDtypes),
  cudaGraphs: flag(),
  precisionRecipe: oneOf(['delayed', 'current', 'blockwise']),
});

/** A stack by name, with what differs. */
export type InlineStack = Read<typeof inlineStack>;

/** A stack by name, or an object with the name and what differs. */
export const stackReader = nameOr('megatron-core', inlineStack);
export type StackInput = Read<typeof stackReader>;
