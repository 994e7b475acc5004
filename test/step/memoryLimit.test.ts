import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { findSchedule } from '../../src/pipeline/schedules/index.ts';
import { pipelineShape } from '../../src/pipeline/shape.ts';
import { simulateDetailed } from '../../src/simulate.ts';
import { keepsToMemory, promisingSchedule } from '../../src/step/memoryLimit.ts';

const run = (parallelism: object, memoryBytes = 42949672960) =>
  simulateDetailed(
    readJob({
      model: 'gpt3-6.7b',
      cluster: {
        instance: { extends: 'p4d.24xlarge', accelerator: { extends: 'a100-sxm4-40', name: 'mine', memoryBytes } },
        count: 1,
      },
      stack: 'megatron-core',
      training: { sequenceLength: 2048, globalBatchSize: 32 },
      parallelism: { pipeline: 8, partitioner: 'uniform', ...parallelism },
    }),
    { evidence: false },
  );

describe('a schedule that finds its own order', () => {
  it.each([
    [1, ['1f1b', 'zb-h1']],
    [2, ['v-min', 'v-half']],
  ])('with %i chunks is no slower than named ones that need less memory, and fits', (virtualStages, named) => {
    const own = run({ schedule: 'auto', virtualStages });
    expect(own.report.fits).toBe(true);
    for (const schedule of named) {
      const { report } = run({ schedule, virtualStages });
      expect(report.fits, schedule).toBe(true);
      expect(own.report.stepTimeSeconds, schedule).toBeLessThanOrEqual(report.stepTimeSeconds * (1 + 1e-9));
    }
    const parts = Object.values(own.report.breakdownSeconds);
    expect(parts.reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(own.report.stepTimeSeconds, 9);
  });

  it('holds fewer microbatches where there is less memory', () => {
    const activations = (gibibytes: number) =>
      Math.max(
        ...run({ schedule: 'auto', virtualStages: 2 }, gibibytes * 2 ** 30).report.memory.stages.map(
          (stage) => stage.activationsBytes,
        ),
      );
    expect(activations(26)).toBeLessThan(activations(40));
  });

  it('is an answer where nothing fits', () => {
    const { report } = run({ schedule: 'auto' }, 12 * 2 ** 30);
    expect(report.fits).toBe(false);
    expect(report.warnings.join(' ')).toMatch(/too much/);
  });

  it('is cut by what the leanest fixed order in its place holds', () => {
    const auto = findSchedule('auto');
    const promising = (virtualStages: number) =>
      promisingSchedule(auto, pipelineShape({ stages: 8, virtualStages, microbatches: 32 })).name;
    expect([promising(1), promising(2), promising(3)]).toEqual(['1f1b', 'v-min', 'interleaved']);
    const named = findSchedule('zb-v');
    expect(promisingSchedule(named, pipelineShape({ stages: 8, virtualStages: 2, microbatches: 32 }))).toBe(named);
    expect([keepsToMemory(auto), keepsToMemory(named)]).toEqual([true, false]);
  });
});
