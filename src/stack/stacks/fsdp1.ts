import type { Stack } from '../stack.ts';
import { deepspeed } from './deepspeed.ts';

/** PyTorch FullyShardedDataParallel, first version. */
export const fsdp1: Stack = {
  ...deepspeed,
  name: 'fsdp1',
  summary: 'PyTorch FSDP, first version: parameters sharded, gathered layer by layer',
  attentionSkipsMasked: 'rope',
  recomputeStopsEarly: true,
  gradientAccumulation: 'sharded',
  tensorOverlap: 'none',
  gradientAccumulationDtype: 'fp32',
  mastersAreParameters: true,
  fusedOptimizer: false,
  shardPadding: 'units',
  offloads: { activations: 'tensors', optimizer: true, parameters: true, horizon: 1, horizonIn: 'layers' },
  keepsPipelineOutputs: false,
  bucketCopyBytes: 0,
  gathers: 'units',
  scatteredCopies: 2,
  fragmentation: 0.03,
  workspaceBytes: 0,
  lossBytesPerLogit: { saved: 2, peak: 4, forward: 4, backward: 6 },
  shardedCopyBytes: { gather: 0, scatter: 14 },
  overlapsParameters: true,
  pipelineTransfers: 'async',
  hostWaitsForTransfers: 'none',
  defaults: { zeroStage: 3, placement: 'PDT', sequenceParallel: true, schedule: '1f1b' },
  sources: {
    shardedCopyBytes: 'D: fp32 copy of bf16 gradients (6 bytes) and division by the replicas (8 bytes), FSDP1 runtime',
    ...deepspeed.sources,
    fusedOptimizer:
      'V: AdamW of PyTorch takes the multi-tensor form by default (torch/optim/adamw.py), decoupled_adamw of MPT one tensor after another',
    shardPadding:
      'V: pytorch/pytorch torch/distributed/fsdp/_flat_param.py: a flat parameter is padded to equal shards',
    kernels: 'V: pytorch/pytorch torch/distributed/fsdp',
    attentionSkipsMasked:
      'V: scaled_dot_product_attention with is_causal skips them (PyTorch documentation); D: the Triton kernel of MPT (mosaicml/llm-foundry submit_benchmarks.py) takes as long at 16k to 64k tokens, on A100 and H100, as FlashAttention-2 over all blocks',
    offloads: 'V: torch.distributed.fsdp CPUOffload, and offload_wrapper of torch.distributed.algorithms._checkpoint',
    scatteredCopies:
      'V: pytorch/pytorch 117323: gradients of single tensors are concatenated to that of the flat parameter before it is scattered',
    fragmentation:
      'fitted, as a limit and not a derivation: published runs of mosaicml/llm-foundry, all of which fitted, would be called too big with more; none of them says what it reserved',
  },
};
