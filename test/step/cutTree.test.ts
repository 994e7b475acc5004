import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parameterCount } from '../../src/graph/parameters.ts';
import { readJob } from '../../src/job/readJob.ts';
import { simulateDetailed } from '../../src/simulate.ts';

/** A job that SageMaker's library would cut by its module tree. */
function treeJob(
  changes: { model?: unknown; pipeline?: number; memoryWeight?: number; recompute?: string; schedule?: string } = {},
) {
  const {
    model = 'gpt2-1.5b',
    pipeline = 4,
    memoryWeight = 0.2,
    recompute = 'none',
    schedule = 'smp-interleaved',
  } = changes;
  return readJob({
    model,
    cluster: { instance: 'p4d.24xlarge', count: 1 },
    stack: 'smp-v1',
    training: { sequenceLength: 1024, globalBatchSize: 32, precision: 'fp16' },
    parallelism: { pipeline, partitioner: 'tree', memoryWeight, recompute, schedule },
  });
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

describe('a module tree in a job', () => {
  const job = treeJob();
  const simulated = simulateDetailed(job);
  const { report, assignments, timeline } = simulated;

  it('comes back to the first device with the head, as the library does', () => {
    const devices = report.partition.stages.map(({ stage }) => stage);
    expect(devices).toEqual([0, 1, 2, 3, 0]);
    expect(report.partition.stages.map(({ chunk }) => chunk)).toEqual([0, 0, 0, 0, 1]);
    expect(assignments).toEqual([
      { module: 'transformer', device: 0 },
      { module: 'transformer/embedding', device: 0 },
      { module: 'transformer/layer', device: 0 },
      { module: 'transformer/layer/0–11', device: 0 },
      { module: 'transformer/layer/12–23', device: 1 },
      { module: 'transformer/layer/24–35', device: 2 },
      { module: 'transformer/layer/36–47', device: 3 },
      { module: 'transformer/head', device: 0 },
    ]);
  });

  it('sends through the device of the parent', () => {
    expect(timeline.plan.placement).toEqual({ devices: [0, 1, 2, 3, 0], through: [[], [0], [0], []] });
    // From stage 1 to 2 by way of 0, in two hops that take as long as two stages' own.
    const [first, second, third, last] = simulated.transferSeconds;
    expect(second).toBeCloseTo(2 * first, 12);
    expect([third, last]).toEqual([second, first]);
  });

  it('has every layer, operator and parameter once', () => {
    const { partition } = report;
    expect(total(partition.stages.map(({ layers }) => layers))).toBe(job.model.layers);
    expect(total(partition.stages.map(({ parameters }) => parameters))).toBe(parameterCount(job.model));
    expect(report.partition.partitioner).toBe('tree');
  });

  it('sums its breakdown to the step, and its parts to the memory of each stage', () => {
    expect(total(Object.values(report.breakdownSeconds))).toBeCloseTo(report.stepTimeSeconds, 9);
    for (const stage of report.memory.stages) {
      const { parametersBytes, gradientsBytes, optimizerBytes, activationsBytes } = stage;
      const { temporaryBytes, communicationBytes, frameworkBytes } = stage;
      const parts = [parametersBytes, gradientsBytes, optimizerBytes, activationsBytes];
      expect(total([...parts, temporaryBytes, communicationBytes, frameworkBytes])).toBe(stage.peakBytes);
    }
  });

  it('holds a tensor that both ends share once', () => {
    const { parametersBytes } = report.memory.stages[0];
    const first = report.partition.stages.filter(({ stage }) => stage === 0);
    // fp16; the head uses the embedding's own tensor.
    expect(parametersBytes).toBe(2 * total(first.map(({ parameters }) => parameters)));
  });
});

it('balances memory at weight 1 and time at weight 0', () => {
  const imbalance = (memoryWeight: number) => simulateDetailed(treeJob({ memoryWeight, pipeline: 8 })).report;
  const time = imbalance(0);
  const memory = imbalance(1);
  const parameters = (report: typeof time) => report.memory.stages.map(({ parametersBytes }) => parametersBytes);
  const spread = (values: readonly number[]) => Math.max(...values) / (total(values) / values.length);
  expect(time.partition.imbalance).toBeLessThanOrEqual(memory.partition.imbalance + 1e-9);
  expect(spread(parameters(memory))).toBeLessThanOrEqual(spread(parameters(time)) + 1e-9);
});

it('cuts inside layers where devices are more than layers, which are then not recomputed', () => {
  const model = {
    family: 'gpt',
    name: 'two layers',
    layers: 2,
    hiddenSize: 1024,
    attentionHeads: 16,
    vocabularySize: 1024,
  };
  const { report } = simulateDetailed(treeJob({ model, pipeline: 8, memoryWeight: 0, recompute: 'full' }));
  expect(new Set(report.partition.stages.map(({ stage }) => stage)).size).toBeGreaterThan(2);
  expect(report.breakdownSeconds.recompute).toBe(0);
  expect(report.warnings.join(' ')).toContain('the library ignores their checkpoints');
  expect(Number.isFinite(report.stepTimeSeconds)).toBe(true);
});

it('leaves devices idle where a module that they went to cannot be cut, and says so', () => {
  const model = {
    family: 'gpt',
    name: 'all vocabulary',
    layers: 1,
    hiddenSize: 256,
    attentionHeads: 4,
    vocabularySize: 500_000,
  };
  const { report } = simulateDetailed(treeJob({ model, pipeline: 8, memoryWeight: 1 }));
  expect(report.warnings.join(' ')).toContain('no work');
  expect(report.memory.stages).toHaveLength(8);
  expect(Number.isFinite(report.stepTimeSeconds)).toBe(true);
});

it('runs with the simple pipeline too, and on one device', () => {
  const simple = simulateDetailed(treeJob({ schedule: 'smp-simple' })).report;
  expect(simple.stepTimeSeconds).toBeGreaterThan(0);
  const alone = simulateDetailed(treeJob({ pipeline: 1 })).report;
  expect(alone.partition.stages).toHaveLength(1);
});

it('answers for any model, devices and weight with finite figures that add up', () => {
  const any = fc.record({
    layers: fc.integer({ min: 1, max: 9 }),
    vocabularySize: fc.integer({ min: 100, max: 200_000 }),
    tiedEmbeddings: fc.boolean(),
    family: fc.constantFrom('gpt', 'llama', 'bert'),
    pipeline: fc.constantFrom(1, 2, 4, 8),
    memoryWeight: fc.double({ min: 0, max: 1, noNaN: true }),
    recompute: fc.constantFrom('none', 'selective', 'full'),
    schedule: fc.constantFrom('smp-interleaved', 'smp-simple'),
  });
  let visitedAgain = 0;
  let idle = 0;
  fc.assert(
    fc.property(any, ({ layers, vocabularySize, tiedEmbeddings, family, ...rest }) => {
      const sizes = { hiddenSize: 512, attentionHeads: 8, feedForwardSize: 2048 };
      const model = { name: 'any', family, layers, vocabularySize, tiedEmbeddings, ...sizes };
      const { report } = simulateDetailed(treeJob({ model, ...rest }));
      const { stages } = report.partition;
      const devices = stages.map(({ stage }) => stage);
      expect(total(stages.map((stage) => stage.layers))).toBe(layers);
      expect(total(stages.map((stage) => stage.parameters))).toBe(report.parameters);
      expect(total(Object.values(report.breakdownSeconds))).toBeCloseTo(report.stepTimeSeconds, 9);
      // Runs are maximal: neighbours are on different devices.
      for (const [stage, device] of devices.entries()) expect(device).not.toBe(devices[stage + 1]);
      for (const memory of report.memory.stages) expect(Number.isFinite(memory.peakBytes)).toBe(true);
      if (new Set(devices).size < devices.length) visitedAgain++;
      if (new Set(devices).size < rest.pipeline) idle++;
    }),
    { numRuns: 150 },
  );
  expect(visitedAgain).toBeGreaterThan(10);
  expect(idle).toBeGreaterThan(0);
});
