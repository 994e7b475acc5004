import type { Accelerator } from '../accelerator.ts';
import { efficiencyOf } from '../efficiency.ts';

/** Time of kernels that do little but read and write `bytes` together; nothing to move is no kernel. */
export function memoryBoundSeconds(
  accelerator: Accelerator,
  bytes: number,
  kind: 'elementwise' | 'norm' | 'activation' | 'writtenOut' = 'elementwise',
  kernels = 1,
): number {
  if (bytes === 0) return 0;
  const efficiency = efficiencyOf(accelerator);
  return kernels * efficiency.kernelSeconds + bytes / (accelerator.memoryBytesPerSecond * efficiency[kind]);
}
