import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { simulate } from '../../src/simulate.ts';
import { anyJob, type WrittenJob } from '../anyJob.ts';

/** So few tokens that the optimizer's step, with its fp32 copy of all gradients, is the fullest moment of either stage. */
const fullestInTheStep: WrittenJob = {
  model: 'llama3-8b',
  cluster: { instance: 'p5.48xlarge', devices: 2 },
  stack: 'megatron-core',
  training: { sequenceLength: 512, globalBatchSize: 2, precision: 'fp16' },
  parallelism: {
    tensor: 1,
    pipeline: 2,
    data: 1,
    microBatchSize: 1,
    virtualStages: 1,
    sequenceParallel: false,
    schedule: '1f1b',
    partitioner: 'exact',
    placement: 'PDT',
    zeroStage: 0,
    recompute: 'none',
  },
};

it('a job whose every stage fits when cut evenly fits when cut exactly: the limits of the cut are those of the report', () => {
  let compared = 0;
  fc.assert(
    fc.property(anyJob({ schedules: ['1f1b', 'gpipe'] }), (written) => {
      const at = (partitioner: string) => {
        return simulate(readJob({ ...written, parallelism: { ...written.parallelism, partitioner } }));
      };
      if (!at('uniform').fits) return;
      compared++;
      expect(at('exact').fits).toBe(true);
    }),
    { numRuns: 60, examples: [[fullestInTheStep]] },
  );
  expect(compared).toBeGreaterThan(0);
});
