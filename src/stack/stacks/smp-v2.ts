import type { Stack } from '../stack.ts';
import { fsdp1 } from './fsdp1.ts';
import { megatronCore } from './megatron-core.ts';

/** SageMaker's model-parallel library, second version: FSDP with tensor parallelism and hybrid sharding. */
export const smpV2: Stack = {
  ...fsdp1,
  name: 'smp-v2',
  summary: "SageMaker's model-parallel library v2: FSDP with hybrid sharding and Transformer Engine",
  attentionSkipsMasked: 'all',
  fusedElementwise: true,
  offloads: { activations: 'checkpoints', optimizer: false, parameters: false, horizon: 2, horizonIn: 'layers' },
  fusedProjections: 'all',
  exchangesScales: megatronCore.exchangesScales,
  hostFactorIn8Bits: megatronCore.hostFactorIn8Bits,
  sources: {
    ...fsdp1.sources,
    attentionSkipsMasked: 'R: attention of Transformer Engine and FlashAttention, told that the mask is causal',
    offloads: 'V: SageMaker documentation, model parallel library v2 reference: activation_loading_horizon 2',
    exchangesScales:
      'V: SageMaker documentation, mixed precision training: FP8 by Transformer Engine from version 2.2 on',
    hostFactorIn8Bits: megatronCore.sources.hostFactorIn8Bits!,
    kernels: 'V: SageMaker documentation, model parallel library v2 reference',
  },
};
