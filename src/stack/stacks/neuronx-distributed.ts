import type { Stack } from '../stack.ts';
import { megatron2021 } from './megatron-2021.ts';

/** NeuronX Distributed on Trainium: ahead-of-time compiled graphs, ZeRO-1. */
export const neuronxDistributed: Stack = {
  ...megatron2021,
  name: 'neuronx-distributed',
  summary: 'NeuronX Distributed on Trainium: compiled graphs, ZeRO-1',
  vendors: ['AWS'],
  attention: 'fused-softmax',
  fusesSoftmaxBeforeDropout: false,
  persistentNorm: false,
  compiled: true,
  gradientReduceDtype: 'bf16',
  fp16Gradients: false,
  gradientCopyForStep: false,
  shardPadding: 'none',
  vocabularyMultiple: 1,
  lossBytesPerLogit: { saved: 4, peak: 6, forward: 16, backward: 10 },
  tensorOverlap: 'none',
  overlapsGradients: false,
  gradientBucketBytes: 130_000_000,
  pipelineTransfers: 'async',
  scattersPipelineTransfers: false,
  hostSecondsPerLayer: { forward: 0, backward: 0 },
  hostTensorFactorPerRank: 0,
  hostWaitsForTransfers: 'none',
  hostWaitsForBatches: false,
  contextBytes: 96 * 2 ** 20,
  communicatorBytes: 0,
  workspaceBytes: 1 * 2 ** 30,
  defaults: { zeroStage: 1, placement: 'PDT', sequenceParallel: false, schedule: '1f1b' },
  sources: {
    kernels: 'V: aws-neuron/neuronx-distributed fbac349; neuronx-cc compiles a whole graph',
    fusesSoftmaxBeforeDropout:
      'V: scripts for Llama set NEURON_FUSE_SOFTMAX (aws-neuron/neuronx-distributed-training); those for BERT (torch-neuronx tutorial) and GPT-3, which have dropout, do not (aws-neuron/neuronx-nemo-megatron train_setup.sh)',
    numbers:
      'V: neuronx-distributed mixed_precision_config: masters and fp32 gradient accumulation follow zero_one_enabled',
    lossBytesPerLogit:
      'D: compiled: maximum 2, exponential 6 and quotient 8 bytes; the gradient and its cast 10; fp32 softmax kept as in Megatron',
    gradientBucketBytes: 'V: neuronx-distributed: reduce-scatter buckets of 130 MB',
    overlap: 'V: neuronx-distributed pipeline/scheduler.py: gradients are reduced after the last backward pass',
    memory: 'V: 96 MB of microcode a physical core (Neuron documentation, device memory)',
  },
};
