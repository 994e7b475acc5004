import * as v from 'valibot';
import {
  anything,
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
import { shown } from '../../job/words.ts';

export const objectives = ['stepTime', 'tokensPerSecond', 'timeToTrain', 'usd', 'usdPerToken'] as const;
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
    { instance: anything(), counts, usdPerHour: nonNegativeNumber() },
    { instance: 'write the name of an instance', counts: 'write how many instances there may be, such as [64, 128]' },
  ),
  'clusters',
  mostCounts,
);

const search = fields(
  'search',
  Object.fromEntries([...searched, ...notSearched].map((field) => [field, anything()])) as Record<
    Searched | (typeof notSearched)[number],
    Reader<unknown>
  >,
);

const constraints = fields('constraints', {
  maximumDays: positiveNumber(),
  maximumUsd: positiveNumber(),
  memoryMarginFraction: fraction(),
});

const reliability = fields('reliability', {
  failuresPerNodeDay: nonNegativeNumber(),
  detectionSeconds: nonNegativeNumber(),
  restartSeconds: nonNegativeNumber(),
  manualRestartFraction: fraction(),
  manualRestartSeconds: nonNegativeNumber(),
  checkpointIntervalSeconds: positiveNumber(),
  asynchronousCheckpoints: flag(),
});

const isText = (input: unknown) => typeof input === 'string';

const purchase = choose(
  isText,
  oneOf(purchases),
  fields('purchase', { discountFraction: fraction() }, { discountFraction: 'write 0.3 for three tenths off, say' }),
);

const quota = v.custom<Readonly<Record<string, number>>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((most) => Number.isSafeInteger(most) && most >= 0),
  ({ input }) => `must map names of instances to the most of them, as { "p4d.24xlarge": 64 }, not ${shown(input)}`,
);

const storage = fields('storage', { kind: oneOf(storageKinds), bytesPerSecond: rate(), tebibytes: positiveNumber() });

const requestReader = fields(
  'a request',
  {
    name: text('GPT-3 175B on p4de'),
    model: anything(),
    cluster: anything(),
    clusters,
    stack: anything(),
    training: anything(),
    parallelism: anything(),
    smp: anything(),
    search,
    constraints,
    objective: oneOf(objectives),
    reliability,
    purchase,
    quota,
    storage,
    bytesPerToken: positiveNumber(),
  },
  {
    model: 'write the name of one that `foretrain models` lists, such as "gpt3-175b"',
    training: 'write { "sequenceLength": 2048, "globalBatchSize": 1536 }, say',
  },
);

/** A request whose own fields are of the right type; those it shares with a job are not read yet. */
export type RequestInput = Read<typeof requestReader>;
export { requestReader };
