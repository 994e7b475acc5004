import type { Stack } from '../stack.ts';
import { megatron2021 } from './megatron-2021.ts';

/** Megatron-Core with Transformer Engine: fused attention, overlapped tensor communication, fp8. */
export const megatronCore: Stack = {
  ...megatron2021,
  name: 'megatron-core',
  summary: 'Megatron-Core with Transformer Engine: overlapped tensor communication, distributed optimizer, fp8',
  attention: 'flash3',
  lossBytesPerLogit: { saved: 4, peak: 6, forward: 6, backward: 4 },
  unfusedLossBytesPerLogit: megatron2021.lossBytesPerLogit,
  gradientReduceDtype: 'bf16',
  gradientAccumulationDtype: 'bf16',
  offloads: { activations: 'tensors', optimizer: true, parameters: false, horizon: 1, horizonIn: 'layers' },
  keepsDummyGradients: true,
  workspaceBytes: 300e6,
  gradientCopyForStep: true,
  exchangesScales: true,
  tensorOverlap: 'pipelined',
  narrowGathers: 'tensor',
  contextParallel: 'ring',
  overlapsGradients: true,
  overlapsParameters: true,
  registersBuffers: true,
  pipelineTransfers: 'blocking',
  hostWaitsForTransfers: 'plain',
  hostWaitsForBatches: false,
  hostSecondsPerLayer: { forward: 0.6e-3, backward: 0.9e-3 },
  hostFactorIn8Bits: 2.8,
  defaults: { zeroStage: 1, placement: 'PDT', sequenceParallel: true, schedule: '1f1b' },
  sources: {
    ...megatron2021.sources,
    kernels: 'V: Transformer Engine d0067d0: fused attention of cuDNN, at the rate of FlashAttention 3 on Hopper',
    lossBytesPerLogit:
      'V: recipes of NVIDIA-NeMo/Megatron-Bridge (cross_entropy_fusion_impl te) and Transformer Engine cross_entropy.py: two readings and the gradient written over the logits; peaks that were measured have the native loss, which needs more, so memory stays with that one; unfused: Megatron-LM itself, whose loss in torch.compile moves no fewer (core/fusions/fused_cross_entropy.py: values that are both written and summed are written twice), before github.com/NVIDIA/TransformerEngine/pull/1456',
    tensorOverlap:
      'V: Megatron-Core --tp-comm-overlap: all-gather and reduce-scatter cut into pieces beside their GEMM',
    exchangesScales:
      'V: Megatron-LM core/transformer/transformer_block.py: one fp8_autocast a pass, tp_only_amax_red false',
    overlap: 'V: --overlap-grad-reduce and --overlap-param-gather in the recipes of NVIDIA-NeMo/Megatron-Bridge',
    registersBuffers: 'V: recipes of NVIDIA-NeMo/Megatron-Bridge: nccl_ub with Megatron-FSDP on H100',
    contextParallel: 'V: Megatron-LM --cp-comm-type, p2p by default',
    hostFactorIn8Bits:
      'D: between more than twice, a layer forward (github.com/NVIDIA/TransformerEngine/issues/761), and 3.6 times, a linear both ways (the same, 445)',
    pipelineTransfers: 'V: Megatron-LM core/model_parallel_config.py: overlap_p2p_comm with interleaving',
    offloads: 'V: Megatron-LM core/pipeline_parallel/fine_grained_activation_offload.py; core/optimizer/cpu_offloading',
    keepsDummyGradients:
      'V: NVIDIA/TransformerEngine d0067d0 pytorch/module/base.py: get_dummy_wgrad keeps one a shape',
    gradientCopyForStep:
      'V: Megatron-LM core/optimizer/distrib_optimizer.py: a rank casts its shard of 16-bit gradients to fp32 before it steps',
    gradientReduceDtype: 'V: NVIDIA-NeMo/Megatron-Bridge recipes: grad_reduce_in_fp32 false',
  },
};
