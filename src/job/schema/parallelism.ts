import {
  choose,
  fields,
  flag,
  fraction,
  listOf,
  nameOr,
  oneOf,
  oneOfNumbers,
  type Read,
  text,
  wholeNumber,
} from './fields.ts';

const recomputeModes = ['none', 'selective', 'selective-op', 'full', 'auto'] as const;
export const partitioners = ['exact', 'multilevel', 'tree', 'uniform', 'layers'] as const;

/** Chunks a device that a schedule can tell apart. */
export const mostVirtualStages = 64;

const recompute = nameOr(
  'full',
  fields(
    'recompute',
    { mode: oneOf(recomputeModes), layers: wholeNumber(), every: wholeNumber(), group: wholeNumber() },
    { mode: `write one of ${recomputeModes.join(', ')}` },
  ),
  oneOf(recomputeModes),
);
export type RecomputeInput = Read<typeof recompute>;

const flagOrFraction = choose((input) => typeof input === 'number', fraction(), flag());
const offload = fields('offload', {
  activations: flagOrFraction,
  optimizer: flagOrFraction,
  parameters: flagOrFraction,
  horizon: wholeNumber(),
});

const isLayerCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** How the job is spread over the devices. */
export const parallelismReader = fields('parallelism', {
  tensor: wholeNumber(),
  pipeline: wholeNumber(),
  context: wholeNumber(),
  expert: wholeNumber(),
  expertTensor: wholeNumber(),
  data: wholeNumber(),
  microBatchSize: wholeNumber(),
  virtualStages: wholeNumber(1, mostVirtualStages),
  microbatchGroupSize: wholeNumber(),
  activeMicrobatches: wholeNumber(),
  sequenceParallel: flag(),
  schedule: text('1f1b'),
  partitioner: oneOf(partitioners),
  stageLayers: listOf(isLayerCount, 'whole numbers of layers, one for each virtual stage'),
  cutsAfter: listOf(isName, 'names of units'),
  memoryWeight: fraction(),
  cutAt: oneOf(['layer', 'operator']),
  placement: text('PDT'),
  zeroStage: oneOfNumbers([0, 1, 2, 3]),
  shardingDegree: wholeNumber(),
  recompute,
  offload,
});
export type ParallelismInput = Read<typeof parallelismReader>;
