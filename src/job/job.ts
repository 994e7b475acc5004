import type { ParallelDegrees } from '../graph/degrees.ts';
import type { ModelSpec } from '../graph/model.ts';
import type { Instance } from '../hardware/instance.ts';
import type { Offload } from '../memory/offload.ts';
import type { Recompute } from '../memory/recompute.ts';
import { momentBytes, type Optimizer } from '../memory/states.ts';
import type { PlacementLetters } from '../partition/index.ts';
import type { Precision } from '../stack/precision.ts';
import type { Stack } from '../stack/stack.ts';

export const optimizers = Object.keys(momentBytes) as readonly Optimizer[];
export type { Optimizer };

/** A job that came through the door: every default filled in, every number known to fit the others. */
export interface Job {
  readonly name: string;
  readonly model: ModelSpec;
  readonly cluster: Cluster;
  readonly stack: Stack;
  readonly training: Training;
  readonly parallelism: Parallelism;
  /** What is forecast otherwise than the job's software would do it, in sentences; they become warnings. */
  readonly notes?: readonly string[];
}

export interface Cluster {
  readonly instance: Instance;
  /** Instances booked, the last of which may be partly used. */
  readonly count: number;
  /** Devices that train; `count · instance.ranks` unless the job says fewer. */
  readonly devices: number;
  /** Price of one instance where the job overrides the catalogue. */
  readonly usdPerHour?: number;
}

export interface Training {
  readonly sequenceLength: number;
  /** Sequences a step. */
  readonly globalBatchSize: number;
  readonly precision: Precision;
  readonly optimizer: Optimizer;
  /** Tokens or steps of the whole run; at most one is given. */
  readonly tokens?: number;
  readonly steps?: number;
  readonly stochasticRounding: boolean;
}

export interface Parallelism {
  readonly degrees: ParallelDegrees;
  /** Sequences a replica handles at once. */
  readonly microBatchSize: number;
  /** Microbatches a step: globalBatchSize ÷ (data · microBatchSize). */
  readonly microbatches: number;
  /** Chunks a device. */
  readonly virtualStages: number;
  readonly microbatchGroupSize: number;
  readonly activeMicrobatches: number;
  /** A name that the list of schedules has. */
  readonly schedule: string;
  readonly partitioner: Partitioner;
  /** Stages are cut between layers, as stacks can launch them, or between single operators. */
  readonly cutAt: 'layer' | 'operator';
  /** Units (or operators) after which a stage must end. */
  readonly cutsAfter: readonly string[];
  /** Letters from slowest- to fastest-varying; `auto` leaves their order to the forecast. */
  readonly placement: PlacementLetters | 'auto';
  readonly zeroStage: 0 | 1 | 2 | 3;
  /** Data replicas among which ZeRO shards. */
  readonly shardingDegree: number;
  readonly recompute: Recompute;
  /** What lies in the host's memory; absent where nothing does. */
  readonly offload?: Offload;
}

/** How the model is cut into virtual stages. `stageLayers`: transformer layers of each, in model order. */
export type Partitioner =
  | { readonly kind: 'exact' }
  /** The best of several orders of a graph's operators, a multilevel partition's among them. */
  | { readonly kind: 'multilevel' }
  /** SageMaker's module tree; `memoryWeight`: 0 balances time, 1 memory. */
  | { readonly kind: 'tree'; readonly memoryWeight: number }
  | { readonly kind: 'uniform' }
  | { readonly kind: 'layers'; readonly stageLayers: readonly number[] };
