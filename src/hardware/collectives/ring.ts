import type { CollectiveKind } from '../../graph/operator.ts';
import type { Group } from './group.ts';
import {
  linkLatencyFactor,
  networkLatencyFactor,
  networkLatencySeconds,
  networkShareBytesPerSecond,
  ringBytesPerSecond,
} from './links.ts';
import { lowLatencyCap, type Protocol, protocolFigures } from './protocol.ts';

/**
 * A ring through all ranks: (n − 1)/n of the tensor passes every link once, twice for an all-reduce.
 * Between nodes each rank of the group brings its own share of the network cards.
 * @source NVIDIA/nccl 2.30.7 src/graph/tuning.cc
 */
export function ringSeconds(kind: CollectiveKind, bytes: number, group: Group, protocol: Protocol): number {
  const figures = protocolFigures[protocol];
  const { ranks, nodes } = group;
  const rounds = kind === 'all-reduce' ? 2 : 1;
  const steps = rounds * (ranks - 1);
  const networkSteps = nodes > 1 ? rounds * (nodes - 1) : 0;
  const network = networkShareBytesPerSecond(group.instance) * group.ranksPerNode;
  const links = ringBytesPerSecond(group);
  const bus = nodes > 1 ? (group.ranksPerNode > 1 ? Math.min(links, network) : network) : links;
  const payload = bus * figures.bandwidth;
  const cap = protocol === 'LL' ? Math.min(payload, lowLatencyCap(group.instance.accelerator, nodes)) : payload;
  const ofLinks = linkLatencyFactor(group.instance);
  const networkStep = figures.ringNetworkStep * networkLatencyFactor(group.instance);
  const inside = figures.ringBase * ofLinks + (steps - networkSteps) * (figures.ringStep * ofLinks);
  const latency = (inside + networkSteps * networkStep) * 1e-6 + networkSteps * networkLatencySeconds(group.instance);
  return latency + (steps / ranks) * (bytes / cap);
}
