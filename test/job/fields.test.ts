import { expect, test } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { linesOf, refusals, smallModel } from './jobs.ts';

const modelFields =
  'name, family, layers, encoderLayers, hiddenSize, attentionHeads, keyValueHeads, headSize, feedForwardSize, vocabularySize, maxSequenceLength, activation, …';

test.each<[string, Readonly<Record<string, unknown>>, readonly string[]]>([
  [
    'negative',
    { 'training.globalBatchSize': -8 },
    ['training.globalBatchSize: must be a whole number of at least 1, not -8'],
  ],
  ['NaN', { 'parallelism.tensor': Number.NaN }, ['parallelism.tensor: must be a whole number of at least 1, not NaN']],
  [
    'infinite',
    { 'training.tokens': Number.POSITIVE_INFINITY },
    ['training.tokens: must be a number above 0, not Infinity'],
  ],
  ['zero', { 'parallelism.pipeline': 0 }, ['parallelism.pipeline: must be a whole number of at least 1, not 0']],
  ['broken', { 'parallelism.data': 2.5 }, ['parallelism.data: must be a whole number of at least 1, not 2.5']],
  ['null', { 'cluster.count': null }, ['cluster.count: must be a whole number of at least 1, not null']],
  [
    'a number in quotes',
    { 'training.globalBatchSize': '1920' },
    ['training.globalBatchSize: must be a whole number of at least 1, not "1920"; a number has no quotes'],
  ],
  [
    'beyond all measure',
    { 'training.sequenceLength': 1e15 },
    [
      'training.sequenceLength: 1,000,000,000,000,000 is more than foretrain forecasts; at most 1,000,000,000,000 would do',
    ],
  ],
  [
    'a flag as text',
    { 'parallelism.sequenceParallel': 'yes' },
    ['parallelism.sequenceParallel: must be true or false, not "yes"'],
  ],
  [
    'a wrong choice',
    { 'training.precision': 'bf8' },
    ['training.precision: must be one of fp32, fp16, bf16, fp8, mxfp8, nvfp4, not "bf8"'],
  ],
  ['a wrong stage of ZeRO', { 'parallelism.zeroStage': 4 }, ['parallelism.zeroStage: must be 0, 1, 2, 3, not 4']],
  [
    'a misspelt field',
    { 'parallelism.tensr': 8 },
    ['parallelism.tensr: is not a field of parallelism; did you mean tensor?'],
  ],
  [
    'a field of nothing',
    { foo: 1 },
    ['foo: is not a field of a job; its fields are name, model, cluster, stack, training, parallelism, smp'],
  ],
  [
    'a list for an object',
    { training: [] },
    ['training: must be an object with fields such as sequenceLength, globalBatchSize, precision, …, not a list of 0'],
  ],
  ['a number for a name', { model: 175 }, ['model: must be a name such as "gpt3-175b" or an object, not 175']],
  ['an empty name', { stack: ' ' }, ['stack: must be text such as "megatron-core", not " "']],
  ['a name that is none', { name: 7 }, ['name: must be text such as "GPT-3 175B on 120 p4d", not 7']],
  [
    'a faulty field of a model',
    { model: { ...smallModel, layers: 0, depth: 3 } },
    [
      'model.layers: must be a whole number of at least 1, not 0',
      `model.depth: is not a field of a model; its fields are ${modelFields}`,
    ],
  ],
  [
    'a model without its sizes',
    { model: { family: 'gpt', layers: 2 } },
    [
      'model.hiddenSize: is missing; write the width of the residual stream',
      'model.attentionHeads: is missing; write how many query heads a layer has',
      "model.vocabularySize: is missing; write the size of the model's own vocabulary, unpadded",
    ],
  ],
  [
    'a list of layers with text in it',
    { 'parallelism.stageLayers': [16, 'a'] },
    [
      'parallelism.stageLayers: must be a list of whole numbers of layers, one for each virtual stage, but entry 2 is "a"',
    ],
  ],
  [
    'neither count nor devices',
    { 'cluster.count': undefined },
    ['cluster.count: is missing; write how many instances there are, or in its place how many devices'],
  ],
  [
    'an object without extends',
    { 'cluster.instance': { name: 'x', accelerator: 'a100-sxm4-80', ranks: 8, fabric: 'efa' } },
    [
      'cluster.instance.topology: is missing; an object without "extends" describes everything',
      'cluster.instance.networkBytesPerSecond: is missing; an object without "extends" describes everything',
      'cluster.instance.networkCards: is missing; an object without "extends" describes everything',
    ],
  ],
])('%s', (_, changes, lines) => {
  expect(refusals(changes)).toEqual(lines);
});

test('an empty job lacks three things', () => {
  expect(linesOf(() => readJob({}))).toEqual([
    'model: is missing; write the name of one that `foretrain models` lists, such as "gpt3-175b"',
    'cluster: is missing; write { "instance": "p4d.24xlarge", "count": 120 }, say',
    'training: is missing; write { "sequenceLength": 2048, "globalBatchSize": 1920 }, say',
  ]);
});

test.each([
  [undefined, 'nothing'],
  [null, 'null'],
  [7, '7'],
  ['gpt3-175b', '"gpt3-175b"'],
  [[1, 2], 'a list of 2'],
])('%j is no job', (value, shown) => {
  expect(linesOf(() => readJob(value))).toEqual([
    `job: must be an object with fields such as name, model, cluster, …, not ${shown}`,
  ]);
});

test('a field that would reach the prototype is refused', () => {
  const job: unknown = JSON.parse('{ "__proto__": { "model": "gpt3-175b" } }');
  expect(linesOf(() => readJob(job))).toEqual(['job: has a field __proto__, which a job does not have']);
});

test('thousands of unknown fields are counted, not listed', () => {
  const noise = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`field${index}`, index]));
  const lines = linesOf(() => readJob(noise));
  expect(lines).toHaveLength(3 + 8 + 1);
  expect(lines.at(-1)).toBe('job: a job has 9,992 more fields that foretrain does not know');
});

test('what is quoted is short and harmless to a terminal', () => {
  const [line = ''] = refusals({ 'training.precision': `\u001b[31m${'x'.repeat(1000)}` });
  expect(line).not.toContain('\u001b');
  expect(line.length).toBeLessThan(200);
});
