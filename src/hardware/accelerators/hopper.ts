import type { Accelerator } from '../accelerator.ts';
import { derived, recalled, seen } from './sources.ts';
import { h100UsableBytes, h100UsableSource, usableAsH100, usableAsH100Source } from './usable.ts';

/** NVIDIA H100 SXM5, 80 GiB. */
export const h100Sxm5Of80: Accelerator = {
  name: 'h100-sxm5-80',
  vendor: 'NVIDIA',
  generation: 'hopper',
  memoryBytes: 80 * 2 ** 30,
  usableMemoryBytes: h100UsableBytes,
  memoryBytesPerSecond: 3_350e9,
  cacheBytes: 50 * 2 ** 20,
  flopsPerSecond: { fp32: 67e12, tf32: 494.5e12, bf16: 989e12, fp16: 989e12, fp8: 1_979e12 },
  multiprocessors: 132,
  measuredMatmulFlopsPerSecond: { bf16: 794.5e12, fp8: 1_382.2e12 },
  powerWatts: 700,
  link: { name: 'NVLink4', bytesPerSecond: 450e9 },
  sources: {
    memoryBytes: seen('karpenter', '81,920 MiB'),
    usableMemoryBytes: h100UsableSource,
    memoryBytesPerSecond: seen('engineering'),
    cacheBytes: seen('engineering'),
    flopsPerSecond: seen('engineering', 'dense'),
    multiprocessors: seen('engineering'),
    measuredMatmulFlopsPerSecond: `${seen('engineering', 'best shape in 16 bits')}; ${seen('azure', 'best shape in 8')}`,
    powerWatts: seen('engineering'),
    link: seen('engineering', '18 links of 25 GB/s one way'),
  },
};

/** NVIDIA H200 SXM, sold as 141 GB: an H100 with more and faster memory. */
export const h200Sxm: Accelerator = {
  ...h100Sxm5Of80,
  name: 'h200-sxm-141',
  memoryBytes: 144_384 * 2 ** 20,
  usableMemoryBytes: usableAsH100(144_384 * 2 ** 20),
  memoryBytesPerSecond: 4_800e9,
  measuredMatmulFlopsPerSecond: { bf16: 794.5e12, fp8: 1_366.3e12 },
  sources: {
    ...h100Sxm5Of80.sources,
    memoryBytes: seen('karpenter', '144,384 MiB'),
    usableMemoryBytes: usableAsH100Source,
  },
};

/** NVIDIA H800: an H100 with 8 of the 18 NVLinks. */
export const h800: Accelerator = {
  name: 'h800',
  vendor: 'NVIDIA',
  generation: 'hopper',
  memoryBytes: 80 * 2 ** 30,
  usableMemoryBytes: h100UsableBytes,
  memoryBytesPerSecond: 3_350e9,
  flopsPerSecond: { fp32: 67e12, tf32: 494.5e12, bf16: 989e12, fp16: 989e12, fp8: 1_979e12 },
  multiprocessors: 132,
  measuredMatmulFlopsPerSecond: { bf16: 794.5e12, fp8: 1_382.2e12 },
  powerWatts: 700,
  link: { name: 'NVLink4 (reduced)', bytesPerSecond: 200e9 },
  sources: {
    memoryBytes: recalled(),
    usableMemoryBytes: usableAsH100Source,
    memoryBytesPerSecond: recalled(),
    flopsPerSecond: recalled('as the H100; fp16 equals bf16'),
    multiprocessors: recalled(),
    measuredMatmulFlopsPerSecond: derived('as the H100: the same processor'),
    powerWatts: recalled(),
    link: recalled('8 links of 25 GB/s one way'),
  },
};
