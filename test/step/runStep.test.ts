import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/index.ts';
import { simulateDetailed } from '../../src/simulate.ts';
import { anyJob } from '../anyJob.ts';

const optimistic = ['zb-h1', 'zb-h2', 'zb-v', 'v-half', 'v-min'];

describe('steps that overlap', () => {
  it('turn at one rate: every device begins its next step when it has ended this one', () => {
    fc.assert(
      fc.property(anyJob({ schedules: optimistic }), (written) => {
        const { step, timeline, report } = simulateDetailed(readJob(written), { evidence: false });
        const { plan, start, busy } = timeline;
        const seconds = report.stepTimeSeconds - step.hostSeconds;
        step.ends.forEach(({ reducedAt, optimizer, gather }, device) => {
          const began = step.beginsAt[device]!;
          const first = plan.deviceTasks[plan.deviceOffset[device]!]!;
          expect(start[first]!).toBeGreaterThanOrEqual(began);
          expect(Math.abs(reducedAt + optimizer + gather - began - seconds)).toBeLessThanOrEqual(1e-8 * seconds);
          expect(busy[device]!).toBeLessThanOrEqual(seconds);
        });
        expect(Math.min(...step.beginsAt)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('take no turns where all devices wait for each other', () => {
    fc.assert(
      fc.property(anyJob({ schedules: ['1f1b', 'interleaved'] }), (written) => {
        const { step } = simulateDetailed(readJob(written), { evidence: false });
        expect(step.beginsAt.every((moment) => moment === 0)).toBe(true);
        expect(new Set(step.spans).size).toBe(1);
      }),
      { numRuns: 30 },
    );
  });
});
