import type { Job, Parallelism } from '../../job/job.ts';
import type { ParallelismInput } from '../../job/schema/parallelism.ts';
import type { Offload } from '../../memory/offload.ts';
import type { Recompute } from '../../memory/recompute.ts';
import { placementLetters } from '../../partition/placement.ts';
import type { Cell } from '../request/cell.ts';

/** Degrees of a configuration, and how a replica's batch is cut: what the cost of a unit depends on. */
export interface Family {
  readonly tensor: number;
  readonly context: number;
  readonly pipeline: number;
  readonly data: number;
  readonly sequenceParallel: boolean;
  readonly microBatchSize: number;
  readonly microbatches: number;
  readonly placement: string;
}

/** How the model is cut into virtual stages, and in which order they run. */
export interface PipelineChoice {
  readonly schedule: string;
  readonly virtualStages: number;
  readonly partitioner: 'exact' | 'uniform';
}

/** Where model states lie. */
export interface StateChoice {
  readonly zeroStage: 0 | 1 | 2 | 3;
  readonly shardingDegree: number;
  /** As it is written; undefined where nothing lies on the host. */
  readonly offload: ParallelismInput['offload'];
}

/** Passes take no longer than with these states: nothing is gathered or copied. */
export function plainState({ data }: Family): StateChoice {
  return { zeroStage: 0, shardingDegree: data, offload: undefined };
}

/** Passes that are not split, equal layers a stage. */
export const plainPipeline: PipelineChoice = { schedule: '1f1b', virtualStages: 1, partitioner: 'uniform' };

export type WrittenRecompute = NonNullable<ParallelismInput['recompute']>;

/** One configuration of the space, as plain data: it goes to other threads. */
export interface Candidate {
  readonly family: Family;
  readonly pipeline: PipelineChoice;
  readonly state: StateChoice;
  readonly recompute: WrittenRecompute;
}

/** Microbatches that SageMaker's library keeps in flight beyond the number of stages, as the door has it. */
const activeBeyondStages = 2;

/** The mode of a written recomputation with its limits, as the door reads it. */
export function recomputeOf(written: WrittenRecompute): Recompute {
  if (typeof written === 'string') return { mode: written };
  const { mode = 'none', ...limits } = written;
  if (mode !== 'full') return { mode };
  return { mode, ...Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) };
}

function offloadOf(written: StateChoice['offload'], horizon: number): Offload | undefined {
  if (written === undefined) return undefined;
  const fraction = (value: boolean | number | undefined) => Number(value ?? 0);
  const read = {
    activations: fraction(written.activations),
    optimizer: fraction(written.optimizer),
    parameters: fraction(written.parameters),
    horizon: written.horizon ?? horizon,
  };
  return read.activations + read.optimizer + read.parameters > 0 ? read : undefined;
}

/** The candidate as a job: the very one that the door makes of {@link writtenJob}. */
export function jobOf({ base }: Pick<Cell, 'base'>, { family, pipeline, state, recompute }: Candidate): Job {
  const { placement, microBatchSize, microbatches, tensor, context, data, sequenceParallel } = family;
  const letters = placementLetters(placement);
  if (letters === undefined) throw new Error(`${placement} is no placement, and the door let it in`);
  const offload = offloadOf(state.offload, base.stack.offloads.horizon);
  const parallelism: Parallelism = {
    degrees: { tensor, pipeline: family.pipeline, data, context, expert: 1, expertTensor: 1, sequenceParallel },
    microBatchSize,
    microbatches,
    virtualStages: pipeline.virtualStages,
    microbatchGroupSize: family.pipeline,
    activeMicrobatches: family.pipeline + activeBeyondStages,
    schedule: pipeline.schedule,
    partitioner: { kind: pipeline.partitioner },
    cutAt: 'layer',
    cutsAfter: [],
    placement: letters,
    zeroStage: state.zeroStage,
    shardingDegree: state.shardingDegree,
    recompute: recomputeOf(recompute),
    ...(offload === undefined ? {} : { offload }),
  };
  return { ...base, parallelism };
}

/** The candidate as a job that a person could have written. */
export function writtenJob({ written }: Pick<Cell, 'written'>, { family, pipeline, state, recompute }: Candidate) {
  const { microbatches: _, ...degrees } = family;
  return {
    ...written,
    parallelism: {
      ...degrees,
      ...pipeline,
      zeroStage: state.zeroStage,
      shardingDegree: state.shardingDegree,
      recompute,
      ...(state.offload === undefined ? {} : { offload: state.offload }),
    },
  };
}
export type WrittenJob = ReturnType<typeof writtenJob>;
