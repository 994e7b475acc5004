import { recalled, seen } from '../accelerators/sources.ts';
import { v100Sxm2Of16, v100Sxm2Of32 } from '../accelerators/volta.ts';
import type { Instance, Topology } from '../instance.ts';
import { onDemandOf2026 } from './prices.ts';

/** NVLinks between the eight V100 of a server; 0 means only PCIe. */
const hybridCubeMesh: Topology = {
  kind: 'hybrid-cube-mesh',
  links: [
    [0, 1, 1, 2, 2, 0, 0, 0],
    [1, 0, 2, 1, 0, 2, 0, 0],
    [1, 2, 0, 2, 0, 0, 1, 0],
    [2, 1, 2, 0, 0, 0, 0, 1],
    [2, 0, 0, 0, 0, 1, 1, 2],
    [0, 2, 0, 0, 1, 0, 2, 1],
    [0, 0, 1, 0, 1, 2, 0, 2],
    [0, 0, 0, 1, 2, 1, 2, 0],
  ],
  linkBytesPerSecond: 25e9,
};
const topologySource = seen('topology', 'rows 0 to 4 seen, 5 to 7 by symmetry; AWS servers show the same class');

export const p3: readonly Instance[] = [
  {
    name: 'p3.16xlarge',
    accelerator: v100Sxm2Of16,
    ranks: 8,
    chips: 8,
    topology: hybridCubeMesh,
    networkBytesPerSecond: 25e9 / 8,
    networkCards: 1,
    fabric: 'ethernet',
    hostLinkBytesPerSecond: 15.75e9,
    hostMemoryBytes: 488 * 2 ** 30,
    virtualCpus: 64,
    onDemand: [onDemandOf2026(24.48)],
    capacityBlock: [],
    sources: {
      shape: seen('ec2Guide'),
      topology: topologySource,
      networkBytesPerSecond: seen('karpenter'),
      networkCards: recalled('one elastic network adapter'),
      hostLinkBytesPerSecond: recalled('PCIe 3 x16 specification'),
    },
  },
  {
    name: 'p3dn.24xlarge',
    accelerator: v100Sxm2Of32,
    ranks: 8,
    chips: 8,
    topology: hybridCubeMesh,
    networkBytesPerSecond: 100e9 / 8,
    networkCards: 1,
    fabric: 'efa',
    efaGeneration: 1,
    networkLatencyHintSeconds: 150e-6,
    gpuDirect: false,
    hostLinkBytesPerSecond: 15.75e9,
    hostMemoryBytes: 768 * 2 ** 30,
    localStorageBytes: 1.8e12,
    virtualCpus: 96,
    onDemand: [onDemandOf2026(31.212)],
    capacityBlock: [],
    sources: {
      shape: seen('karpenter'),
      topology: topologySource,
      efaGeneration: seen('engineering', 'EFA table'),
      networkLatencyHintSeconds: seen('ofi'),
      gpuDirect: seen('ofi'),
      hostLinkBytesPerSecond: recalled('PCIe 3 x16 specification'),
    },
  },
];
