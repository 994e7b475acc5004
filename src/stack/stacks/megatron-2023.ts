import type { Stack } from '../stack.ts';
import { megatron2021 } from './megatron-2021.ts';

/** Megatron-LM as of 2023: FlashAttention, sequence parallelism, distributed optimizer. */
export const megatron2023: Stack = {
  ...megatron2021,
  name: 'megatron-2023',
  summary: 'Megatron-LM of 2023: FlashAttention 2, sequence parallelism, distributed optimizer',
  attention: 'flash2',
  overlapsGradients: true,
  defaults: { zeroStage: 1, placement: 'PDT', sequenceParallel: true, schedule: '1f1b' },
  sources: {
    ...megatron2021.sources,
    kernels: 'V: Megatron-LM, --use-flash-attn and --use-distributed-optimizer of 2023',
  },
};
