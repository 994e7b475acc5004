import type { ModelSpec } from '../graph/model.ts';
import type { Offload } from '../memory/offload.ts';
import type { Recompute } from '../memory/recompute.ts';
import type { Schedule } from '../pipeline/schedule.ts';
import type { Stack } from '../stack/stack.ts';
import type { FaultList } from './faults.ts';
import type { Cluster, Parallelism, Partitioner, Training } from './job.ts';
import type { JobInput } from './schema/job.ts';

/** A value, or undefined where a fault left none to judge by. */
export type Drafted<T> = { readonly [K in keyof T]: T[K] | undefined };

/** A job with its defaults filled in, as far as its faults allow: what the checks look at. */
export interface Draft {
  readonly input: JobInput;
  readonly model: ModelSpec | undefined;
  readonly cluster: Drafted<Cluster>;
  readonly stack: Stack | undefined;
  readonly training: Drafted<Training>;
  readonly parallelism: DraftedParallelism;
  /** What is forecast otherwise than the job says, in sentences. */
  readonly notes: readonly string[];
}

/** How the job is spread over the devices, each field on its own. */
export interface DraftedParallelism {
  readonly tensor: number | undefined;
  readonly pipeline: number | undefined;
  readonly context: number | undefined;
  readonly expert: number | undefined;
  readonly expertTensor: number | undefined;
  readonly data: number | undefined;
  readonly sequenceParallel: boolean | undefined;
  readonly microBatchSize: number | undefined;
  readonly microbatches: number | undefined;
  readonly virtualStages: number | undefined;
  readonly microbatchGroupSize: number | undefined;
  readonly activeMicrobatches: number | undefined;
  readonly schedule: Schedule | undefined;
  readonly partitioner: Partitioner | undefined;
  readonly cutAt: Parallelism['cutAt'] | undefined;
  readonly cutsAfter: readonly string[] | undefined;
  readonly placement: Parallelism['placement'] | undefined;
  readonly zeroStage: Parallelism['zeroStage'] | undefined;
  readonly shardingDegree: number | undefined;
  readonly recompute: Recompute | undefined;
  /** Undefined where nothing lies on the host. */
  readonly offload: Offload | undefined;
}

/** Looks at a few fields of a draft together and adds a fault for what does not fit. */
export type Check = (draft: Draft, faults: FaultList) => void;
