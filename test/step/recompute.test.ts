import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { simulate, simulateDetailed } from '../../src/simulate.ts';

function job(recompute: unknown, parallelism: object = {}) {
  return readJob({
    model: 'gpt3-175b',
    cluster: { instance: 'p4d.24xlarge', count: 32 },
    stack: 'megatron-2023',
    training: { sequenceLength: 2048, globalBatchSize: 1024, precision: 'bf16' },
    parallelism: { tensor: 8, pipeline: 8, microBatchSize: 2, partitioner: 'uniform', recompute, ...parallelism },
  });
}

describe('checkpoints of several layers', () => {
  it('keep one input for each group, and compute the whole group again', () => {
    const [single, groups] = [job('full'), job({ mode: 'full', group: 4 })].map(
      (one) => simulateDetailed(one).stages[3]!,
    );
    // 12 layers in three groups of four.
    expect(groups!.savedBytes).toBe(single!.savedBytes / 4);
    expect(groups!.backwardTransientBytes).toBeGreaterThan(single!.backwardTransientBytes);
    expect(groups!.recompute).toBe(single!.recompute);
  });

  it('of one layer are layers by themselves', () => {
    expect(simulate(job({ mode: 'full', group: 1 }))).toEqual(simulate(job('full')));
  });

  it('never cross the end of a stage: a group larger than it is the stage', () => {
    const whole = simulateDetailed(job({ mode: 'full', group: 96 })).stages[3]!;
    const twelve = simulateDetailed(job({ mode: 'full', group: 12 })).stages[3]!;
    expect(whole.savedBytes).toBe(twelve.savedBytes);
  });
});

describe('recompute auto', () => {
  const auto = simulate(job('auto', { partitioner: 'exact' }));

  it('fits, and beats every named mode that does', () => {
    expect(auto.fits).toBe(true);
    const fitting = ['none', 'selective', 'selective-op', 'full']
      .map((mode) => simulate(job(mode, { partitioner: 'exact' })))
      .filter(({ fits }) => fits);
    expect(fitting.length).toBeGreaterThan(0);
    for (const named of fitting) expect(auto.stepTimeSeconds).toBeLessThan(named.stepTimeSeconds);
  });

  it('leaves the name of the partitioner as the job has it', () => {
    expect(auto.partition.partitioner).toBe('exact');
  });

  it('is full recomputation where nothing fits', () => {
    const full = simulate(job('full', { tensor: 4, pipeline: 4 }));
    expect(full.fits).toBe(false);
    expect(simulate(job('auto', { tensor: 4, pipeline: 4 })).stepTimeSeconds).toBe(full.stepTimeSeconds);
  });
});
