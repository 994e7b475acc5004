import type { Accelerator } from '../accelerator.ts';
import { recalled, seen } from './sources.ts';
import { usableAsA100, usableAsA100Source } from './usable.ts';

/** NVIDIA L40S. */
export const l40s: Accelerator = {
  name: 'l40s',
  vendor: 'NVIDIA',
  generation: 'ada',
  memoryBytes: 45_776 * 2 ** 20,
  usableMemoryBytes: usableAsA100(45_776 * 2 ** 20),
  memoryBytesPerSecond: 864e9,
  flopsPerSecond: { fp32: 91.6e12, tf32: 183e12, bf16: 362e12, fp16: 362e12, fp8: 733e12 },
  multiprocessors: 142,
  powerWatts: 350,
  link: { name: 'PCIe4', bytesPerSecond: 31e9 },
  sources: {
    memoryBytes: seen('karpenter', '45,776 MiB'),
    usableMemoryBytes: usableAsA100Source,
    memoryBytesPerSecond: seen('engineering', '0.86 TB/s; 864 GB/s recalled'),
    flopsPerSecond: seen('engineering', 'dense'),
    multiprocessors: recalled(),
    powerWatts: seen('engineering'),
    link: seen('engineering', 'PCIe 4 x16 specification'),
  },
};
