import { h100Sxm5Of80, h200Sxm } from '../accelerators/hopper.ts';
import { seen } from '../accelerators/sources.ts';
import type { Instance } from '../instance.ts';
import { capacityBlockOf2024, capacityBlockOf2026, onDemandBeforeCut, onDemandOf2026 } from './prices.ts';

const p5of48: Instance = {
  name: 'p5.48xlarge',
  accelerator: h100Sxm5Of80,
  ranks: 8,
  chips: 8,
  topology: { kind: 'switched', inNetworkReduction: true },
  networkBytesPerSecond: 3_200e9 / 8,
  networkCards: 32,
  fabric: 'efa',
  efaGeneration: 2,
  networkLatencyHintSeconds: 75e-6,
  gpuDirect: true,
  hostLinkBytesPerSecond: 31e9,
  hostMemoryBytes: 2_048 * 2 ** 30,
  localStorageBytes: 30.4e12,
  cpu: 'AMD EPYC, 3rd generation',
  virtualCpus: 192,
  onDemand: [onDemandOf2026(55.04), ...onDemandBeforeCut(98.32)],
  capacityBlock: [capacityBlockOf2026(5.191), capacityBlockOf2024(4.916)],
  sources: {
    shape: seen('karpenter'),
    topology: seen('engineering', '4 NVSwitches with in-network reduction, 3.6 TB/s bisection'),
    efaGeneration: seen('engineering', 'EFA table'),
    networkLatencyHintSeconds: seen('ofi'),
    gpuDirect: seen('ofi'),
    hostLinkBytesPerSecond: seen('instances2026', 'PCIe 4 between processor and GPU'),
    cpu: seen('instances2026'),
  },
};

export const p5: readonly Instance[] = [
  p5of48,
  {
    ...p5of48,
    name: 'p5e.48xlarge',
    accelerator: h200Sxm,
    onDemand: [],
    capacityBlock: [capacityBlockOf2026(5.97), capacityBlockOf2024(5.408)],
  },
  {
    ...p5of48,
    name: 'p5en.48xlarge',
    accelerator: h200Sxm,
    networkCards: 16,
    efaGeneration: 3,
    networkLatencyHintSeconds: 35e-6,
    hostLinkBytesPerSecond: 63e9,
    measuredHostLinkBytesPerSecond: { toDevice: 55.43e9, toHost: 55.06e9 },
    ranksPerHostLink: 2,
    cpu: 'Intel Xeon, Sapphire Rapids',
    onDemand: [onDemandOf2026(63.296)],
    capacityBlock: [
      capacityBlockOf2026(6.241, 'the cheapest regions'),
      capacityBlockOf2026(6.865, 'the dearest regions'),
    ],
    sources: {
      ...p5of48.sources,
      hostLinkBytesPerSecond: seen('instances2026', 'PCIe 5 x16'),
      measuredHostLinkBytesPerSecond: seen('engineering', 'on an H200 server with PCIe 5'),
      ranksPerHostLink: seen('ofi', 'a comment in the plugin: 2 GPUs and 2 network cards a PCIe switch'),
    },
  },
];
