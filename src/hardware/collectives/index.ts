import type { CollectiveKind } from '../../graph/operator.ts';
import { type Group, hasReducingSwitch } from './group.ts';
import {
  inNetworkBytesPerSecond,
  linkLatencyFactor,
  networkLatencySeconds,
  networkRankBytesPerSecond,
  networkStartSeconds,
  ringBytesPerSecond,
} from './links.ts';
import { protocols, startFigures } from './protocol.ts';
import { ringSeconds } from './ring.ts';
import { treeSeconds } from './tree.ts';

export { type Lost, lateSeconds, lostBeside } from './beside.ts';
export { type Group, groupOf } from './group.ts';

/** Step of a collective on a NeuronCore's own engines: one hop inside an instance (Neuron documentation, collectives). */
const neuronHopSeconds = 2e-6;

/**
 * Time of a collective over a tensor of `bytes` in total: the fastest algorithm and protocol that the library has,
 * with what starting it takes.
 */
export function collectiveSeconds(kind: CollectiveKind, bytes: number, group: Group): number {
  if (group.ranks === 1 || bytes === 0) return 0;
  const { accelerator } = group.instance;
  if (accelerator.vendor === 'AWS') return neuronSeconds(kind, bytes, group);
  let best = Number.POSITIVE_INFINITY;
  for (const protocol of protocols) {
    best = Math.min(best, ringSeconds(kind, bytes, group, protocol));
    if (kind === 'all-reduce' && group.nodes > 1) best = Math.min(best, treeSeconds(bytes, group, protocol));
  }
  const inSwitch = kind === 'all-reduce' && usesInNetworkReduction(group);
  if (inSwitch) best = Math.min(best, inNetworkSeconds(bytes, group));
  const network = group.nodes > 1 ? networkStartSeconds(group.instance, bytes) : 0;
  return best + network + startSeconds(kind, bytes, group, group.nodes === 1 && !inSwitch);
}

/** Launching a collective and filling its channels, once for each time that the tensor goes round. */
function startSeconds(kind: CollectiveKind, bytes: number, { instance }: Group, byRingInside: boolean): number {
  const { launchSeconds, fillSeconds, fillBytes } = startFigures(instance.accelerator, byRingInside);
  const rounds = kind === 'all-reduce' ? 1 : 0.5;
  return launchSeconds * linkLatencyFactor(instance) + (rounds * fillSeconds * bytes) / (bytes + fillBytes);
}

/** Time of one message between two ranks, `talking` of which in each node use the network at once. */
export function pointToPointSeconds(bytes: number, group: Group, talking: number): number {
  if (bytes === 0) return 0;
  const { instance } = group;
  const crossesNodes = group.nodes > 1;
  const start = startFigures(instance.accelerator, !crossesNodes);
  const rate = crossesNodes
    ? networkRankBytesPerSecond(instance, talking)
    : ringBytesPerSecond({ ...group, ranksPerNode: 2 });
  const launch = start.launchSeconds * linkLatencyFactor(instance);
  return launch + (crossesNodes ? networkLatencySeconds(instance) : 0) + bytes / rate;
}

/** NVLink SHARP from four ranks on, as NCCL chooses it on one node. */
function usesInNetworkReduction(group: Group): boolean {
  return group.ranks > 4 && hasReducingSwitch(group);
}

/** @source ml-engineering: all-reduce over NVLink SHARP by number of GPUs; NVIDIA/nccl tuning.cc: 25 us a step */
function inNetworkSeconds(bytes: number, { instance, ranks }: Group): number {
  const bus = inNetworkBytesPerSecond(instance.accelerator);
  return 25e-6 * linkLatencyFactor(instance) + ((2 * (ranks - 1)) / ranks) * (bytes / bus);
}

/**
 * Dedicated engines run rings over the torus; no kernel is launched and no channel filled. Between instances one ring
 * goes through all ranks and crosses by one network card.
 * @source aws-neuron/aws-neuron-sdk, collectives: flat ring for large messages on Trn1
 */
function neuronSeconds(kind: CollectiveKind, bytes: number, group: Group): number {
  const { instance, nodes, ranks, ranksPerNode } = group;
  const rounds = kind === 'all-reduce' ? 2 : 1;
  const hops = rounds * (Math.log2(Math.max(2, ranksPerNode)) + (nodes - 1));
  const hop = neuronHopSeconds * linkLatencyFactor(instance);
  const latency = hops * (hop + (nodes > 1 ? networkLatencySeconds(instance) : 0));
  const inside = ranksPerNode > 1 ? ringBytesPerSecond(group) : Number.POSITIVE_INFINITY;
  const groupsPerNode = instance.ranks / ranksPerNode;
  const across = nodes > 1 ? networkRankBytesPerSecond(instance, groupsPerNode) : Number.POSITIVE_INFINITY;
  return latency + ((rounds * (ranks - 1)) / ranks) * (bytes / Math.min(inside, across));
}
