import type { Accelerator } from '../accelerator.ts';
import { derived, recalled, seen } from './sources.ts';
import { usableAsH100, usableAsH100Source } from './usable.ts';

const fullRate = 'dense; mxfp8 at the rate of fp8';
const nvlink5 = { name: 'NVLink5', bytesPerSecond: 900e9 } as const;
const nvlink5Source = seen('engineering', '18 links of 50 GB/s one way');

/** NVIDIA B200 SXM, sold as 180 GB. */
export const b200Sxm: Accelerator = {
  name: 'b200-sxm-180',
  vendor: 'NVIDIA',
  generation: 'blackwell',
  memoryBytes: 183_359 * 2 ** 20,
  usableMemoryBytes: usableAsH100(183_359 * 2 ** 20),
  memoryBytesPerSecond: 8e12,
  flopsPerSecond: {
    fp32: 80e12,
    tf32: 1_125e12,
    bf16: 2_250e12,
    fp16: 2_250e12,
    fp8: 4_500e12,
    mxfp8: 4_500e12,
    nvfp4: 9_000e12,
  },
  multiprocessors: 148,
  measuredMatmulFlopsPerSecond: { bf16: 1_745e12, fp8: 2_593e12 },
  powerWatts: 1_000,
  link: nvlink5,
  sources: {
    memoryBytes: seen('karpenter', '183,359 MiB'),
    usableMemoryBytes: usableAsH100Source,
    memoryBytesPerSecond: seen('engineering'),
    flopsPerSecond: seen('engineering', fullRate),
    multiprocessors: recalled(),
    measuredMatmulFlopsPerSecond: `${seen('engineering', 'best shape in 16 bits')}; ${derived('in 8 the 2,819.5 TFLOP/s of a GB200 at the clock that 1,000 of its 1,200 W allow; 3,432.5 for a moment (ml-engineering)')}`,
    powerWatts: seen('engineering'),
    link: nvlink5Source,
  },
};

/** NVIDIA B300 SXM, 288 GB class. */
export const b300Sxm: Accelerator = {
  name: 'b300-sxm-288',
  vendor: 'NVIDIA',
  generation: 'blackwell',
  memoryBytes: 275_040 * 2 ** 20,
  usableMemoryBytes: usableAsH100(275_040 * 2 ** 20),
  memoryBytesPerSecond: 8e12,
  flopsPerSecond: {
    fp32: 80e12,
    tf32: 1_125e12,
    bf16: 2_250e12,
    fp16: 2_250e12,
    fp8: 4_500e12,
    mxfp8: 4_500e12,
    nvfp4: 12_600e12,
  },
  measuredMatmulFlopsPerSecond: { bf16: 1_769e12, fp8: 2_870e12 },
  powerWatts: 1_000,
  link: nvlink5,
  sources: {
    memoryBytes: seen('karpenter', '275,040 MiB'),
    usableMemoryBytes: usableAsH100Source,
    memoryBytesPerSecond: seen('engineering'),
    flopsPerSecond: seen('engineering', fullRate),
    measuredMatmulFlopsPerSecond: `${seen('engineering', 'best shape in 16 bits')}; ${derived('in 8 what fits the products of a layer that Transformer Engine profiled (8f2e635); 3,353.3 for a moment (ml-engineering)')}`,
    powerWatts: seen('engineering'),
    link: nvlink5Source,
  },
};

/** One GPU of an NVIDIA GB200. */
export const gb200Gpu: Accelerator = {
  name: 'gb200-gpu',
  vendor: 'NVIDIA',
  generation: 'blackwell',
  memoryBytes: 185e9,
  usableMemoryBytes: usableAsH100(185e9),
  memoryBytesPerSecond: 8e12,
  flopsPerSecond: {
    fp32: 80e12,
    tf32: 1_250e12,
    bf16: 2_500e12,
    fp16: 2_500e12,
    fp8: 5_000e12,
    mxfp8: 5_000e12,
    nvfp4: 10_000e12,
  },
  measuredMatmulFlopsPerSecond: { bf16: 1_822e12, fp8: 2_819.5e12 },
  powerWatts: 1_200,
  link: nvlink5,
  sources: {
    memoryBytes: seen('instances2026', '740 GB for four GPUs, read as decimal; the nameplate says 186 GB'),
    usableMemoryBytes: usableAsH100Source,
    memoryBytesPerSecond: seen('engineering'),
    flopsPerSecond: seen('engineering', fullRate),
    measuredMatmulFlopsPerSecond: `${seen('engineering', 'best shape in 16 bits')}; ${seen('azure', 'best shape in 8; 3,615.6 for a moment (ml-engineering)')}`,
    powerWatts: seen('engineering'),
    link: nvlink5Source,
  },
};

/** One GPU of an NVIDIA GB300. */
export const gb300Gpu: Accelerator = {
  name: 'gb300-gpu',
  vendor: 'NVIDIA',
  generation: 'blackwell',
  memoryBytes: 277e9,
  usableMemoryBytes: usableAsH100(277e9),
  memoryBytesPerSecond: 8e12,
  flopsPerSecond: {
    fp32: 80e12,
    tf32: 1_250e12,
    bf16: 2_500e12,
    fp16: 2_500e12,
    fp8: 5_000e12,
    mxfp8: 5_000e12,
    nvfp4: 15_000e12,
  },
  measuredMatmulFlopsPerSecond: { fp8: 3_308.5e12 },
  powerWatts: 1_400,
  link: nvlink5,
  sources: {
    memoryBytes: seen('instances2026', 'marked likely there'),
    usableMemoryBytes: usableAsH100Source,
    memoryBytesPerSecond: seen('engineering', 'the row of the B300'),
    flopsPerSecond: seen('engineering', `${fullRate}, fp16 at that of bf16`),
    measuredMatmulFlopsPerSecond: seen('azure', 'best shape'),
    powerWatts: seen('engineering'),
    link: nvlink5Source,
  },
};

/** NVIDIA RTX PRO 6000 Blackwell Server Edition; no dense tensor peak was found. */
export const rtxPro6000: Accelerator = {
  name: 'rtx-pro-6000-bse',
  vendor: 'NVIDIA',
  generation: 'blackwell',
  memoryBytes: 96 * 2 ** 30,
  usableMemoryBytes: usableAsH100(96 * 2 ** 30),
  memoryBytesPerSecond: 1_597e9,
  flopsPerSecond: {},
  powerWatts: 600,
  link: { name: 'PCIe5', bytesPerSecond: 63e9 },
  sources: {
    memoryBytes: seen('karpenter', '98,304 MiB'),
    usableMemoryBytes: usableAsH100Source,
    memoryBytesPerSecond: recalled(),
    powerWatts: seen('engineering'),
    link: seen('engineering', 'PCIe 5 x16 specification'),
  },
};
