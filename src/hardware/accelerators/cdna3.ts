import type { Accelerator } from '../accelerator.ts';
import { recalled, seen } from './sources.ts';

/** AMD Instinct MI300X. */
export const mi300x: Accelerator = {
  name: 'mi300x',
  vendor: 'AMD',
  generation: 'cdna3',
  memoryBytes: 192 * 2 ** 30,
  usableMemoryBytes: 206_141_652_992,
  memoryBytesPerSecond: 5.3e12,
  flopsPerSecond: { fp32: 163.4e12, tf32: 653.7e12, bf16: 1_307e12, fp16: 1_307e12, fp8: 2_614e12 },
  measuredMatmulFlopsPerSecond: { bf16: 668.4e12 },
  powerWatts: 750,
  link: { name: 'Infinity Fabric', bytesPerSecond: 448e9 },
  sources: {
    memoryBytes: seen('amd', '192 GB, read as GiB'),
    usableMemoryBytes: recalled('total of rocm-smi'),
    memoryBytesPerSecond: seen('amd'),
    flopsPerSecond: recalled('dense; seen only rounded to 1,300 and 2,610 TFLOP/s'),
    measuredMatmulFlopsPerSecond: seen('engineering', 'best shape'),
    powerWatts: seen('engineering'),
    link: seen('engineering', '7 links of 64 GB/s one way'),
  },
};
