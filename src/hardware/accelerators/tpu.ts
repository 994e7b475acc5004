import type { Accelerator } from '../accelerator.ts';
import { derived, seen } from './sources.ts';

const nominal = derived('nominal');

/** Google TPU v4, one chip. */
export const tpuV4: Accelerator = {
  name: 'tpu-v4',
  vendor: 'Google',
  generation: 'tpu',
  memoryBytes: 32 * 2 ** 30,
  usableMemoryBytes: 32 * 2 ** 30,
  memoryBytesPerSecond: 1.2e12,
  flopsPerSecond: { bf16: 275e12 },
  link: { name: 'ICI', bytesPerSecond: 6 * 45e9 },
  sources: {
    memoryBytes: seen('scalingBook'),
    usableMemoryBytes: nominal,
    memoryBytesPerSecond: seen('scalingBook'),
    flopsPerSecond: seen('scalingBook'),
    link: seen('scalingBook', '6 links of 45 GB/s one way'),
  },
};

/** Google TPU v5p, one chip. */
export const tpuV5p: Accelerator = {
  name: 'tpu-v5p',
  vendor: 'Google',
  generation: 'tpu',
  memoryBytes: 95 * 2 ** 30,
  usableMemoryBytes: 95 * 2 ** 30,
  memoryBytesPerSecond: 2.76e12,
  flopsPerSecond: { bf16: 459e12 },
  link: { name: 'ICI', bytesPerSecond: 6 * 100e9 },
  sources: {
    memoryBytes: seen('engineering', '95 GB, read as GiB; scaling-book says 96'),
    usableMemoryBytes: nominal,
    memoryBytesPerSecond: seen('scalingBook'),
    flopsPerSecond: seen('scalingBook'),
    link: seen('scalingBook', '6 links of 100 GB/s one way; another source says 4,800 Gbps a chip'),
  },
};
