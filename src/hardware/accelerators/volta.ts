import type { Accelerator } from '../accelerator.ts';
import { recalled, seen } from './sources.ts';
import { usableAsA100, usableAsA100Source } from './usable.ts';

/** NVIDIA V100 SXM2, 16 GiB. */
export const v100Sxm2Of16: Accelerator = {
  name: 'v100-sxm2-16',
  vendor: 'NVIDIA',
  generation: 'volta',
  memoryBytes: 16 * 2 ** 30,
  usableMemoryBytes: usableAsA100(16 * 2 ** 30),
  memoryBytesPerSecond: 900e9,
  flopsPerSecond: { fp32: 15.7e12, fp16: 125e12 },
  multiprocessors: 80,
  powerWatts: 300,
  link: { name: 'NVLink2', bytesPerSecond: 150e9 },
  sources: {
    memoryBytes: recalled(),
    usableMemoryBytes: usableAsA100Source,
    memoryBytesPerSecond: recalled(),
    flopsPerSecond: recalled(),
    multiprocessors: recalled(),
    powerWatts: recalled(),
    link: seen('engineering', '6 links of 25 GB/s one way'),
  },
};

/** NVIDIA V100 SXM2, 32 GiB. */
export const v100Sxm2Of32: Accelerator = {
  ...v100Sxm2Of16,
  name: 'v100-sxm2-32',
  memoryBytes: 32 * 2 ** 30,
  usableMemoryBytes: usableAsA100(32 * 2 ** 30),
  sources: { ...v100Sxm2Of16.sources, memoryBytes: seen('karpenter', '32,768 MiB') },
};
