import type { Accelerator } from '../accelerator.ts';
import { efficiencyOf } from '../efficiency.ts';

/** Time of a kernel that does little but read and write `bytes`; nothing to move is no kernel. */
export function memoryBoundSeconds(accelerator: Accelerator, bytes: number): number {
  if (bytes === 0) return 0;
  const { elementwise, kernelSeconds } = efficiencyOf(accelerator);
  return kernelSeconds + bytes / (accelerator.memoryBytesPerSecond * elementwise);
}
