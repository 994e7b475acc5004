import type { Stack } from '../stack.ts';
import { deepspeed } from './deepspeed.ts';

/** PyTorch FullyShardedDataParallel, first version. */
export const fsdp1: Stack = {
  ...deepspeed,
  name: 'fsdp1',
  summary: 'PyTorch FSDP, first version: parameters sharded, gathered layer by layer',
  attentionSkipsMasked: false,
  recomputeStopsEarly: true,
  gradientAccumulation: 'sharded',
  tensorOverlap: 'none',
  gradientAccumulationDtype: 'fp32',
  mastersAreParameters: true,
  offloads: { activations: 'tensors', optimizer: true, parameters: true, horizon: 1, horizonIn: 'layers' },
  keepsPipelineOutputs: false,
  bucketCopyBytes: 0,
  fragmentation: 0.03,
  workspaceBytes: 0,
  lossBytesPerLogit: { saved: 2, peak: 4, forward: 4, backward: 6 },
  shardedCopyBytes: { gather: 0, scatter: 14 },
  overlapsParameters: true,
  pipelineTransfers: 'async',
  defaults: { zeroStage: 3, placement: 'PDT', sequenceParallel: true, schedule: '1f1b' },
  sources: {
    shardedCopyBytes: 'D: fp32 copy of bf16 gradients (6 bytes) and division by the replicas (8 bytes), FSDP1 runtime',
    ...deepspeed.sources,
    kernels: 'V: pytorch/pytorch torch/distributed/fsdp',
    offloads: 'V: torch.distributed.fsdp CPUOffload, and offload_wrapper of torch.distributed.algorithms._checkpoint',
    fragmentation:
      'D: half of what reserved peaks of torchtitan show; published runs of mosaicml/llm-foundry leave no more room',
  },
};
