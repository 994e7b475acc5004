import type { Stack } from '../stack.ts';
import { megatronDeepspeed } from './megatron-deepspeed.ts';

/** DeepSpeed with ZeRO on plain PyTorch modules. */
export const deepspeed: Stack = {
  ...megatronDeepspeed,
  name: 'deepspeed',
  summary: 'DeepSpeed: ZeRO on plain PyTorch modules',
  attention: 'flash2',
  fusedElementwise: false,
  fusedProjections: 'none',
  tensorOverlap: 'none',
  gradientReduceDtype: 'bf16',
  gradientAccumulationDtype: 'bf16',
  vocabularyMultiple: 1,
  logits: 'whole',
  lossBytesPerLogit: { saved: 6, peak: 14, forward: 14, backward: 22 },
  overlapsGradients: true,
  gradientBucketBytes: 1_000_000_000,
  offloads: { activations: 'checkpoints', optimizer: true, parameters: true, horizon: 1, horizonIn: 'layers' },
  communicatorBytes: 0.55e9,
  pipelineCaution: undefined,
  sources: {
    ...megatronDeepspeed.sources,
    gradientBucketBytes: 'V: deepspeedai/DeepSpeed runtime/zero/config.py: reduce_bucket_size 5e8 elements',
    lossBytesPerLogit:
      'D: torch cross_entropy on float logits: bf16 logits, fp32 copy, log-softmax and gradient; cast 6 and log-softmax 8 bytes forward, gradients of the loss 4 and of log-softmax 12 and the cast back 6',
  },
};
