import type { Stack } from '../stack.ts';
import { megatron2021 } from './megatron-2021.ts';

/** The trainer of arXiv 2311.05610: logits whole on every tensor rank, 2-byte gradients. */
export const alephAlphaScaling: Stack = {
  ...megatron2021,
  name: 'aleph-alpha-scaling',
  summary: 'Aleph Alpha scaling (arXiv 2311.05610): logits whole on every tensor rank, 2-byte gradients',
  attention: 'flash2',
  fusedElementwise: false,
  tensorOverlap: 'none',
  gradientReduceDtype: 'bf16',
  gradientAccumulationDtype: 'bf16',
  gradientCopyForStep: false,
  logits: 'whole',
  lossBytesPerLogit: { saved: 6, peak: 14, forward: 16, backward: 10 },
  workspaceBytes: 3 * 2 ** 30,
  fragmentation: 0.05,
  defaults: { zeroStage: 1, placement: 'PDT', sequenceParallel: false, schedule: '1f1b' },
  sources: {
    ...megatron2021.sources,
    kernels: 'R: arXiv 2311.05610 and its published run sheets',
    logits:
      'D: out-of-memory rows of the published run sheets are decided by logits that tensor parallelism does not divide',
    memory:
      'fitted to the published run sheets of arXiv 2311.05610: allocator slack 5% of what comes and goes, 3 GiB of workspace',
  },
};
