import type { Accelerator } from '../accelerator.ts';
import { derived, recalled, seen } from './sources.ts';
import { a100UsableBytes, a100UsableSource, usableAsA100, usableAsA100Source } from './usable.ts';

/** NVIDIA A100 SXM4, 80 GiB. */
export const a100Sxm4Of80: Accelerator = {
  name: 'a100-sxm4-80',
  vendor: 'NVIDIA',
  generation: 'ampere',
  memoryBytes: 80 * 2 ** 30,
  usableMemoryBytes: a100UsableBytes,
  memoryBytesPerSecond: 2_039e9,
  cacheBytes: 40 * 2 ** 20,
  flopsPerSecond: { fp32: 19.5e12, tf32: 156e12, bf16: 312e12, fp16: 312e12 },
  multiprocessors: 108,
  measuredMatmulFlopsPerSecond: { bf16: 271.2e12 },
  powerWatts: 400,
  link: { name: 'NVLink3', bytesPerSecond: 300e9 },
  sources: {
    memoryBytes: seen('karpenter', '81,920 MiB'),
    usableMemoryBytes: a100UsableSource,
    memoryBytesPerSecond: recalled('vendor data sheet; ml-engineering rounds it to 2.00 TB/s'),
    cacheBytes: seen('engineering'),
    flopsPerSecond: seen('engineering', 'dense'),
    multiprocessors: seen('engineering', '432 tensor cores, 4 a multiprocessor'),
    measuredMatmulFlopsPerSecond: seen('engineering', 'best shape'),
    powerWatts: seen('engineering'),
    link: seen('engineering', '12 links of 25 GB/s one way'),
  },
};

/** NVIDIA A100 SXM4, 40 GiB: the same processor with slower and smaller memory. */
export const a100Sxm4Of40: Accelerator = {
  ...a100Sxm4Of80,
  name: 'a100-sxm4-40',
  memoryBytes: 40 * 2 ** 30,
  usableMemoryBytes: usableAsA100(40 * 2 ** 30),
  memoryBytesPerSecond: 1_555e9,
  sources: {
    ...a100Sxm4Of80.sources,
    memoryBytes: seen('karpenter', '40,960 MiB'),
    usableMemoryBytes: usableAsA100Source,
    memoryBytesPerSecond: recalled(),
    measuredMatmulFlopsPerSecond: derived(
      'as the A100 of 80 GiB: the same processor, and the best shape is not bound by memory',
    ),
  },
};

/** NVIDIA A10G. */
export const a10g: Accelerator = {
  name: 'a10g',
  vendor: 'NVIDIA',
  generation: 'ampere',
  memoryBytes: 22_888 * 2 ** 20,
  usableMemoryBytes: usableAsA100(22_888 * 2 ** 20),
  memoryBytesPerSecond: 600e9,
  flopsPerSecond: { fp32: 35e12, tf32: 35e12, bf16: 70e12, fp16: 70e12 },
  multiprocessors: 80,
  powerWatts: 300,
  link: { name: 'PCIe4', bytesPerSecond: 31e9 },
  sources: {
    memoryBytes: seen('karpenter', '22,888 MiB'),
    usableMemoryBytes: usableAsA100Source,
    memoryBytesPerSecond: recalled(),
    flopsPerSecond: recalled('A10G data sheet, dense; public values for its tensor cores contradict one another'),
    multiprocessors: recalled(),
    powerWatts: recalled(),
    link: seen('engineering', 'PCIe 4 x16 specification'),
  },
};
