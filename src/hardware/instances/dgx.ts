import { a100Sxm4Of80 } from '../accelerators/ampere.ts';
import { b200Sxm, b300Sxm, gb200Gpu, gb300Gpu } from '../accelerators/blackwell.ts';
import { h100Sxm5Of80, h200Sxm, h800 } from '../accelerators/hopper.ts';
import { derived, recalled, seen } from '../accelerators/sources.ts';
import type { Instance } from '../instance.ts';

const withoutPrices = { onDemand: [], capacityBlock: [] } as const;

/** What the servers of eight GPUs on NVSwitch and InfiniBand have in common: one card and one PCIe 5 x16 link a GPU. */
const eightGpus = {
  ranks: 8,
  chips: 8,
  topology: { kind: 'switched', inNetworkReduction: true },
  networkCards: 8,
  fabric: 'infiniband',
  gpuDirect: true,
  hostLinkBytesPerSecond: 63e9,
  ...withoutPrices,
} as const;

const recalledShape = { shape: recalled('vendor data sheet of the server') } as const;

/** What the racks of 72 GPUs have in common: 18 trays of four GPUs in one NVLink domain. */
const rackOf72 = {
  ranks: 72,
  chips: 72,
  hosts: 18,
  topology: { kind: 'switched', inNetworkReduction: true },
  networkCards: 72,
  fabric: 'infiniband',
  gpuDirect: true,
  hostLinkBytesPerSecond: 450e9,
  measuredHostLinkBytesPerSecond: { toDevice: 359e9, toHost: 377e9 },
  cpu: 'NVIDIA Grace (36)',
  ...withoutPrices,
} as const;

const rackSources = {
  fabric: recalled('InfiniBand cards'),
  gpuDirect: recalled(),
  cpu: recalled('one Grace for two GPUs'),
  hostLinkBytesPerSecond: seen('engineering', 'NVLink-C2C'),
  measuredHostLinkBytesPerSecond: seen('engineering', 'on a desk-side machine of the GB300 class'),
} as const;

/** NVIDIA's own servers and racks, and servers built on its boards. */
export const dgx: readonly Instance[] = [
  {
    ...eightGpus,
    name: 'dgx-a100',
    accelerator: a100Sxm4Of80,
    topology: { kind: 'switched', inNetworkReduction: false },
    networkBytesPerSecond: 1_600e9 / 8,
    hostLinkBytesPerSecond: 31e9,
    hostMemoryBytes: 2_048 * 2 ** 30,
    virtualCpus: 256,
    sources: { ...recalledShape, topology: seen('engineering', '6 NVSwitches') },
  },
  {
    ...eightGpus,
    name: 'dgx-h100',
    accelerator: h100Sxm5Of80,
    networkBytesPerSecond: 3_200e9 / 8,
    hostMemoryBytes: 2_048 * 2 ** 30,
    virtualCpus: 224,
    sources: {
      ...recalledShape,
      topology: seen('engineering', '4 NVSwitches with in-network reduction, 3.6 TB/s bisection'),
      networkBytesPerSecond: seen('engineering', '8 ConnectX-7 of 400 Gbps'),
      networkCards: seen('engineering'),
    },
  },
  {
    ...eightGpus,
    name: 'dgx-h200',
    accelerator: h200Sxm,
    networkBytesPerSecond: 3_200e9 / 8,
    measuredHostLinkBytesPerSecond: { toDevice: 55.43e9, toHost: 55.06e9 },
    sources: {
      ...recalledShape,
      measuredHostLinkBytesPerSecond: seen('engineering', 'on an H200 server with PCIe 5'),
    },
  },
  {
    ...eightGpus,
    name: 'hgx-h800',
    accelerator: h800,
    networkBytesPerSecond: 3_200e9 / 8,
    sources: { ...recalledShape, hostLinkBytesPerSecond: recalled('PCIe 5 x16, as the H100 servers') },
  },
  {
    ...eightGpus,
    name: 'dgx-b200',
    accelerator: b200Sxm,
    networkBytesPerSecond: 3_200e9 / 8,
    sources: recalledShape,
  },
  {
    ...eightGpus,
    name: 'dgx-b300',
    accelerator: b300Sxm,
    networkBytesPerSecond: 6_400e9 / 8,
    sources: recalledShape,
  },
  {
    ...rackOf72,
    name: 'gb200-nvl72',
    accelerator: gb200Gpu,
    networkBytesPerSecond: 28_800e9 / 8,
    sources: {
      ...rackSources,
      shape: seen('engineering'),
      networkBytesPerSecond: seen('engineering', '4 ConnectX-7 of 400 Gbps a tray of four GPUs'),
    },
  },
  {
    ...rackOf72,
    name: 'gb300-nvl72',
    accelerator: gb300Gpu,
    networkBytesPerSecond: 57_600e9 / 8,
    sources: {
      ...rackSources,
      shape: recalled('vendor data sheet of the rack'),
      networkBytesPerSecond: recalled('800 Gbps a GPU (ConnectX-8)'),
      networkCards: derived('one card a GPU'),
    },
  },
];
