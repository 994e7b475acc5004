import * as v from 'valibot';
import { clusterReader } from '../../job/schema/cluster.ts';
import {
  choose,
  fields,
  flag,
  fraction,
  nonNegativeNumber,
  oneOf,
  positiveNumber,
  type Read,
  type Reader,
  rate,
  text,
  wholeNumber,
} from '../../job/schema/fields.ts';
import { modelReader } from '../../job/schema/model.ts';
import { parallelismReader } from '../../job/schema/parallelism.ts';
import { stackReader } from '../../job/schema/stack.ts';
import { trainingReader } from '../../job/schema/training.ts';
import { shown } from '../../job/words.ts';

export const objectives = ['stepTime', 'timeToTrain', 'usd', 'usdPerToken'] as const;
export type Objective = (typeof objectives)[number];

export const purchases = ['onDemand', 'capacityBlock', 'trainingPlan'] as const;

/** Where data and checkpoints lie. Rates of the last kind are the job's own. */
export const storageKinds = ['fsx-lustre', 's3', 'local', 'other'] as const;

/** Fields of `search`: those of `parallelism` that may be left open. */
export const searched = [
  'tensor',
  'pipeline',
  'data',
  'context',
  'expert',
  'expertTensor',
  'microBatchSize',
  'virtualStages',
  'sequenceParallel',
  'schedule',
  'partitioner',
  'placement',
  'zeroStage',
  'shardingDegree',
  'recompute',
  'offload',
] as const;
export type Searched = (typeof searched)[number];

/** Fields of `parallelism` that a search takes as the door sets them. */
export const notSearched = [
  'microbatchGroupSize',
  'activeMicrobatches',
  'cutAt',
  'cutsAfter',
  'stageLayers',
  'memoryWeight',
] as const;

/** More counts than anyone compares, and instances than any cloud has of a kind. */
const mostCounts = 64;
const mostInstances = 1_000_000;

function listFrom<T>(entry: Reader<T>, noun: string, most: number): Reader<readonly T[]> {
  return v.pipe(
    v.custom<readonly unknown[]>(
      (value) => Array.isArray(value) && value.length > 0 && value.length <= most,
      ({ input }) => `must be a list of ${noun}, 1 to ${most} of them, not ${shown(input)}`,
    ),
    v.array(entry),
  ) as Reader<readonly T[]>;
}

const counts = listFrom(wholeNumber(1, mostInstances), 'numbers of instances', mostCounts);

const clusters = listFrom(
  fields(
    'an entry of clusters',
    {
      instance: clusterReader.instance,
      counts,
      usdPerHour: nonNegativeNumber(),
    },
    { instance: 'write the name of an instance', counts: 'write how many instances there may be, such as [64, 128]' },
  ),
  'clusters',
  mostCounts,
);
