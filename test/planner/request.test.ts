import { describe, expect, it } from 'vitest';
import { ForetrainError } from '../../src/errors.ts';
import { plan, readPlanRequest } from '../../src/planner/index.ts';

const request = {
  model: 'gpt3-6.7b',
  cluster: { instance: 'p4d.24xlarge', count: 2 },
  stack: 'megatron-core',
  training: { sequenceLength: 1024, globalBatchSize: 32, tokens: 1e9 },
};

/** Faults of the door, one a line. */
function faultsOf(changes: object): readonly string[] {
  try {
    readPlanRequest({ ...request, ...changes });
    return [];
  } catch (error) {
    if (!(error instanceof ForetrainError)) throw error;
    return error.faults.map(({ path, message }) => `${path}: ${message}`);
  }
}

/** The fault of a plan that cannot be made. */
async function faultOfPlan(changes: object): Promise<string> {
  const error = await plan({ ...request, ...changes }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ForetrainError)) throw error ?? new Error('there is a plan');
  return error.message;
}

describe('the door of the planner', () => {
  it('takes a whole request', () => {
    const read = readPlanRequest({
      ...request,
      cluster: undefined,
      name: 'all of it',
      clusters: [
        { instance: 'ml.p4d.24xlarge', counts: [2, 4, 4], usdPerHour: 20 },
        { instance: 'p5.48xlarge', counts: [1, 80] },
      ],
      search: { tensor: [4, 8], pipeline: 'any', recompute: ['none', { mode: 'full', layers: 3 }] },
      constraints: { maximumDays: 30, maximumUsd: 1e6, memoryMarginFraction: 0.05 },
      objective: 'usd',
      reliability: { failuresPerNodeDay: 0.01 },
      purchase: { discountFraction: 0.2 },
      quota: { 'p5.48xlarge': 64 },
      storage: { kind: 's3', bytesPerSecond: 5e9 },
      bytesPerToken: 2,
    });
    expect(read.cells.map(({ base }) => `${base.cluster.count} ${base.cluster.instance.name}`)).toEqual([
      '2 p4d.24xlarge',
      '4 p4d.24xlarge',
      '1 p5.48xlarge',
    ]);
    expect(read.left).toEqual(['80 p5.48xlarge are more than the quota of 64']);
    expect(read).toMatchObject({ objective: 'usd', bytesPerToken: 2, purchase: { discountFraction: 0.2 } });
    expect(read.search).toEqual({ tensor: [4, 8], recompute: ['none', { mode: 'full', layers: 3 }] });
  });

  it('takes several batches and sequence lengths, each with each, and compares them by their tokens', () => {
    const training = { sequenceLength: [512, 1024], globalBatchSize: [32, 64, 32], tokens: 1e9 };
    const read = readPlanRequest({ ...request, training });
    expect(read.cells.map(({ title }) => title)).toEqual([
      '2 p4d.24xlarge, batch 32, sequence 512',
      '2 p4d.24xlarge, batch 32, sequence 1,024',
      '2 p4d.24xlarge, batch 64, sequence 512',
      '2 p4d.24xlarge, batch 64, sequence 1,024',
    ]);
    expect(read.cells.map(({ written }) => written.training)).toEqual(
      read.cells.map(({ base }) => ({
        sequenceLength: base.training.sequenceLength,
        globalBatchSize: base.training.globalBatchSize,
        tokens: 1e9,
      })),
    );
    expect(read.objective).toBe('tokensPerSecond');
    // One value in a list is one value.
    const one = readPlanRequest({ ...request, training: { ...request.training, globalBatchSize: [32] } });
    expect(one.cells.map(({ title }) => title)).toEqual(['2 p4d.24xlarge']);
    expect(one.objective).toBe('stepTime');
  });

  const lists = { sequenceLength: 1024, globalBatchSize: [32, 64], tokens: 1e9 };

  it.each([
    [
      { training: lists, objective: 'stepTime' },
      'objective: stepTime compares steps of different sizes, as globalBatchSize has several values',
    ],
    [
      { training: { ...lists, tokens: undefined, steps: 100 } },
      'training.steps: are of different sizes, as globalBatchSize varies; write tokens',
    ],
    [
      { training: { ...lists, globalBatchSize: [] } },
      'training.globalBatchSize: must be a number or a list of 1 to 64',
    ],
    [
      { training: { ...lists, globalBatchSize: [32, 0] } },
      'training.globalBatchSize.1: must be a whole number of at least 1, not 0',
    ],
    [
      { training: { ...lists, sequenceLength: [1024, 4096] } },
      'training.sequenceLength.1: 4,096 is more than the 2,048 learned positions',
    ],
    [{ parallelism: { tensor: 8 } }, 'parallelism: is what a plan finds'],
    [{ smp: {} }, 'smp: is not searched'],
    [{ cluster: undefined }, 'cluster: is missing'],
    [{ cluster: { instance: 'p4d.24xlarge', count: 0 } }, 'cluster.count: must be a whole number of at least 1'],
    [
      { cluster: { instance: 'p4d.24xlarge', count: 1e9 } },
      'cluster.count: 1,000,000,000 is more than foretrain forecasts',
    ],
    [{ cluster: { instance: 'p4d.24xlarge', devices: 8 } }, 'cluster.devices: is not planned for'],
    [
      { cluster: { instance: 'p4d.24xlarg', count: 2 } },
      'cluster.instance: there is no instance "p4d.24xlarg"; did you mean p4d.24xlarge?',
    ],
    [{ clusters: [], cluster: undefined }, 'clusters: must be a list of clusters'],
    [
      { clusters: [{ instance: 'p4d.24xlarge', counts: [0] }], cluster: undefined },
      'clusters.0.counts.0: must be a whole number of at least 1',
    ],
    [{ clusters: [{ instance: 'p4d.24xlarge', counts: [1] }] }, 'cluster: stands beside clusters'],
    [{ search: { tensors: [1] } }, 'search.tensors: is not a field of search; did you mean tensor?'],
    [{ search: { tensor: 8 } }, 'search.tensor: must be "any" or a list of allowed values, not 8'],
    [{ search: { tensor: [] } }, 'search.tensor: must be "any" or a list of allowed values'],
    [{ search: { tensor: [8, 'x'] } }, 'search.tensor.1: must be a whole number of at least 1, not "x"'],
    [{ search: { schedule: ['1f1c'] } }, 'search.schedule.0: there is no schedule "1f1c"; did you mean 1f1b?'],
    [{ search: { stageLayers: [[1]] } }, 'search.stageLayers: is not searched'],
    [{ search: { expert: [2] } }, 'search.expert.0: 2 is not modelled yet'],
    [{ objective: 'cheapest' }, 'objective: must be one of stepTime, tokensPerSecond, timeToTrain, usd, usdPerToken'],
    [
      { objective: 'usd', training: { sequenceLength: 1024, globalBatchSize: 32 } },
      'objective: asks about days or dollars',
    ],
    [
      { objective: 'usd', cluster: { instance: 'p5e.48xlarge', count: 2 } },
      'cluster.usdPerHour: is missing: no on-demand price of p5e.48xlarge is known',
    ],
    [{ purchase: 'spot' }, 'purchase: must be one of onDemand, capacityBlock, trainingPlan'],
    [{ purchase: { discountFraction: 2 } }, 'purchase.discountFraction: must be a number from 0 to 1'],
    [
      { quota: { 'p4d.24xlarge': 1 } },
      'quota: leaves nothing to plan for: 2 p4d.24xlarge are more than the quota of 1',
    ],
    [{ quota: { p4d: 8 } }, 'quota.p4d: is no instance that foretrain knows; did you mean p4d.24xlarge?'],
    [
      { cluster: { instance: 'p4d.24xlarge' } },
      'cluster.count: is missing; write how many instances there are, or clusters',
    ],
    [{ cluster: { instance: 'p4d.24xlarge', count: [1, 2] } }, 'cluster.count: must be one number; write how many'],
    [
      {
        cluster: undefined,
        clusters: [
          { instance: 'p4d.24xlarge', counts: [2] },
          { instance: 'p5e.48xlarge', counts: [2] },
        ],
        objective: 'usd',
      },
      'clusters.1.usdPerHour: is missing: no on-demand price of p5e.48xlarge is known',
    ],
    [{ search: { placement: ['auto'] } }, 'search.placement.0: auto is for a single job; leave placement out'],
    [{ storage: { kind: 's3' } }, 'storage.bytesPerSecond: is missing'],
    [{ reliability: { failures: 1 } }, 'reliability.failures: is not a field of reliability'],
    [{ constraints: { maximumDays: -1 } }, 'constraints.maximumDays: must be a number above 0'],
    [{ model: 'gpt3-6.7' }, 'model: there is no model "gpt3-6.7"; did you mean'],
    [
      { training: { sequenceLength: 4096, globalBatchSize: 32 } },
      'training.sequenceLength: 4,096 is more than the 2,048 learned positions',
    ],
  ])('refuses %j', (changes, expected) => {
    expect(
      faultsOf(changes).some((line) => line.startsWith(expected)),
      faultsOf(changes).join('\n'),
    ).toBe(true);
  });
});

describe('a space without a plan', () => {
  it('names the field of the search that empties it, and what would do', async () => {
    expect(await faultOfPlan({ search: { tensor: [5] } })).toMatch(
      /^search\.tensor: leaves no configuration: 5 goes with nothing that megatron-core can launch on 16 devices; 4, 2 would do$/,
    );
    expect(await faultOfPlan({ search: { pipeline: [64] } })).toMatch(
      /^search\.pipeline: leaves no configuration: .* would do$/,
    );
    expect(await faultOfPlan({ search: { tensor: [8], pipeline: [4] } })).toMatch(
      /^search\.tensor: .* 8 goes with nothing .* on 16 devices with pipeline 4; 4, 2 would do$/,
    );
    expect(await faultOfPlan({ search: { microBatchSize: [3] } })).toMatch(
      /^search\.microBatchSize: .*; 2, 4 would do$/,
    );
  });

  it('says how many instances have room', async () => {
    expect(
      await faultOfPlan({ model: 'gpt3-175b', search: { tensor: [8], microBatchSize: [1], offload: [{}] } }),
    ).toMatch(/^cluster\.count: 2 p4d.24xlarge have no room for gpt3-175b, however it is spread; 12 would do$/);
  });

  it('says which margin leaves room', async () => {
    expect(
      await faultOfPlan({ constraints: { memoryMarginFraction: 0.95 }, search: { tensor: [8], pipeline: [2] } }),
    ).toMatch(/^constraints\.memoryMarginFraction: 0\.95 leaves no configuration that fits; 0\.\d+ would do$/);
  });

  it('says which batch can be divided', async () => {
    // 160,000 is 2^8 · 5^4: pipelines of 25 stages take two of the fives, and the replicas cannot but have the others.
    const message = await faultOfPlan({
      model: 'gpt3-1.3b',
      cluster: { instance: 'p4d.24xlarge', count: 20_000 },
      training: { sequenceLength: 1024, globalBatchSize: 64 },
    });
    expect(message).toBe(
      'training.globalBatchSize: 64 sequences cannot be divided among 160000 devices however they are used; 75 can',
    );
  });

  it('says that a run never ends, and for how long capacity can be booked', async () => {
    expect(await faultOfPlan({ reliability: { failuresPerNodeDay: 1_000 } })).toBe(
      'reliability: leaves no plan: 2 p4d.24xlarge: failures come faster than the run gets on; more reliable or fewer nodes would do',
    );
    const training = { ...request.training, tokens: 1e13 };
    expect(await faultOfPlan({ training, purchase: 'capacityBlock', search: { tensor: [4], pipeline: [1] } })).toMatch(
      /^purchase: leaves no plan: 2 p4d.24xlarge: Capacity Blocks have at most 182 days, and the run takes \d+; onDemand/,
    );
  });

  it('says what days and dollars would do', async () => {
    expect(await faultOfPlan({ constraints: { maximumDays: 0.01 } })).toMatch(
      /^constraints\.maximumDays: 0\.01 leaves no plan: the fastest run takes 0\.\d+ days; 0\.\d+ would do$/,
    );
    expect(await faultOfPlan({ constraints: { maximumUsd: 10 } })).toMatch(
      /^constraints\.maximumUsd: 10 leaves no plan: the cheapest run costs \$\d+; \d+ would do$/,
    );
  });
});
