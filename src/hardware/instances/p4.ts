import { a100Sxm4Of40, a100Sxm4Of80 } from '../accelerators/ampere.ts';
import { recalled, seen } from '../accelerators/sources.ts';
import type { Instance } from '../instance.ts';
import { capacityBlockOf2024, capacityBlockOf2026, onDemandBeforeCut, onDemandOf2026 } from './prices.ts';

const p4d: Instance = {
  name: 'p4d.24xlarge',
  accelerator: a100Sxm4Of40,
  ranks: 8,
  chips: 8,
  topology: { kind: 'switched', inNetworkReduction: false },
  networkBytesPerSecond: 400e9 / 8,
  networkCards: 4,
  fabric: 'efa',
  efaGeneration: 1,
  networkLatencyHintSeconds: 75e-6,
  gpuDirect: true,
  hostLinkBytesPerSecond: 31e9,
  ranksPerHostLink: 2,
  hostMemoryBytes: 1_152 * 2 ** 30,
  localStorageBytes: 8e12,
  virtualCpus: 96,
  onDemand: [onDemandOf2026(21.957642), ...onDemandBeforeCut(32.7726)],
  capacityBlock: [capacityBlockOf2026(1.475), capacityBlockOf2024(1.844)],
  sources: {
    shape: seen('karpenter'),
    topology: seen('engineering', '6 NVSwitches, as in a DGX A100'),
    efaGeneration: seen('engineering', 'EFA table'),
    networkLatencyHintSeconds: seen('ofi'),
    gpuDirect: seen('ofi'),
    hostLinkBytesPerSecond: recalled('PCIe 4 x16 specification; 24 to 26 GB/s in practice'),
    ranksPerHostLink: seen('ofi', '4 PCIe switches, each with 2 GPUs and 1 network card'),
  },
};

export const p4: readonly Instance[] = [
  p4d,
  {
    ...p4d,
    name: 'p4de.24xlarge',
    accelerator: a100Sxm4Of80,
    onDemand: [onDemandOf2026(27.44705), ...onDemandBeforeCut(40.96575)],
    capacityBlock: [capacityBlockOf2026(2.214)],
    sources: { ...p4d.sources, topology: seen('awsome', '12 NVLinks of 25 GB/s a GPU') },
  },
];
