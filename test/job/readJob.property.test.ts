import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviceCount } from '../../src/graph/degrees.ts';
import type { Job } from '../../src/job/job.ts';
import { readJob } from '../../src/job/readJob.ts';
import { readScheduleSpec } from '../../src/job/scheduleSpec.ts';
import { changed, faultsOf, goodJob, plainJob, refusals, smallModel } from './jobs.ts';

const whole = changed(
  { ...goodJob, model: smallModel },
  {
    'model.dropout': 0.1,
    'cluster.instance': { extends: 'dgx-a100', networkBytesPerSecond: 100e9 },
    stack: { name: 'megatron-2021', attention: 'flash2' },
    'parallelism.schedule': '1f1b',
    'parallelism.cutAt': 'operator',
    'parallelism.cutsAfter': ['layer.3'],
    'parallelism.recompute': { mode: 'full', every: 2 },
  },
);

const inline = changed(whole, {
  'cluster.instance': {
    name: 'box',
    ranks: 8,
    topology: { kind: 'torus', dimensions: [2, 2], linkBytesPerSecond: 50e9, ranksPerChip: 2 },
    networkBytesPerSecond: 50e9,
    networkCards: 4,
    fabric: 'roce',
    accelerator: {
      name: 'G1',
      vendor: 'NVIDIA',
      generation: 'hopper',
      memoryBytes: 64e9,
      memoryBytesPerSecond: 2e12,
      flopsPerSecond: { fp16: 500e12, bf16: 500e12 },
      link: { name: 'L1', bytesPerSecond: 200e9 },
    },
  },
});

/** What a SageMaker user has. */
const fromSmp = {
  model: 'gpt2-1.5b',
  cluster: { instance: 'ml.p3.16xlarge', count: 2 },
  training: { sequenceLength: 1024, globalBatchSize: 64, precision: 'fp16' },
  smp: {
    parameters: {
      pipeline_parallel_degree: 2,
      tensor_parallel_degree: 1,
      microbatches: 4,
      placement_strategy: 'spread',
      pipeline: 'interleaved',
      optimize: 'speed',
      memory_weight: 0.3,
      active_microbatches: 3,
      ddp: true,
      sharded_data_parallel_degree: 1,
    },
    mpi: { processes_per_host: 8 },
  },
};

/** Dotted paths of every field of a value, its own included. */
function pathsOf(value: unknown, at = ''): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [at];
  const inner = Object.entries(value).flatMap(([key, field]) => pathsOf(field, at === '' ? key : `${at}.${key}`));
  return at === '' ? inner : [at, ...inner];
}

const anyPath = fc.constantFrom(
  ...pathsOf(goodJob),
  ...pathsOf(whole),
  ...pathsOf(inline),
  ...pathsOf(fromSmp),
  'parallelism.stageLayers',
  'foo',
  'parallelism.foo.bar',
);
const anyValue = fc.oneof(
  fc.integer({ min: -4, max: 300 }),
  fc.constantFrom<unknown>(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -0,
    1e300,
    5e-324,
    null,
    undefined,
    '',
    'auto',
    true,
    [],
    {},
  ),
  fc.constantFrom(
    'full',
    'none',
    'tree',
    'layers',
    'zb-v',
    'dualpipe',
    'fsdp2',
    'fp8',
    'lamb',
    'trn1.32xlarge',
    'bert-large',
  ),
  fc.double(),
  fc.string({ unit: 'binary' }),
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
  }),
);

/** Faults that a person can act on: somewhere, something, in one line of bearable length. */
function expectClear(read: () => unknown): void {
  for (const { path, message } of faultsOf(read)) {
    expect(path).not.toBe('');
    expect(message).not.toBe('');
    expect(message).not.toMatch(/undefined|\[object|\n/);
    expect(message.length).toBeLessThan(400);
  }
}

test('any change of a good job is read, or refused in words', () => {
  const changes = fc.array(fc.tuple(anyPath, anyValue), { maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom<unknown>(goodJob, plainJob, whole, inline, fromSmp), changes, (job, list) => {
      const mutant = list.reduce((value, [path, replacement]) => changedSafely(value, path, replacement), job);
      expectClear(() => expectWhole(readJob(mutant)));
    }),
    { numRuns: 1000 },
  );
});

/** What `changed` does where the path leads through objects, without copying what cannot be copied. */
function changedSafely(value: unknown, path: string, replacement: unknown): unknown {
  const [key = '', ...rest] = path.split('.');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const inner = (value as Record<string, unknown>)[key];
  return { ...value, [key]: rest.length === 0 ? replacement : changedSafely(inner ?? {}, rest.join('.'), replacement) };
}

/** Every number of a job fits the others. */
function expectWhole({ cluster, training, model, parallelism }: Job): void {
  const { degrees, microBatchSize, microbatches, virtualStages, partitioner } = parallelism;
  expect(deviceCount(degrees)).toBe(cluster.devices);
  expect(degrees.data * microBatchSize * microbatches).toBe(training.globalBatchSize);
  expect(model.attentionHeads % degrees.tensor).toBe(0);
  expect(degrees.data % parallelism.shardingDegree).toBe(0);
  if (parallelism.cutAt === 'layer' && partitioner.kind !== 'tree') {
    expect(degrees.pipeline * virtualStages).toBeLessThanOrEqual(model.layers + 2);
  }
  if (partitioner.kind === 'layers') {
    expect(partitioner.stageLayers.reduce((sum, layers) => sum + layers, 0)).toBe(model.layers);
  }
}

test('the jobs that the changes start from are good', () => {
  for (const job of [goodJob, plainJob, whole, inline, fromSmp]) expect(faultsOf(() => readJob(job))).toEqual([]);
});

test('anything at all is no reason to fail otherwise', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expectClear(() => readJob(value));
      expectClear(() => readScheduleSpec(value));
    }),
  );
});

test('faults of different fields are all told, in whatever company', () => {
  const faulty: Readonly<Record<string, unknown>> = {
    model: 'gpt5',
    'cluster.instance': 'abacus',
    'cluster.usdPerHour': -1,
    stack: 'excel',
    'training.sequenceLength': 0,
    'training.precision': 'int3',
    'training.stepz': 7,
    'parallelism.tensor': 2.5,
    'parallelism.microBatchSize': 'one',
    'parallelism.placement': 'DDD',
    'parallelism.expert': 2,
    'parallelism.schedule': 'none',
    'parallelism.offload': { activations: 2 },
  };
  fc.assert(
    fc.property(fc.subarray(Object.keys(faulty), { minLength: 1 }), (paths) => {
      const lines = refusals(Object.fromEntries(paths.map((path) => [path, faulty[path]])));
      for (const path of paths) expect(lines.some((line) => line.startsWith(path))).toBe(true);
    }),
  );
});
