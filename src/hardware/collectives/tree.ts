import type { Group } from './group.ts';
import {
  inNetworkBytesPerSecond,
  linkLatencyFactor,
  networkLatencyFactor,
  networkLatencySeconds,
  networkShareBytesPerSecond,
  ringBytesPerSecond,
} from './links.ts';
import { lowLatencyCap, type Protocol, protocolFigures } from './protocol.ts';

/**
 * All-reduce over two binary trees of nodes, each of which carries half of the tensor up and down: between two nodes
 * the tensor crosses once each way, among more an inner node takes and gives twice that.
 * @source NVIDIA/nccl 2.30.7 src/graph/tuning.cc
 */
export function treeSeconds(bytes: number, group: Group, protocol: Protocol): number {
  const figures = protocolFigures[protocol];
  const { nodes, ranksPerNode } = group;
  const bandwidth = protocol === 'LL' ? 1 / 3.8 : protocol === 'LL128' ? 120 / 128 : 1;
  const inside = insideBytesPerSecond(group) * bandwidth;
  const crossings = nodes > 2 ? 2 : 1;
  const network = (networkShareBytesPerSecond(group.instance) * ranksPerNode * bandwidth) / crossings;
  const rate = ranksPerNode > 1 ? Math.min(inside, network) : network;
  const cap = protocol === 'LL' ? Math.min(rate, lowLatencyCap(group.instance.accelerator, nodes)) : rate;
  const ofLinks = linkLatencyFactor(group.instance);
  const ofNetwork = networkLatencyFactor(group.instance);
  const networkStep = figures.treeNetworkStep * ofNetwork * 1e-6 + networkLatencySeconds(group.instance);
  const links = (ranksPerNode - 1) * (figures.treeStep * ofLinks) * 1e-6;
  const latency = figures.treeBase * ofLinks * 1e-6 + 2 * (links + Math.log2(nodes) * networkStep);
  return latency + bytes / cap;
}

/** Inside a node the tensor goes up and down a chain, or through the switch where that reduces (NCCL's NVLSTree). */
function insideBytesPerSecond(group: Group): number {
  const { instance, ranksPerNode } = group;
  const { topology, accelerator } = instance;
  if (topology.kind === 'switched' && topology.inNetworkReduction && ranksPerNode > 1) {
    return (inNetworkBytesPerSecond(accelerator) * ranksPerNode) / (2 * (ranksPerNode - 1));
  }
  return (ringBytesPerSecond(group) * chainShare) / 2;
}

/** NCCL's own estimate of a tree against the bus (tuning.cc). */
const chainShare = 0.92;
