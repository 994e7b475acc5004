import { l40s } from '../accelerators/ada.ts';
import { a10g } from '../accelerators/ampere.ts';
import { rtxPro6000 } from '../accelerators/blackwell.ts';
import { derived, recalled, seen } from '../accelerators/sources.ts';
import type { Instance } from '../instance.ts';
import { onDemandOf2026 } from './prices.ts';

/** Graphics instances: GPUs without NVLink. */
export const g: readonly Instance[] = [
  {
    name: 'g5.48xlarge',
    accelerator: a10g,
    ranks: 8,
    chips: 8,
    topology: { kind: 'pcie' },
    networkBytesPerSecond: 100e9 / 8,
    networkCards: 1,
    fabric: 'efa',
    efaGeneration: 1,
    networkLatencyHintSeconds: 75e-6,
    gpuDirect: false,
    hostLinkBytesPerSecond: 31e9,
    hostMemoryBytes: 768 * 2 ** 30,
    localStorageBytes: 7.6e12,
    virtualCpus: 192,
    onDemand: [onDemandOf2026(16.288)],
    capacityBlock: [],
    sources: {
      shape: seen('karpenter'),
      efaGeneration: recalled('EFA generation'),
      networkLatencyHintSeconds: seen('ofi'),
      gpuDirect: seen('ofi'),
      hostLinkBytesPerSecond: recalled('PCIe 4 x16 specification'),
    },
  },
  {
    name: 'g6e.48xlarge',
    accelerator: l40s,
    ranks: 8,
    chips: 8,
    topology: { kind: 'pcie' },
    networkBytesPerSecond: 400e9 / 8,
    networkCards: 4,
    fabric: 'efa',
    hostLinkBytesPerSecond: 31e9,
    hostMemoryBytes: 1_536 * 2 ** 30,
    localStorageBytes: 7.6e12,
    virtualCpus: 192,
    onDemand: [onDemandOf2026(30.13118)],
    capacityBlock: [],
    sources: {
      shape: seen('karpenter'),
      hostLinkBytesPerSecond: recalled('PCIe 4 x16 specification'),
      localStorageBytes: seen('karpenter', 'the AWS page is recalled to say 15.2 TB'),
    },
  },
  {
    name: 'g7e.48xlarge',
    accelerator: rtxPro6000,
    ranks: 8,
    chips: 8,
    topology: { kind: 'pcie' },
    networkBytesPerSecond: 1_600e9 / 8,
    networkCards: 4,
    fabric: 'efa',
    networkLatencyHintSeconds: 35e-6,
    hostLinkBytesPerSecond: 63e9,
    hostMemoryBytes: 2_048 * 2 ** 30,
    localStorageBytes: 15.2e12,
    virtualCpus: 192,
    onDemand: [onDemandOf2026(33.14432)],
    capacityBlock: [],
    sources: {
      shape: seen('karpenter'),
      networkLatencyHintSeconds: seen('ofi'),
      hostLinkBytesPerSecond: derived('PCIe 5 x16 specification'),
    },
  },
];
