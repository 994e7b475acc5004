import type { Stack } from '../stack.ts';
import { megatron2021 } from './megatron-2021.ts';

/** SageMaker's model-parallel library, first version: dynamic pipeline, tensor ranks as data-parallel ranks, optimizer sharding. */
export const smpV1: Stack = {
  ...megatron2021,
  name: 'smp-v1',
  summary: "SageMaker's model-parallel library v1: dynamic pipeline, tensor parallelism, optimizer sharding",
  attention: 'fused-softmax',
  persistentNorm: false,
  gradientReduceDtype: 'fp16',
  gradientAccumulationDtype: 'fp16',
  gradientCopyForStep: true,
  shardPadding: 'none',
  keepsPipelineOutputs: true,
  gathers: { mostLiveParameters: 1e9, persistenceThreshold: 1e6, bucketElements: 5e8 },
  offloads: { activations: 'checkpoints', optimizer: false, parameters: false, horizon: 4, horizonIn: 'tasks' },
  vocabularyMultiple: 1,
  lossBytesPerLogit: { saved: 6, peak: 14, forward: 16, backward: 10 },
  gradientAccumulation: 'separate',
  tensorOverlap: 'none',
  overlapsGradients: true,
  gradientBucketBytes: 25_000_000,
  pipelineTransfers: 'link',
  scattersPipelineTransfers: false,
  hostWaitsForTransfers: 'none',
  hostWaitsForBatches: false,
  defaults: { zeroStage: 0, placement: 'DPT', sequenceParallel: false, schedule: 'smp-interleaved' },
  sources: {
    ...megatron2021.sources,
    kernels: 'R: distributed transformer layers of the library use fused softmax, bias-GELU and layer-norm kernels',
    keepsPipelineOutputs: 'V: SageMaker SDK documentation: a checkpoint saves its input and its output',
    offloads:
      'V: SageMaker developer guide: offload_activations copies checkpointed activations; activation_loading_horizon 4 tasks',
    gathers:
      'V: SageMaker SDK documentation, sharded data parallelism: sdp_max_live_parameters 1e9, sdp_param_persistence_threshold 1e6, sdp_reduce_bucket_size 5e8',
    numbers: 'V: SageMaker developer guide, optimizer state sharding: 2 + 2 + 8 + 4 + 4 = 20 bytes a parameter',
    vocabularyMultiple:
      'V: SageMaker SDK documentation: the embedding is split along its width, so the vocabulary needs no padding',
    lossBytesPerLogit: 'D: torch cross_entropy on float logits, of the samples each tensor rank owns',
    gradientBucketBytes: 'V: SageMaker SDK documentation: bucket_cap_mb 25; overlapping_allreduce on by default',
    pipelineTransfers:
      'V: SageMaker developer guide: an execution server a device answers requests beside the computation',
  },
};
