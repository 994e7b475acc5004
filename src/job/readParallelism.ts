import type { Offload } from '../memory/offload.ts';
import type { Recompute } from '../memory/recompute.ts';
import { type PlacementLetters, placementAliases, placements } from '../partition/placement.ts';
import type { Stack } from '../stack/stack.ts';
import type { Draft, DraftedParallelism } from './draft.ts';
import type { FaultList } from './faults.ts';
import type { Partitioner } from './job.ts';
import { readSchedule } from './readSchedule.ts';
import type { ParallelismInput, RecomputeInput } from './schema/parallelism.ts';
import { shown } from './words.ts';

/** Microbatches that SageMaker's library keeps in flight beyond the number of stages. */
const activeBeyondStages = 2;

/** `memory_weight` of SageMaker's library with its default, `optimize: "memory"`. */
const defaultMemoryWeight = 0.8;

/** How the job is spread over the devices, every default filled in where no fault stands in the way. */
export function readParallelism(
  written: ParallelismInput | undefined,
  { cluster, stack, training }: Pick<Draft, 'cluster' | 'stack' | 'training'>,
  faults: FaultList,
): DraftedParallelism {
  const input = written ?? {};
  // The value of a field, its default where it is absent, and undefined where it is faulty.
  const settle = <K extends keyof ParallelismInput, T>(
    field: K,
    fallback: T,
  ): NonNullable<ParallelismInput[K]> | T | undefined =>
    faults.sound(`parallelism.${field}`) ? (input[field] ?? fallback) : undefined;

  const tensor = settle('tensor', 1);
  const pipeline = settle('pipeline', 1);
  const context = settle('context', 1);
  const data = settle('data', quotient(cluster.devices, product(tensor, pipeline, context)));
  const microBatchSize = settle('microBatchSize', 1);
  const virtualStages = settle('virtualStages', 1);
  const zeroStage = settle('zeroStage', stack?.defaults.zeroStage);
  const sequenceParallel = settle('sequenceParallel', stack?.defaults.sequenceParallel);
  return {
    tensor,
    pipeline,
    context,
    expert: settle('expert', 1),
    expertTensor: settle('expertTensor', 1),
    data,
    sequenceParallel: tensor === 1 ? false : sequenceParallel,
    microBatchSize,
    microbatches: quotient(training.globalBatchSize, product(data, microBatchSize)),
    virtualStages,
    microbatchGroupSize: settle('microbatchGroupSize', pipeline),
    activeMicrobatches: settle(
      'activeMicrobatches',
      pipeline === undefined ? undefined : pipeline + activeBeyondStages,
    ),
    schedule: readSchedule(settle('schedule', defaultSchedule(virtualStages, stack)), 'parallelism.schedule', faults),
    partitioner: readPartitioner(input, faults),
    cutAt: settle('cutAt', 'layer' as const),
    cutsAfter: settle('cutsAfter', []),
    placement: readPlacement(settle('placement', stack?.defaults.placement), faults),
    zeroStage,
    shardingDegree: settle('shardingDegree', data),
    recompute: readRecompute(settle('recompute', 'none' as const), faults),
    offload: readOffload(input, stack),
  };
}

function product(...factors: readonly (number | undefined)[]): number | undefined {
  return factors.reduce((sum, factor) => (sum === undefined || factor === undefined ? undefined : sum * factor), 1);
}

/** The whole quotient, or undefined where it does not come out whole. */
function quotient(dividend: number | undefined, divisor: number | undefined): number | undefined {
  if (dividend === undefined || divisor === undefined || dividend % divisor !== 0) return undefined;
  return dividend / divisor;
}

function defaultSchedule(virtualStages: number | undefined, stack: Stack | undefined): string | undefined {
  if (stack === undefined || stack.defaults.schedule !== '1f1b') return stack?.defaults.schedule;
  return virtualStages === undefined || virtualStages === 1 ? '1f1b' : 'interleaved';
}

function readPartitioner(input: ParallelismInput, faults: FaultList): Partitioner | undefined {
  const { partitioner, stageLayers, memoryWeight } = input;
  if (!faults.sound('parallelism.partitioner', 'parallelism.stageLayers', 'parallelism.memoryWeight')) return undefined;
  if (stageLayers !== undefined && (partitioner ?? 'layers') !== 'layers') {
    faults.add('parallelism.stageLayers', `stands beside partitioner ${partitioner}; it goes with partitioner layers`);
    return undefined;
  }
  const kind = stageLayers === undefined ? (partitioner ?? 'exact') : 'layers';
  if (memoryWeight !== undefined && kind !== 'tree') {
    faults.add('parallelism.memoryWeight', `stands beside partitioner ${kind}; it goes with partitioner tree`);
    return undefined;
  }
  switch (kind) {
    case 'tree':
      return { kind, memoryWeight: memoryWeight ?? defaultMemoryWeight };
    case 'layers':
      if (stageLayers !== undefined) return { kind, stageLayers };
      faults.add('parallelism.stageLayers', 'is missing; partitioner layers needs the layers of each virtual stage');
      return undefined;
    case 'exact':
    case 'multilevel':
    case 'uniform':
      return { kind };
  }
}

function readPlacement(written: string | undefined, faults: FaultList): PlacementLetters | 'auto' | undefined {
  if (written === undefined || written === 'auto') return written;
  const alias = Object.hasOwn(placementAliases, written) ? placementAliases[written] : undefined;
  const letters = alias ?? placements.find((order) => order === written);
  if (letters !== undefined) return letters;
  const would =
    'the letters D, P and T once each, slowest-varying first, such as PDT; or cluster (DPT), spread (TPD) or auto';
  faults.add('parallelism.placement', `must be ${would}; not ${shown(written)}`);
  return undefined;
}

/** What the job moves to the host, as fractions; undefined where it moves nothing. */
function readOffload({ offload }: ParallelismInput, stack: Stack | undefined): Offload | undefined {
  if (offload === undefined || stack === undefined) return undefined;
  const fraction = (value: boolean | number | undefined) => Number(value ?? 0);
  const { activations, optimizer, parameters, horizon } = offload;
  const read = {
    activations: fraction(activations),
    optimizer: fraction(optimizer),
    parameters: fraction(parameters),
    horizon: horizon ?? stack.offloads.horizon,
  };
  return read.activations + read.optimizer + read.parameters > 0 ? read : undefined;
}

function readRecompute(written: RecomputeInput | undefined, faults: FaultList): Recompute | undefined {
  if (written === undefined) return undefined;
  const { mode, ...limits } = typeof written === 'string' ? { mode: written } : written;
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  if (mode === undefined) return undefined;
  if (mode !== 'full') {
    for (const [field] of given) {
      faults.add(`parallelism.recompute.${field}`, `goes with mode full, not with ${mode}; leave it out`);
    }
    return { mode };
  }
  if (given.length > 1) {
    const fields = given.map(([field]) => field).join(' and ');
    faults.add('parallelism.recompute', `has ${fields}, each of which says which layers are recomputed; keep one`);
  }
  return { mode, ...Object.fromEntries(given) };
}
