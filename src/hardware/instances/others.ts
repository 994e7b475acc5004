import { mi300x } from '../accelerators/cdna3.ts';
import { derived, recalled, seen } from '../accelerators/sources.ts';
import { tpuV4, tpuV5p } from '../accelerators/tpu.ts';
import type { Instance } from '../instance.ts';

const tpuSources = {
  shape: seen('scalingBook'),
  networkBytesPerSecond: derived('25 GB/s of data-centre network a host, four chips a host'),
  networkCards: derived('one a host'),
  hosts: derived('four chips a host'),
  fabric: recalled('data-centre Ethernet'),
} as const;

/** AMD and Google. */
export const others: readonly Instance[] = [
  {
    name: 'mi300x-platform',
    accelerator: mi300x,
    ranks: 8,
    chips: 8,
    topology: { kind: 'full-mesh', linkBytesPerSecond: 64e9 },
    networkBytesPerSecond: 3_200e9 / 8,
    networkCards: 8,
    fabric: 'roce',
    hostLinkBytesPerSecond: 63e9,
    onDemand: [],
    capacityBlock: [],
    sources: {
      shape: recalled('vendor data sheet of the platform'),
      topology: seen('engineering', '7 links of 64 GB/s one way, one to each other GPU'),
      fabric: recalled('cards of 400 Gbps, usually on Ethernet'),
    },
  },
  {
    name: 'tpu-v4-pod',
    accelerator: tpuV4,
    ranks: 4_096,
    chips: 4_096,
    hosts: 1_024,
    topology: { kind: 'torus', dimensions: [16, 16, 16], linkBytesPerSecond: 45e9, ranksPerChip: 1 },
    networkBytesPerSecond: 1_024 * 25e9,
    networkCards: 1_024,
    fabric: 'ethernet',
    hostLinkBytesPerSecond: 15e9,
    onDemand: [],
    capacityBlock: [],
    sources: tpuSources,
  },
  {
    name: 'tpu-v5p-pod',
    accelerator: tpuV5p,
    ranks: 8_960,
    chips: 8_960,
    hosts: 2_240,
    topology: { kind: 'torus', dimensions: [16, 20, 28], linkBytesPerSecond: 100e9, ranksPerChip: 1 },
    networkBytesPerSecond: 2_240 * 25e9,
    networkCards: 2_240,
    fabric: 'ethernet',
    hostLinkBytesPerSecond: 15e9,
    onDemand: [],
    capacityBlock: [],
    sources: tpuSources,
  },
];
