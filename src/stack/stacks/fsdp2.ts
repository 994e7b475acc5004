import type { Stack } from '../stack.ts';
import { fsdp1 } from './fsdp1.ts';

/** PyTorch fully_shard as torchtitan uses it, compiled or eager. */
export const fsdp2: Stack = {
  ...fsdp1,
  name: 'fsdp2',
  summary: 'PyTorch FSDP2 as in torchtitan: per-parameter sharding, torch.compile, async tensor parallelism',
  attentionSkipsMasked: 'all',
  compiled: true,
  fusedNorm: false,
  fusedOptimizer: true,
  logits: 'sharded',
  shardPadding: 'rows',
  vocabularyMultiple: 1,
  gradientReduceDtype: 'fp32',
  contextBalance: 0.38,
  narrowGathers: 'all',
  precisionRecipe: 'current',
  castsDistributedTensors: true,
  shardedCopyBytes: { gather: 4, scatter: 6 },
  lossBytesPerLogit: { saved: 6, peak: 14, compiledPeak: 12, forward: 16, backward: 10 },
  scatteredCopies: 1,
  keepsGatheredInputs: true,
  staysGatheredInPipelines: true,
  fragmentation: 0.06,
  sources: {
    ...fsdp1.sources,
    kernels: 'V: pytorch/torchtitan b5bcd76',
    fusedOptimizer: 'V: pytorch/torchtitan: implementation fused by default',
    castsDistributedTensors: 'V: pytorch/ao float8_tensor_parallel.py: inputs and gradients are distributed tensors',
    precisionRecipe: 'V: pytorch/ao float8: dynamic scales of whole tensors',
    shardPadding:
      'V: pytorch/pytorch torch/distributed/fsdp/_fully_shard: the first dimension of a tensor in equal shards',
    contextBalance: 'fitted to published steps with 2, 4 and 8 context ranks (pytorch/torchtitan)',
    shardedCopyBytes:
      'D: copy out of the gathered buffer (4 bytes), fp32 copy of bf16 gradients into the reduced one (6 bytes)',
    lossBytesPerLogit:
      'D: eager: bf16 logits 2, fp32 copy 4, log-softmax 4, gradient 4; compiled, the fp32 copy and gradient share one pass: 2 less',
    fragmentation: 'D: reserved peaks of pytorch/torchtitan b5bcd76 benchmarks over what tensors take',
    scatteredCopies: 'V: pytorch/pytorch 117975: gradients are copied once, to the input of the reduce-scatter',
    staysGatheredInPipelines:
      'V: pytorch/torchtitan parallelize.py: reshard_after_forward is off by default under a pipeline; pytorch/pytorch torch/distributed/pipelining/stage.py: no gradient is exchanged before the last backward pass',
    keepsGatheredInputs:
      'D: a linear of torch.distributed.tensor saves its replicated input; reserved peaks of torchtitan table 4 agree',
  },
};
