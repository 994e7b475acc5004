import type { Stack } from '../stack.ts';
import { megatron2021 } from './megatron-2021.ts';

/** Megatron-DeepSpeed: Megatron's kernels on DeepSpeed's pipeline engine, which hides neither transfers nor gradients. */
export const megatronDeepspeed: Stack = {
  ...megatron2021,
  name: 'megatron-deepspeed',
  summary: "Megatron's kernels on DeepSpeed's pipeline engine",
  persistentNorm: false,
  gradientAccumulation: 'separate',
  gradientReduceDtype: 'bf16',
  gradientAccumulationDtype: 'fp16',
  fp16Gradients: false,
  gradientCopyForStep: true,
  shardPadding: 'tensors',
  offloads: { activations: 'checkpoints', optimizer: true, parameters: false, horizon: 1, horizonIn: 'layers' },
  keepsPipelineOutputs: true,
  bucketCopyBytes: 2e9,
  gathers: { mostLiveParameters: 1e9, persistenceThreshold: 1e5, bucketElements: 0 },
  communicatorBytes: 1.1e9,
  fragmentation: 0.1,
  scattersPipelineTransfers: true,
  hostWaitsForTransfers: 'none',
  hostWaitsForBatches: false,
  pipelineCaution:
    'Large runs on this pipeline engine took longer than foretrain says, and it does not know why: MT-NLG 530B by 18 to 23%, GPT-NeoX-20B by 27%.',
  sources: {
    ...megatron2021.sources,
    gradientAccumulationDtype:
      "V: deepspeedai/DeepSpeed runtime/zero/stage_1_and_2.py: 16-bit gradients, an fp32 copy of this rank's share at the step",
    shardPadding:
      'V: DeepSpeed runtime/zero/stage_1_and_2.py (flat groups aligned to 2 elements a rank) and partition_parameters.py (each tensor)',
    offloads: 'V: DeepSpeed runtime/activation_checkpointing (cpu_checkpointing) and zero/offload_config.py',
    keepsPipelineOutputs:
      'V: DeepSpeed runtime/pipe/engine.py: pipe_buffers keep inputs and outputs of every microbatch in flight',
    bucketCopyBytes: 'V: DeepSpeed runtime/zero/config.py: reduce and all-gather buckets of 5e8 elements, 2 bytes each',
    gathers:
      'V: DeepSpeed runtime/zero/config.py: max_live_parameters 1e9, param_persistence_threshold 1e5; partitioned_param_coordinator.py gathers ahead until that many are there',
    communicatorBytes:
      "V: github.com/NVIDIA/nccl/issues/964: 544 MB a communicator on A100; DeepSpeed runtime/pipe/topology.py makes groups of its own beside Megatron's, so each counts twice",
    fragmentation: 'D: bigscience-workshop/bigscience tr11-176B-ml: what the driver showed over what tensors take',
    kernels: 'R: bigscience-workshop/Megatron-DeepSpeed, fused_kernels/',
    tensorOverlap:
      'V: microsoft/Megatron-DeepSpeed 1de4f54 megatron/core/tensor_parallel/layers.py; the older bigscience-workshop fork (119a0d2 megatron/mpu/layers.py) overlaps nothing',
    hostWaitsForTransfers:
      'D: DeepSpeed waits for the shape of a transfer that was cut (runtime/utils.py, PartitionedTensor.from_meta), and stages at the ends for batches; what that costs is part of the host time fitted',
    pipelineTransfers: 'V: DeepSpeed runtime/pipe/schedule.py: blocking pairs of send and receive',
  },
};
