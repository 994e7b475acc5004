import { describe, expect, it } from 'vitest';
import { waysToFit } from '../../src/advise/waysToFit.ts';
import { readJob } from '../../src/job/readJob.ts';
import { simulate } from '../../src/simulate.ts';

const job = (parallelism: object) =>
  readJob({
    model: 'gpt3-175b',
    cluster: { instance: 'p4d.24xlarge', count: 16 },
    stack: 'megatron-2023',
    training: { sequenceLength: 2048, globalBatchSize: 1024, precision: 'bf16' },
    parallelism,
  });

describe('what would make a job fit', () => {
  const over = job({ tensor: 8, pipeline: 8, microBatchSize: 4 });

  it('is simulated, the fastest first, and fits', () => {
    expect(simulate(over).fits).toBe(false);
    const ways = waysToFit(over);
    expect(ways).toHaveLength(3);
    for (const way of ways) {
      const report = simulate(way.job);
      expect(report.fits, way.change).toBe(true);
      expect(report.stepTimeSeconds).toBe(way.stepTimeSeconds);
      expect(report.memory.peakBytes).toBe(way.peakBytes);
    }
    const times = ways.map(({ stepTimeSeconds }) => stepTimeSeconds);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(ways.map(({ change }) => change)).size).toBe(3);
  });

  it('is two changes together where no single one is enough', () => {
    const far = job({ tensor: 4, pipeline: 4, microBatchSize: 4 });
    expect(waysToFit(far).every(({ change }) => change.includes(' and '))).toBe(true);
  });

  it('is nothing where the model is too large for the devices in every way', () => {
    const hopeless = readJob({
      model: 'gpt3-175b',
      cluster: { instance: 'p4d.24xlarge', count: 1 },
      stack: 'megatron-2023',
      training: { sequenceLength: 2048, globalBatchSize: 8, precision: 'bf16' },
    });
    expect(waysToFit(hopeless)).toEqual([]);
  });
});
