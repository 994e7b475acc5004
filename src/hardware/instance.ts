import type { Accelerator, Source } from './accelerator.ts';

/** How the ranks of one instance (or of one rack-scale domain) reach one another. */
export type Topology =
  /** Any pair at the full rate of a rank. */
  | { readonly kind: 'switched'; readonly inNetworkReduction: boolean }
  /** V100 servers: `links[i][j]` NVLinks between GPUs i and j, each `linkBytesPerSecond` one way; 0 means only PCIe. */
  | { readonly kind: 'hybrid-cube-mesh'; readonly links: readonly (readonly number[])[]; readonly linkBytesPerSecond: number }
  /** A torus of chips (Trainium, TPU), `linkBytesPerSecond` one way to each neighbour; ranks share their chip's links. */
  | { readonly kind: 'torus'; readonly dimensions: readonly number[]; readonly linkBytesPerSecond: number; readonly ranksPerChip: number }
  /** A ring of chips (Inferentia 2). */
  | { readonly kind: 'ring'; readonly linkBytesPerSecond: number; readonly ranksPerChip: number }
  /** A link from every device to every other (MI300X). */
  | { readonly kind: 'full-mesh'; readonly linkBytesPerSecond: number }
  /** Only PCIe. */
  | { readonly kind: 'pcie' }
  /** One device, or one chip whose ranks share memory. */
  | { readonly kind: 'single' };

export type Fabric = 'efa' | 'infiniband' | 'roce' | 'omni-path' | 'ethernet';

/** A price and the day it was read. */
export interface Price {
  readonly usdPerHour: number;
  /** ISO date, to the precision known. */
  readonly date: string;
  readonly source: Source;
}

/** What one can book: an EC2 instance, a DGX-like server or a rack-scale domain. */
export interface Instance {
  readonly name: string;
  readonly accelerator: Accelerator;
  /** Devices as training software sees them: GPUs, or (logical) NeuronCores. */
  readonly ranks: number;
  readonly topology: Topology;
  /** The whole node, one direction; absent where there is no network between nodes. */
  readonly networkBytesPerSecond: number;
  readonly networkCards: number;
  readonly fabric: Fabric;
  /** PCIe or C2C rate between a rank and its host, one direction. */
  readonly hostLinkBytesPerSecond?: number;
  readonly hostMemoryBytes?: number;
  /** Local NVMe, bytes. */
  readonly localStorageBytes?: number;
  readonly cpu?: string;
  readonly virtualCpus?: number;
  /** On demand, us-east-1 Linux, newest first; empty where no price was found. */
  readonly onDemand: readonly Price[];
  /** EC2 Capacity Blocks, USD per accelerator-hour, newest first. */
  readonly capacityBlock: readonly Price[];
  readonly sources: Readonly<Record<string, Source>>;
}
