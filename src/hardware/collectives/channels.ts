import type { Instance } from '../instance.ts';
import type { Group } from './group.ts';

/** NCCL gives each path through the network cards two channels. */
const channelsPerCard = 2;

/**
 * Channels of a group's collectives, each of which keeps one multiprocessor busy: across nodes two for every network card
 * that the group can use, within a node as many as its links can feed.
 * @source V: "coll channels" in logs of NCCL: 24 on one p5.48xlarge and on one server of eight A100; 16 on two p5.48xlarge
 * and on two servers with eight cards of InfiniBand, 8 on two p4d.24xlarge, 2 where each node has one GPU and one card
 */
export function channelsOf({ instance, nodes, ranksPerNode }: Group): number {
  const inside = channelsInside(instance);
  if (nodes === 1) return inside;
  const cards = Math.min(Math.max(1, instance.networkCards), ranksPerNode);
  return Math.min(inside, channelsPerCard * cards);
}

/** @source V: as above for switches, 2 over PCIe; D: 12 over the six links of a V100, as 24 over the twelve of an A100 */
function channelsInside({ topology }: Instance): number {
  switch (topology.kind) {
    case 'switched':
    case 'full-mesh':
      return 24;
    case 'hybrid-cube-mesh':
      return 12;
    default:
      return 2;
  }
}
