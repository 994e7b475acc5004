import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { simulateDetailed } from '../../src/simulate.ts';
import { passPeaks, walkMemory } from '../../src/step/passPeak.ts';
import { anyJob } from '../anyJob.ts';

const schedules = ['1f1b', 'gpipe', 'interleaved', 'zb-h1', 'zb-v', 'dualpipe', 'dualpipe-v', 'smp-interleaved'];

it('the fullest moment of each device is the first at which a walk over its tasks finds most', () => {
  fc.assert(
    fc.property(anyJob({ schedules }), (written) => {
      const { timeline, stages } = simulateDetailed(readJob(written), { evidence: false });
      const { plan } = timeline;
      passPeaks(plan, stages).forEach((peak, device) => {
        let found = { savedBytes: 0, transientBytes: 0, task: -1 };
        let mostSavedBytes = 0;
        let left = 0;
        walkMemory(plan, device, stages, (task, savedBytes, transientBytes, leftBytes) => {
          if (savedBytes + transientBytes > found.savedBytes + found.transientBytes) {
            found = { savedBytes, transientBytes, task };
          }
          mostSavedBytes = Math.max(mostSavedBytes, savedBytes);
          left = leftBytes;
        });
        expect(peak).toEqual({ ...found, mostSavedBytes });
        // All that is saved is given back.
        expect(left).toBe(0);
      });
    }),
    { numRuns: 60 },
  );
});
