import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseJob, type Report, readJob, simulate } from '../src/index.ts';
import { parseRows, scoreSet } from '../src/validate/index.ts';
import { changed, goodJob, plainJob } from './job/jobs.ts';

const reportOf = (job: unknown): Report => simulate(readJob(job));
const withChanges = (changes: Parameters<typeof changed>[1], job: unknown = plainJob) =>
  reportOf(changed(job, changes));

describe('the report of GPT-3 175B on 120 p4d.24xlarge', () => {
  const report = reportOf(goodJob);

  it('has every field that programs rely on', () => {
    expect(report).toMatchObject({
      name: 'GPT-3 175B on 120 p4d',
      parameters: 174_604_259_328,
      partition: { partitioner: 'exact' },
      nearest: expect.any(Array),
      warnings: expect.any(Array),
    });
    const fields = Object.keys(report);
    for (const field of [
      'name',
      'fits',
      'stepTimeSeconds',
      'samplesPerSecond',
      'tokensPerSecond',
      'parameters',
      'paddedParameters',
      'modelFlopsPerSecondPerDevice',
      'mfu',
      'hfu',
      'bubbleFraction',
      'breakdownSeconds',
      'memory',
      'partition',
      'training',
      'nearest',
      'warnings',
    ]) {
      expect(fields).toContain(field);
    }
    expect(Object.keys(report.breakdownSeconds).sort()).toEqual(
      [
        'forward',
        'backward',
        'recompute',
        'tensorComm',
        'pipelineComm',
        'dataComm',
        'contextComm',
        'expertComm',
        'offload',
        'optimizer',
        'bubble',
        'other',
      ].sort(),
    );
    expect(Object.keys(report.memory)).toEqual(
      expect.arrayContaining([
        'capacityBytes',
        'peakBytes',
        'peakAllocatedBytes',
        'peakReservedBytes',
        'hostBytes',
        'stages',
      ]),
    );
    expect(Object.keys(report.memory.stages[0]!)).toEqual(
      expect.arrayContaining([
        'stage',
        'peakBytes',
        'allocatedBytes',
        'reservedBytes',
        'peakAtSeconds',
        'parametersBytes',
        'gradientsBytes',
        'optimizerBytes',
        'activationsBytes',
        'temporaryBytes',
        'communicationBytes',
        'frameworkBytes',
      ]),
    );
    expect(Object.keys(report.partition)).toEqual(
      expect.arrayContaining(['partitioner', 'imbalance', 'bottleneckSeconds', 'lowerBoundSeconds', 'stages']),
    );
    expect(Object.keys(report.partition.stages[0]!)).toEqual(
      expect.arrayContaining([
        'virtualStage',
        'stage',
        'chunk',
        'layers',
        'operators',
        'parameters',
        'forwardSeconds',
        'backwardSeconds',
        'sendBytes',
      ]),
    );
    expect(Object.keys(report.training!)).toEqual(
      expect.arrayContaining(['steps', 'timeToTrainSeconds', 'usd', 'usdPerHour', 'priceDate', 'energyKilowattHours']),
    );
  });

  it('has one entry of memory a pipeline rank, and one of the partition a virtual stage', () => {
    expect(report.memory.stages).toHaveLength(6);
    expect(report.partition.stages).toHaveLength(6);
    const chunked = withChanges({ 'parallelism.virtualStages': 4 });
    expect(chunked.memory.stages).toHaveLength(6);
    expect(chunked.partition.stages).toHaveLength(24);
    expect(chunked.partition.stages.map(({ stage }) => stage).slice(0, 7)).toEqual([0, 1, 2, 3, 4, 5, 0]);
    expect(chunked.partition.stages.map(({ chunk }) => chunk).slice(4, 8)).toEqual([0, 0, 1, 1]);
  });

  it('passes through JSON unchanged', () => {
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('is the same from the text of a file', () => {
    expect(simulate(parseJob(JSON.stringify(goodJob)))).toEqual(report);
  });
});

describe('what has no answer', () => {
  it('is left out: a run without a length, a price where there is none, a range without evidence', () => {
    const endless = withChanges({ 'training.tokens': undefined }, goodJob);
    expect(endless).not.toHaveProperty('training');
    const unpriced = withChanges({ cluster: { instance: 'dgx-a100', count: 6 }, 'training.steps': 10 });
    expect(unpriced.training).toBeDefined();
    for (const field of ['usd', 'usdPerHour', 'priceDate']) expect(unpriced.training).not.toHaveProperty(field);
  });

  it('is never null', () => {
    expect(JSON.stringify(reportOf(goodJob))).not.toContain('null');
    expect(JSON.stringify(reportOf(plainJob))).not.toContain('null');
  });
});

describe('the whole run', () => {
  it('takes tokens ÷ tokens a step, rounded up, and costs the price of every instance', () => {
    const report = withChanges({ 'cluster.usdPerHour': 10 }, goodJob);
    const training = report.training!;
    expect(training.steps).toBe(Math.ceil(300e9 / (1920 * 2048)));
    expect(training.timeToTrainSeconds).toBeCloseTo(training.steps * report.stepTimeSeconds, 3);
    expect(training.usdPerHour).toBe(1200);
    expect(training.usd).toBeCloseTo((1200 * training.timeToTrainSeconds) / 3600, 3);
  });

  it('takes the steps that the job names', () => {
    expect(withChanges({ 'training.steps': 1000 }).training?.steps).toBe(1000);
  });
});

describe('utilisation', () => {
  // arXiv 2104.04473 equation 3 over arXiv 2205.05198 appendix A: what full recomputation adds.
  it('counts recomputed layers in the hardware’s share and not in the model’s', () => {
    const { mfu, hfu } = withChanges({ 'parallelism.recompute': 'full' });
    const [s, h, L, V] = [2048, 12_288, 96, 50_257];
    const once = 72 * (1 + s / (6 * h) + V / (12 * h * L));
    const twice = 96 * (1 + s / (6 * h) + V / (16 * L * h));
    expect(hfu / mfu).toBeCloseTo(twice / once, 10);
    const plain = withChanges({ 'parallelism.recompute': 'none' });
    expect(plain.hfu).toBe(plain.mfu);
  });

  it('is model FLOPs over the dense peak of the job’s precision', () => {
    const report = reportOf(plainJob);
    expect(report.modelFlopsPerSecondPerDevice / report.mfu).toBeCloseTo(312e12, -3);
  });
});

describe('a job that does not fit', () => {
  const report = withChanges({
    'cluster.count': 6,
    'training.globalBatchSize': 96,
    'parallelism.pipeline': 6,
    'parallelism.recompute': 'none',
  });

  it('still gets its whole report, which names the stage and the bytes that are over', () => {
    expect(report.fits).toBe(false);
    expect(report.memory.peakBytes).toBeGreaterThan(report.memory.capacityBytes);
    expect(report.stepTimeSeconds).toBeGreaterThan(0);
    expect(report.warnings.join(' ')).toMatch(/Stage \d+ needs .+ too much/);
  });

  it('fits where the same devices have more memory', () => {
    const roomy = withChanges({
      cluster: {
        instance: { extends: 'p4d.24xlarge', accelerator: { extends: 'a100-sxm4-40', memoryBytes: 4e11 } },
        count: 6,
      },
      'training.globalBatchSize': 96,
    });
    expect(roomy.fits).toBe(true);
    expect(roomy.warnings).toEqual([]);
  });
});

describe('what a change of the job does', () => {
  it('takes longer with recomputation, by about the forward pass that it repeats', () => {
    const none = withChanges({ 'parallelism.recompute': 'none', 'parallelism.partitioner': 'uniform' });
    const full = withChanges({ 'parallelism.recompute': 'full', 'parallelism.partitioner': 'uniform' });
    expect(full.stepTimeSeconds / none.stepTimeSeconds).toBeGreaterThan(1.2);
    expect(full.stepTimeSeconds / none.stepTimeSeconds).toBeLessThan(1.45);
    expect(full.breakdownSeconds.recompute / full.breakdownSeconds.forward).toBeCloseTo(1, 1);
    expect(none.breakdownSeconds.recompute).toBe(0);
  });

  it('has no communication of a kind whose degree is 1', () => {
    const alone = withChanges({
      model: 'gpt3-1.3b',
      cluster: { instance: 'p4d.24xlarge', devices: 1 },
      'training.globalBatchSize': 8,
      'parallelism.tensor': 1,
      'parallelism.pipeline': 1,
    });
    const { tensorComm, pipelineComm, dataComm, contextComm, expertComm, bubble } = alone.breakdownSeconds;
    for (const none of [tensorComm, pipelineComm, dataComm, contextComm, expertComm]) expect(none).toBe(0);
    expect(bubble).toBeLessThan(1e-9 * alone.stepTimeSeconds);
  });

  it('has about the bubble of its schedule: (p − 1) ÷ (m + p − 1) of the pipeline, and less with chunks', () => {
    const bubbleOf = (changes: Parameters<typeof changed>[1]) => {
      const { bubble, forward, backward, recompute, tensorComm, pipelineComm } = withChanges({
        'parallelism.partitioner': 'uniform',
        ...changes,
      }).breakdownSeconds;
      return bubble / (bubble + forward + backward + recompute + tensorComm + pipelineComm);
    };
    // 20 replicas: 8, 12 and 24 microbatches through 6 stages.
    for (const microbatches of [8, 12, 24]) {
      const ideal = 5 / (microbatches + 5);
      const found = bubbleOf({ 'training.globalBatchSize': 20 * microbatches });
      expect(found / ideal, `${microbatches} microbatches`).toBeGreaterThan(0.85);
      expect(found / ideal, `${microbatches} microbatches`).toBeLessThan(1.3);
    }
    const chunked = bubbleOf({ 'training.globalBatchSize': 240, 'parallelism.virtualStages': 4 });
    expect(chunked).toBeLessThan(0.6 * bubbleOf({ 'training.globalBatchSize': 240 }));
  });

  it('is cut as the job says: equal layers, or those given by hand', () => {
    const layersOf = (changes: Parameters<typeof changed>[1]) =>
      withChanges(changes).partition.stages.map(({ layers }) => layers);
    expect(layersOf({ 'parallelism.partitioner': 'uniform' })).toEqual([16, 16, 16, 16, 16, 16]);
    const stageLayers = [14, 17, 17, 17, 17, 14];
    expect(layersOf({ 'parallelism.partitioner': 'layers', 'parallelism.stageLayers': stageLayers })).toEqual(
      stageLayers,
    );
  });

  it('is cut best by the exact partitioner, whose bottleneck is at its own lower bound', () => {
    const roomy = {
      'cluster.instance': { extends: 'p4d.24xlarge', accelerator: { extends: 'a100-sxm4-40', memoryBytes: 4e11 } },
    };
    const exact = withChanges(roomy).partition;
    const uniform = withChanges({ ...roomy, 'parallelism.partitioner': 'uniform' }).partition;
    const bottleneck = ({ stages }: Report['partition']) =>
      Math.max(...stages.map(({ forwardSeconds, backwardSeconds }) => forwardSeconds + backwardSeconds));
    expect(bottleneck(exact)).toBeLessThanOrEqual(bottleneck(uniform));
    expect(exact.lowerBoundSeconds).toBeLessThanOrEqual(bottleneck(exact) * 1.1);
  });

  it('sends between stages the hidden states of a microbatch, an eighth of them with sequence parallelism', () => {
    const sendBytes = (sequenceParallel: boolean) =>
      withChanges({ 'parallelism.sequenceParallel': sequenceParallel }).partition.stages[0]!.sendBytes;
    expect(sendBytes(false)).toBe(2 * 2048 * 12_288);
    expect(sendBytes(true)).toBe((2 * 2048 * 12_288) / 8);
  });
});

describe('against the end-to-end times of arXiv 2205.05198, table 5', () => {
  it('is off by 5% or less on average and by 12% or less at worst', () => {
    const text = readFileSync(new URL('../validation/korthikanti.jsonl', import.meta.url), 'utf8');
    const rows = parseRows(text, 'korthikanti.jsonl');
    expect(rows).toHaveLength(8);
    const { score } = scoreSet(rows, reportOf);
    expect(score.answered).toBe(8);
    expect(score.mape).toBeLessThanOrEqual(0.05);
    expect(score.worst).toBeLessThanOrEqual(0.12);
  });
});

it('prices tensor ranks by where they lie, whatever else was simulated: on a torus those further apart have twice the links', () => {
  const tensorComm = (placement: string) =>
    reportOf({
      model: 'gpt3-1.3b',
      cluster: { instance: 'trn1.32xlarge', devices: 12 },
      stack: 'neuronx-distributed',
      training: { sequenceLength: 1024, globalBatchSize: 3, precision: 'bf16' },
      parallelism: { tensor: 4, data: 3, microBatchSize: 1, placement },
    }).breakdownSeconds.tensorComm;
  const close = tensorComm('PDT');
  expect(tensorComm('TPD')).toBeLessThan(close);
});
