import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { modelStates } from '../../src/memory/states.ts';
import { simulate } from '../../src/simulate.ts';
import { graphOf, stack, unitTotal } from '../graph/make.ts';

const parameters = 70_553_706_496;
const layer = 855_654_400;

describe('Llama 3 70B under FSDP on 64 devices', () => {
  const states = modelStates(parameters, stack('fsdp2'), 'bf16', 'adam', { zeroStage: 3, replicas: 64 });

  it('keeps a 64th of 16 bytes a parameter', () => {
    expect(states.parametersBytes).toBe(4_409_606_656);
    expect(states.gradientsBytes).toBe(4_409_606_656);
    expect(states.optimizerBytes).toBe(8_819_213_312);
    expect(states.parametersBytes + states.gradientsBytes + states.optimizerBytes + states.stepBytes).toBe(
      17_638_426_624,
    );
  });

  it('keeps a copy of all parameters in 16 bits besides, where it shards gradients only', () => {
    const partly = modelStates(parameters, stack('fsdp2'), 'bf16', 'adam', { zeroStage: 2, replicas: 64 });
    expect(partly).toEqual({ ...states, parametersBytes: states.parametersBytes + 2 * parameters });
  });

  it('shards in units: the embedding, each layer, and the norm with the head', () => {
    const graph = graphOf('llama3-70b', { sequenceLength: 8192 }, stack('fsdp2'));
    const bytes = (index: number) => 2 * unitTotal(graph.units.at(index)!, (operator) => operator.parameters);
    expect(bytes(0)).toBe(2_101_346_304);
    expect(bytes(1)).toBe(1_711_308_800);
    expect(bytes(-1)).toBe(2_101_362_688);
  });

  // Two units gathered in bf16, one gradient in bf16 and its fp32 copy that is scattered: 10 bytes a parameter of a layer.
  it('has 10 bytes a parameter of a layer and the head gathered at its peak', () => {
    const job = readJob({
      model: 'llama3-70b',
      cluster: { instance: 'p5.48xlarge', count: 8 },
      stack: 'fsdp2',
      training: { sequenceLength: 8192, globalBatchSize: 64 },
      parallelism: { recompute: 'full' },
    });
    const { communicationBytes } = simulate(job).memory.stages[0]!;
    expect(10 * layer).toBe(8_556_544_000);
    expect(communicationBytes).toBe(10 * layer + 2_101_362_688);
  });

  // 8,192 rows on 96 ranks are 86 each for the fullest of them, 8,256 in all, and so on for every tensor.
  it('keeps the rows of the fullest rank where they do not divide', () => {
    const job = readJob({
      model: 'llama3-70b',
      cluster: { instance: 'p5.48xlarge', count: 12 },
      stack: 'fsdp2',
      training: { sequenceLength: 8192, globalBatchSize: 96 },
      parallelism: { recompute: 'full' },
    });
    const rows = (count: number) => 96 * Math.ceil(count / 96);
    const ofLayer =
      8192 * (rows(8192) + 2 * rows(1024) + rows(8192) + 2 * rows(28_672)) + 28_672 * rows(8192) + 2 * rows(8192);
    const padded = 80 * ofLayer + 2 * 8192 * rows(128_256) + rows(8192);
    const { parametersBytes, gradientsBytes, optimizerBytes } = simulate(job).memory.stages[0]!;
    expect(parametersBytes + gradientsBytes + optimizerBytes).toBe((16 * padded) / 96);
    expect(padded / parameters - 1).toBeCloseTo(0.00446, 5);
  });
});

describe('FSDP2 under a pipeline', () => {
  const report = (globalBatchSize: number) =>
    simulate(
      readJob({
        model: 'llama3-70b',
        cluster: { instance: 'p5.48xlarge', count: 8 },
        stack: 'fsdp2',
        training: { sequenceLength: 8192, globalBatchSize },
        parallelism: { tensor: 2, pipeline: 4, data: 8, recompute: 'full' },
      }),
    );

  it('stays gathered in 16 bits, with whole gradients in 32, and shards masters and moments', () => {
    for (const stage of report(64).memory.stages) {
      const ofStage = stage.gradientsBytes / 4;
      // Rows that do not divide among 8 ranks are a few thousand of billions.
      expect(stage.parametersBytes / ofStage).toBeCloseTo(2 + 4 / 8, 4);
      expect(stage.optimizerBytes / ofStage).toBeCloseTo(8 / 8, 4);
    }
  });

  it('exchanges parameters and gradients once a step: twice the microbatches wait no longer for them', () => {
    const waits = report(64).breakdownSeconds.dataComm;
    expect(waits).toBeGreaterThan(0);
    expect(report(128).breakdownSeconds.dataComm).toBeCloseTo(waits, 6);
  });
});
