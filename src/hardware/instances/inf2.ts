import { inferentia2, inferentia2Chip, neighbourBytesPerSecond } from '../accelerators/neuron.ts';
import { recalled, seen } from '../accelerators/sources.ts';
import type { Instance } from '../instance.ts';
import { onDemandOf2023, onDemandOf2026 } from './prices.ts';

interface Size {
  readonly name: string;
  readonly chips: number;
  readonly virtualCpus: number;
  readonly hostMemoryBytes: number;
  readonly networkBytesPerSecond: number;
  /** USD per hour on 2026-07-20 and, rounded, in 2023-04. */
  readonly usdPerHour: readonly [number, number];
}

function inf2Of(size: Size): Instance {
  return {
    name: size.name,
    accelerator: inferentia2,
    ranks: size.chips * inferentia2Chip.ranks,
    chips: size.chips,
    topology:
      size.chips === 1
        ? { kind: 'single' }
        : {
            kind: 'ring',
            linkBytesPerSecond: neighbourBytesPerSecond(inferentia2Chip),
            ranksPerChip: inferentia2Chip.ranks,
          },
    networkBytesPerSecond: size.networkBytesPerSecond,
    networkCards: 1,
    fabric: 'ethernet',
    hostMemoryBytes: size.hostMemoryBytes,
    virtualCpus: size.virtualCpus,
    onDemand: [onDemandOf2026(size.usdPerHour[0]), onDemandOf2023(size.usdPerHour[1])],
    capacityBlock: [],
    sources: {
      shape: seen('karpenter'),
      ranks: seen('neuron', '2 NeuronCores a chip'),
      topology: recalled('ring of chips'),
      networkCards: recalled('one elastic network adapter'),
    },
  };
}

/** Inferentia 2: a rank is a NeuronCore, two a chip. */
export const inf2: readonly Instance[] = [
  inf2Of({
    name: 'inf2.xlarge',
    chips: 1,
    virtualCpus: 4,
    hostMemoryBytes: 16 * 2 ** 30,
    networkBytesPerSecond: 2.083e9 / 8,
    usdPerHour: [0.7582, 0.76],
  }),
  inf2Of({
    name: 'inf2.8xlarge',
    chips: 1,
    virtualCpus: 32,
    hostMemoryBytes: 128 * 2 ** 30,
    networkBytesPerSecond: 16.667e9 / 8,
    usdPerHour: [1.96786, 1.97],
  }),
  inf2Of({
    name: 'inf2.24xlarge',
    chips: 6,
    virtualCpus: 96,
    hostMemoryBytes: 384 * 2 ** 30,
    networkBytesPerSecond: 50e9 / 8,
    usdPerHour: [6.49063, 6.49],
  }),
  inf2Of({
    name: 'inf2.48xlarge',
    chips: 12,
    virtualCpus: 192,
    hostMemoryBytes: 768 * 2 ** 30,
    networkBytesPerSecond: 100e9 / 8,
    usdPerHour: [12.98127, 12.98],
  }),
];
