import type { Stack } from '../stack.ts';
import { megatron2021 } from './megatron-2021.ts';

/** The trainer of arXiv 2311.05610: logits whole on every tensor rank, 2-byte gradients. */
export const alephAlphaScaling: Stack = {
  ...megatron2021,
  name: 'aleph-alpha-scaling',
  summary: 'Aleph Alpha scaling (arXiv 2311.05610): logits whole on every tensor rank, 2-byte gradients',
  attention: 'flash2',
  persistentNorm: false,
  fusedElementwise: false,
  fusedProjections: 'attention',
  gradientAccumulation: 'separate',
  checkpoints: 'all',
  tensorOverlap: 'none',
  reducesInputGradients: 'by-linear',
  keepsGatheredInputs: true,
  gathersInputsAgain: false,
  gradientReduceDtype: 'fp32',
  averagesWholeGradients: true,
  gradientAccumulationDtype: 'bf16',
  fp16Gradients: false,
  gradientCopyForStep: false,
  shardPadding: 'none',
  logits: 'whole',
  lossBytesPerLogit: { saved: 6, peak: 18, forward: 18, backward: 22 },
  fusedSoftmaxBytes: 4,
  workspaceBytes: 0,
  fragmentation: 0.1,
  defaults: { zeroStage: 1, placement: 'PDT', sequenceParallel: false, schedule: '1f1b' },
  sources: {
    ...megatron2021.sources,
    kernels:
      'V: github.com/Aleph-Alpha/scaling, core/nn: query, key and value in one product, gate and up in two, SwiGLU and rotation in plain kernels',
    reducesInputGradients: 'V: the same, linear/column_parallel_linear.py: each copies its input to its tensor group',
    gathersInputsAgain: 'V: the same, norm/rms_norm.py gathers once, and linears keep what they were given',
    checkpoints: 'V: the same, parallel_module/parallel_module.py: every layer that it strings together, head included',
    averagesWholeGradients:
      'V: the same, optimizer/optimizer.py and allreduce.py: all-reduced in fp32 under ZeRO as well, 500 million at a time',
    logits:
      'D: out-of-memory rows of the published run sheets are decided by logits that tensor parallelism does not divide',
    lossBytesPerLogit:
      'D: bf16 logits 2, their fp32 copy 4, log-softmax 4 and two fp32 gradients 8, all alive at once; those run sheets agree; passes counted: cast 6, log-softmax 8, most likely token 4; 22 back',
    hostWaitsForTransfers:
      'V: the same, transformer/data/utils.py: a mask picks the lengths of sequences out of what arrived',
    hostWaitsForBatches: 'V: the same, core/data/broadcast_data.py: sizes are copied back from the device',
    fusedSoftmaxBytes:
      'D: runs of those sheets with fused softmax ran out of memory as if its input were kept besides its output',
    fragmentation:
      'fitted to the run sheets of arXiv 2311.05610: slack that the caching allocator reserves for what comes and goes (holes between blocks, 2 MiB rounding)',
  },
};
