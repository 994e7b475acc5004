import type { Accelerator, Source } from '../accelerator.ts';
import type { Fabric, Instance } from '../instance.ts';
import type { Group } from './group.ts';

/** Rate of a ring over the links between the ranks of a node, as a share of a rank's own link rate. */
const ringShareOfLink: Readonly<Record<Accelerator['generation'], number>> = {
  volta: 0.82,
  ampere: 0.775,
  ada: 0.77,
  hopper: 0.815,
  blackwell: 0.775,
  'neuron-v2': 0.8,
  'neuron-v3': 0.8,
  'neuron-v4': 0.8,
  cdna3: 0.7,
  tpu: 0.9,
};

/**
 * Bus bandwidth of an all-reduce with in-network reduction on NVSwitch, as a share of a rank's link rate.
 * @source ml-engineering: 480 of 450 GB/s on H200, 846 of 900 on B200
 */
export function inNetworkBytesPerSecond({ link, generation }: Accelerator): number {
  return link.bytesPerSecond * (generation === 'blackwell' ? 0.94 : 1.07);
}

/** What a fabric delivers to collectives of its nominal rate, and the latency of one step across it. */
interface FabricFigures {
  readonly share: number;
  /** What it delivers to a message between two ranks, where that is another share. */
  readonly messageShare?: number;
  readonly latencySeconds: number;
  readonly source: Source;
}

const fabrics: Readonly<Record<Fabric, FabricFigures>> = {
  efa: {
    share: 0.93,
    latencySeconds: 20e-6,
    source:
      'V: 382 of 400 GB/s on four p6-b200, 194 of 200 Gbps a card of p5en (ml-engineering); 18 to 20 us in aws-ofi-nccl tuner',
  },
  infiniband: {
    share: 0.95,
    latencySeconds: 5e-6,
    source: 'V: 370 to 380 of 400 GB/s a DGX H100, 192 of 200 a DGX A100 (NVIDIA slides)',
  },
  roce: { share: 0.9, latencySeconds: 8e-6, source: 'R: between InfiniBand and EFA' },
  'omni-path': {
    share: 0.135,
    messageShare: 0.9,
    latencySeconds: 10e-6,
    source:
      'V: all-reduce of 4 GB over 16 nodes with four cards each, of which NCCL takes one: 54 Gb/s, 43 to 56 when run longer, and 40.5 over four nodes of A100 (bigscience-workshop/bigscience experiments/bandwidth); R: messages at 11 to 12.3 of 12.5 GB/s a card',
  },
  ethernet: { share: 0.8, latencySeconds: 50e-6, source: 'V: 10 of 12.5 GB/s over TCP (NVIDIA slides)' },
};

/** The first generation of EFA delivers about 340 of 400 Gbps (ml-engineering). */
const firstEfaShare = 0.85;

function shareOf(instance: Instance): number {
  return instance.efaGeneration === 1 ? firstEfaShare : fabrics[instance.fabric].share;
}

/**
 * What starting a collective across nodes takes beyond the published model: twice the latency of a small message, and filling pipelines with so many bytes at the node's rate, which large messages hide.
 */
const firstEfaStepSeconds = 75e-6;
const efaStepSeconds = 35e-6;
const networkFillBytes = 40e6;
const networkFillHalfBytes = 16e6;

/** @source D: two p4de, two p5 and four p6-b200, all-reduce of 8 B to 2 GiB (awsome-distributed-training, ml-engineering) */
export function networkStartSeconds(instance: Instance, bytes: number): number {
  const step =
    instance.efaGeneration === 1
      ? firstEfaStepSeconds
      : instance.fabric === 'efa'
        ? efaStepSeconds
        : fabrics[instance.fabric].latencySeconds;
  const latency = 2 * step * networkLatencyFactor(instance);
  const fill = networkFillBytes / (instance.networkBytesPerSecond * shareOf(instance));
  return latency + (fill * bytes) / (bytes + networkFillHalfBytes);
}

/** Latency of one step over the network, seconds. */
export function networkLatencySeconds(instance: Instance): number {
  return fabrics[instance.fabric].latencySeconds * networkLatencyFactor(instance);
}

/** By how much latency over the network is other than that of its fabric. */
export function networkLatencyFactor({ networkLatencyFactor: factor = 1 }: Instance): number {
  return factor;
}

/** The same inside an instance. */
export function linkLatencyFactor({ linkLatencyFactor: factor = 1 }: Instance): number {
  return factor;
}

/** Rate at which one rank reaches the network while all ranks of its node do, bytes per second, one direction. */
export function networkShareBytesPerSecond(instance: Instance): number {
  return (instance.networkBytesPerSecond / instance.ranks) * shareOf(instance);
}

/** Rate of one rank where only `talking` ranks of each node use the network: more than one card a rank is out of reach. */
export function networkRankBytesPerSecond(instance: Instance, talking: number): number {
  const ranks = Math.min(talking, instance.ranks);
  const card = instance.networkBytesPerSecond / Math.max(1, instance.networkCards);
  const cardsPerRank = Math.max(1, instance.networkCards / instance.ranks);
  const share = fabrics[instance.fabric].messageShare ?? shareOf(instance);
  return Math.min(instance.networkBytesPerSecond / ranks, card * cardsPerRank) * share;
}

/** Bus bandwidth of a ring among the ranks of a group inside one node, bytes per second. */
export function ringBytesPerSecond(group: Group): number {
  const { instance, ranksPerNode, stride } = group;
  const { accelerator, topology } = instance;
  const share = ringShareOfLink[accelerator.generation];
  switch (topology.kind) {
    case 'switched':
    case 'pcie':
    case 'single':
      return accelerator.link.bytesPerSecond * share;
    case 'full-mesh':
      return topology.linkBytesPerSecond * Math.max(1, ranksPerNode - 1) * share;
    case 'hybrid-cube-mesh': {
      const members = Array.from({ length: ranksPerNode }, (_, index) => index * stride);
      const links = members.map((from) => members.reduce((total, to) => total + topology.links[from]![to]!, 0));
      const fewest = Math.min(...links);
      // Without a link between them, two GPUs meet over PCIe.
      return fewest === 0
        ? (instance.hostLinkBytesPerSecond ?? 0) * share
        : fewest * topology.linkBytesPerSecond * share;
    }
    case 'torus': {
      const chips = Math.max(1, Math.ceil((ranksPerNode * stride) / topology.ranksPerChip));
      const row = topology.dimensions[0]!;
      // A group inside one row has the links of one dimension; a larger one those of all.
      const dimensions = chips <= row ? 1 : topology.dimensions.length;
      return 2 * dimensions * topology.linkBytesPerSecond * share;
    }
    case 'ring':
      return 2 * topology.linkBytesPerSecond * share;
  }
}
