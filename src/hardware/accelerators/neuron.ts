import type { Accelerator } from '../accelerator.ts';
import { derived, seen } from './sources.ts';

/** A whole Trainium or Inferentia chip as its documentation gives it; its ranks see equal shares (see {@link rankOfChip}). */
export type NeuronChip = Omit<Accelerator, 'usableMemoryBytes' | 'ranksPerChip'> & {
  /** (Logical) NeuronCores that training software sees. */
  readonly ranks: number;
  /** Neighbours within a server. */
  readonly neighbours: number;
};

/**
 * One (logical) NeuronCore: its chip's memory, bandwidth, arithmetic and links divided equally among the ranks.
 * The nominal share is usable: the runtime's own use counts as overhead of the framework.
 */
export function rankOfChip(chip: NeuronChip): Accelerator {
  const { ranks, neighbours: _, ...rest } = chip;
  const flopsPerSecond = Object.fromEntries(
    Object.entries(chip.flopsPerSecond).map(([format, flops]) => [format, flops / ranks]),
  );
  return {
    ...rest,
    ranksPerChip: ranks,
    memoryBytes: chip.memoryBytes / ranks,
    usableMemoryBytes: chip.memoryBytes / ranks,
    memoryBytesPerSecond: chip.memoryBytesPerSecond / ranks,
    flopsPerSecond,
    link: { name: chip.link.name, bytesPerSecond: chip.link.bytesPerSecond / ranks },
    sources: {
      ...chip.sources,
      usableMemoryBytes: derived('nominal share of the chip'),
      ranksPerChip: seen('neuron'),
    },
  };
}

/** One-way rate of a chip's link to each of its neighbours, bytes/s. */
export function neighbourBytesPerSecond(chip: NeuronChip): number {
  return chip.link.bytesPerSecond / chip.neighbours;
}

const bothWays = 'the documents do not state a direction; read as both directions together, halved';

/** AWS Trainium: 2 NeuronCore-v2. */
export const trainium1Chip: NeuronChip = {
  name: 'trainium1',
  vendor: 'AWS',
  generation: 'neuron-v2',
  ranks: 2,
  neighbours: 4,
  memoryBytes: 32 * 2 ** 30,
  memoryBytesPerSecond: 820 * 2 ** 30,
  flopsPerSecond: { fp32: 47.5e12, tf32: 190e12, bf16: 190e12, fp16: 190e12 },
  link: { name: 'NeuronLink-v2', bytesPerSecond: 192e9 },
  sources: {
    memoryBytes: seen('neuron', '32 GiB a chip'),
    memoryBytesPerSecond: seen('neuron', '820 GiB/s a chip'),
    flopsPerSecond: seen('neuron', 'a chip'),
    link: derived(`384 GB/s a chip (aws-neuron-sdk); ${bothWays}`),
  },
};

/** AWS Trainium in a trn1n server, where NeuronLink is twice as wide. */
export const trainium1nChip: NeuronChip = {
  ...trainium1Chip,
  link: { name: 'NeuronLink-v2', bytesPerSecond: 384e9 },
  sources: {
    ...trainium1Chip.sources,
    link: derived(`768 GB/s a chip, in a column of the Trn1 table without a header (aws-neuron-sdk); ${bothWays}`),
  },
};

/** AWS Inferentia 2: 2 NeuronCore-v2. */
export const inferentia2Chip: NeuronChip = {
  name: 'inferentia2',
  vendor: 'AWS',
  generation: 'neuron-v2',
  ranks: 2,
  neighbours: 2,
  memoryBytes: 32 * 2 ** 30,
  memoryBytesPerSecond: 820 * 2 ** 30,
  flopsPerSecond: { fp32: 47.5e12, tf32: 190e12, bf16: 190e12 },
  link: { name: 'NeuronLink-v2', bytesPerSecond: 96 * 2 ** 30 },
  sources: {
    memoryBytes: seen('neuron', '32 GiB a chip'),
    memoryBytesPerSecond: seen('neuron', '820 GiB/s a chip'),
    flopsPerSecond: seen('neuron', 'a chip'),
    link: derived(`192 GiB/s a chip (aws-neuron-sdk); ${bothWays}`),
  },
};

/** AWS Trainium 2: 8 NeuronCore-v3, by default paired to 4 logical cores (LNC=2), each with one memory bank of 24 GiB. */
export const trainium2Chip: NeuronChip = {
  name: 'trainium2',
  vendor: 'AWS',
  generation: 'neuron-v3',
  ranks: 4,
  neighbours: 4,
  memoryBytes: 96 * 2 ** 30,
  memoryBytesPerSecond: 2.9e12,
  flopsPerSecond: { fp32: 181e12, tf32: 667e12, bf16: 667e12, fp16: 667e12, fp8: 1_299e12 },
  link: { name: 'NeuronLink-v3', bytesPerSecond: 512e9 },
  sources: {
    memoryBytes: seen('neuron', 'four banks of 24 GiB a chip'),
    memoryBytesPerSecond: seen('neuron', 'a chip'),
    flopsPerSecond: seen('neuron', 'a chip, dense'),
    link: seen(
      'engineering',
      '1,024 GB/s inside the server (aws-neuron-sdk) read as both ways: 4 neighbours of 128 GB/s',
    ),
  },
};

/** AWS Trainium 2 in an UltraServer, with two more neighbours in the other servers at half the rate. */
export const trainium2UltraChip: NeuronChip = {
  ...trainium2Chip,
  neighbours: 6,
  link: { name: 'NeuronLink-v3', bytesPerSecond: 640e9 },
  sources: {
    ...trainium2Chip.sources,
    link: seen(
      'engineering',
      '1,280 GB/s (aws-neuron-sdk) read as both ways: 4 neighbours of 128 GB/s and 2 of 64 GB/s',
    ),
  },
};

/** AWS Trainium 3: 8 NeuronCore-v4, by default paired to 4 logical cores (LNC=2). */
export const trainium3Chip: NeuronChip = {
  name: 'trainium3',
  vendor: 'AWS',
  generation: 'neuron-v4',
  ranks: 4,
  neighbours: 1,
  memoryBytes: 144 * 2 ** 30,
  memoryBytesPerSecond: 4.9e12,
  flopsPerSecond: { fp32: 183e12, tf32: 671e12, bf16: 671e12, fp8: 2_517e12, mxfp8: 2_517e12 },
  link: { name: 'NeuronLink-v4', bytesPerSecond: 1.28e12 },
  sources: {
    memoryBytes: seen('neuron', 'a chip'),
    memoryBytesPerSecond: seen('neuron', 'a chip'),
    flopsPerSecond: seen('neuron', 'a chip, dense'),
    link: derived(
      `2.56 TB/s of the chip page (aws-neuron-sdk, whose tables also say 2,048 GiB/s and switch levels that sum to 704 GB/s); ${bothWays}`,
    ),
  },
};

export const trainium1: Accelerator = rankOfChip(trainium1Chip);
export const inferentia2: Accelerator = rankOfChip(inferentia2Chip);
export const trainium2: Accelerator = rankOfChip(trainium2Chip);
export const trainium3: Accelerator = rankOfChip(trainium3Chip);
