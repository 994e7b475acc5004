import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { simulate } from '../../src/simulate.ts';
import { anyJob } from '../anyJob.ts';

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
    { numRuns: 60 },
  );
  expect(compared).toBeGreaterThan(0);
});
