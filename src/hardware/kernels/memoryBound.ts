import type { Accelerator } from '../accelerator.ts';
import { efficiencyOf } from '../efficiency.ts';

/** Time of a kernel that does little but read and write `bytes`; nothing to move is no kernel. */
export function memoryBoundSeconds(
  accelerator: Accelerator,
  bytes: number,
  kind: 'elementwise' | 'norm' | 'activation' = 'elementwise',
): number {
  if (bytes === 0) return 0;
  const efficiency = efficiencyOf(accelerator);
  return efficiency.kernelSeconds + bytes / (accelerator.memoryBytesPerSecond * efficiency[kind]);
}
