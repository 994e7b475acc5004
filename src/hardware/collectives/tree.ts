import type { Group } from './group.ts';
import { networkLatencySeconds, networkShareBytesPerSecond, ringBytesPerSecond } from './links.ts';
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
  const inside = ringBytesPerSecond(group) * 0.92 * bandwidth;
  const crossings = nodes > 2 ? 2 : 1;
  const network = (networkShareBytesPerSecond(group.instance) * ranksPerNode * bandwidth) / crossings;
  const rate = ranksPerNode > 1 ? Math.min(inside / 2, network) : network;
  const cap = protocol === 'LL' ? Math.min(rate, lowLatencyCap(group.instance.accelerator, nodes)) : rate;
  const networkStep = figures.treeNetworkStep * 1e-6 + networkLatencySeconds(group.instance);
  const latency =
    figures.treeBase * 1e-6 + 2 * ((ranksPerNode - 1) * figures.treeStep * 1e-6 + Math.log2(nodes) * networkStep);
  return latency + bytes / cap;
}
