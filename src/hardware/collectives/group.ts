import type { Instance } from '../instance.ts';

/**
 * A set of ranks that exchange data, as every group of one kind of parallelism lies on the instances.
 * All groups of the kind act at once, so each has its share of the network cards.
 */
export interface Group {
  readonly instance: Instance;
  readonly ranks: number;
  readonly nodes: number;
  /** Ranks of one group on each node. */
  readonly ranksPerNode: number;
  /** Distance between neighbouring ranks of the group, in ranks. */
  readonly stride: number;
}

/** The group of `ranks` ranks, `stride` ranks apart, where ranks fill the instances in order. */
export function groupOf(instance: Instance, ranks: number, stride: number, devices: number): Group {
  const perInstance = Math.min(instance.ranks, devices);
  // A group that does not divide the instance lies across two of them somewhere, and all wait for that one.
  const span = ranks * stride;
  if (span < perInstance && perInstance % span !== 0 && devices > perInstance) {
    return { instance, ranks, nodes: 2, ranksPerNode: Math.ceil(ranks / 2), stride };
  }
  const ranksPerNode = Math.max(1, Math.min(ranks, Math.floor(perInstance / stride)));
  return { instance, ranks, nodes: Math.ceil(ranks / ranksPerNode), ranksPerNode, stride };
}

/** Whether all ranks are in one node whose switch reduces what it passes on. */
export function hasReducingSwitch({ instance: { topology }, nodes }: Group): boolean {
  return nodes === 1 && topology.kind === 'switched' && topology.inNetworkReduction;
}
