import type { Stack } from '../stack.ts';

/** Megatron-LM as of 2021: fused scale-mask-softmax, no FlashAttention, gradients reduced after the last backward pass. */
export const megatron2021: Stack = {
  name: 'megatron-2021',
  summary: 'Megatron-LM of 2021: fused softmax, gradients reduced after the backward pass',
  vendors: ['NVIDIA'],
  attention: 'fused-softmax',
  fusedNorm: true,
  fusedElementwise: true,
  compiled: false,
  fusedProjections: true,
  cudaGraphs: false,
  precisionRecipe: 'delayed',
  gradientReduceDtype: 'fp32',
  gradientAccumulationDtype: 'fp32',
  gradientCopyForStep: true,
  vocabularyMultiple: 128,
  logits: 'sharded',
  lossBytesPerLogit: { saved: 4, peak: 6 },
  asyncTensorParallel: false,
  tensorOverlap: 'weight-gradient',
  overlapsGradients: false,
  overlapsParameters: false,
  gradientBucketBytes: 160_000_000,
  pipelineTransfers: 'blocking',
  scattersPipelineTransfers: true,
  hostSecondsPerLayer: { forward: 0.9e-3, backward: 1.4e-3 },
  hostTensorFactor: 1.38,
  hostSecondsPerStep: 0,
  contextBytes: 0.5e9,
  fragmentation: 0.03,
  workspaceBytes: 1.5 * 2 ** 30,
  defaults: { zeroStage: 0, placement: 'PDT', sequenceParallel: false, schedule: '1f1b' },
  sources: {
    kernels: 'R: Megatron-LM v2.6 to v3.0, fused_kernels/; arXiv 2104.04473 section 4.2',
    lossBytesPerLogit:
      'V: Megatron-LM core/tensor_parallel/cross_entropy.py (fp32 softmax kept, bf16 gradient beside it)',
    tensorOverlap: 'R: arXiv 2205.05198 section 4 (all-reduce of the input gradient beside the weight-gradient GEMM)',
    gradientBucketBytes: 'V: Megatron-LM distributed data parallel: 40 million fp32 elements a bucket',
    pipelineTransfers:
      'V: Megatron-LM core/pipeline_parallel/p2p_communication.py: batched send and receive, waited for at once',
    scattersPipelineTransfers: 'R: arXiv 2104.04473 section 4.1, scatter/gather of pipeline transfers',
    host: 'fitted to launch-bound steps of small models on A100 (arXiv 2312.12391, published measurements)',
    memory:
      'V: CUDA context 0.47 GiB lazily loaded on A100 (stas00/ml-engineering); D: workspace and slack from arXiv 2401.10241 peaks',
  },
};
