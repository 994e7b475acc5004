import type { Stack } from '../stack.ts';
import { fsdp1 } from './fsdp1.ts';

/** PyTorch fully_shard as torchtitan uses it, compiled or eager. */
export const fsdp2: Stack = {
  ...fsdp1,
  name: 'fsdp2',
  summary: 'PyTorch FSDP2 as in torchtitan: per-parameter sharding, torch.compile, async tensor parallelism',
  attentionSkipsMasked: true,
  compiled: true,
  gradientReduceDtype: 'fp32',
  lossBytesPerLogit: { saved: 6, peak: 10, forward: 16, backward: 10 },
  sources: { ...fsdp1.sources, kernels: 'V: pytorch/torchtitan b5bcd76' },
};
