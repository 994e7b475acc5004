import type { Accelerator, Source } from './accelerator.ts';

/** How the ranks of one instance (or of one rack-scale domain) reach one another. */
export type Topology =
  /** Any pair at the full rate of a rank. */
  | { readonly kind: 'switched'; readonly inNetworkReduction: boolean }
  /** V100 servers: `links[i][j]` NVLinks between GPUs i and j, each `linkBytesPerSecond` one way; 0 means only PCIe. */
  | {
      readonly kind: 'hybrid-cube-mesh';
      readonly links: readonly (readonly number[])[];
      readonly linkBytesPerSecond: number;
    }
  /** A torus of chips (Trainium, TPU), `linkBytesPerSecond` one way to each neighbour; ranks share their chip's links. */
  | {
      readonly kind: 'torus';
      readonly dimensions: readonly number[];
      readonly linkBytesPerSecond: number;
      /** One rate a dimension, where the dimensions differ; `linkBytesPerSecond` is then that of the first. */
      readonly dimensionLinkBytesPerSecond?: readonly number[];
      readonly ranksPerChip: number;
    }
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
  /** ISO date, to the precision known; `job` for a price that the job itself gives. */
  readonly date: string;
  readonly source: Source;
}

/** What one can book: an EC2 instance, a DGX-like server or a rack-scale domain. */
export interface Instance {
  readonly name: string;
  /** The accelerator as one rank sees it. */
  readonly accelerator: Accelerator;
  /** Devices as training software sees them: GPUs, or (logical) NeuronCores. */
  readonly ranks: number;
  /** Accelerators as they are sold and priced: GPUs, or Trainium and Inferentia chips. */
  readonly chips: number;
  /** Servers inside one rack-scale domain; absent for a single server. */
  readonly hosts?: number;
  readonly topology: Topology;
  /** The whole instance, one direction. */
  readonly networkBytesPerSecond: number;
  readonly networkCards: number;
  readonly fabric: Fabric;
  /** Generation of the Elastic Fabric Adapter. */
  readonly efaGeneration?: 1 | 2 | 3 | 4;
  /** Latency that the aws-ofi-nccl plugin hands to NCCL for its choice of algorithm: a tuning value, not a measurement. */
  readonly networkLatencyHintSeconds?: number;
  /** Multiply the latency of collectives, over the network and inside the instance: what if it were another? */
  readonly networkLatencyFactor?: number;
  readonly linkLatencyFactor?: number;
  /** Whether network cards read and write device memory themselves. */
  readonly gpuDirect?: boolean;
  /** PCIe or C2C rate between a rank and its host, one direction, as specified. */
  readonly hostLinkBytesPerSecond?: number;
  /** The same as measured, each direction alone. */
  readonly measuredHostLinkBytesPerSecond?: { readonly toDevice: number; readonly toHost: number };
  /** Ranks behind one PCIe switch: together they have one host link. Absent: one, or not known. */
  readonly ranksPerHostLink?: number;
  /** Of all servers of the instance together, bytes. */
  readonly hostMemoryBytes?: number;
  /** Local NVMe, bytes. */
  readonly localStorageBytes?: number;
  readonly cpu?: string;
  readonly virtualCpus?: number;
  /** On demand, us-east-1 Linux, newest first; empty where no price was found. */
  readonly onDemand: readonly Price[];
  /** EC2 Capacity Blocks, USD per accelerator-hour (of a chip, see `chips`), newest first. */
  readonly capacityBlock: readonly Price[];
  /** Field name → where its figure comes from; `shape` stands for every field that is not named. */
  readonly sources: Readonly<Record<string, Source>>;
}

/** What a job may change of a catalogue instance. */
export interface InstanceChanges {
  readonly name?: string | undefined;
  readonly accelerator?: Accelerator | undefined;
  /** The whole instance, one direction. */
  readonly networkBytesPerSecond?: number | undefined;
  readonly networkCards?: number | undefined;
  readonly fabric?: Fabric | undefined;
  /** Takes the place of every on-demand price. */
  readonly usdPerHour?: number | undefined;
}

/** The newest Capacity Blocks price of the whole instance, USD per hour; undefined where none is known. */
export function capacityBlockUsdPerHour(instance: Instance): number | undefined {
  const [newest] = instance.capacityBlock;
  return newest === undefined ? undefined : newest.usdPerHour * instance.chips;
}
