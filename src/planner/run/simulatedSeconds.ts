import { randomNumbers } from '../../pipeline/auto/randomNumbers.ts';
import type { FailingRun } from './goodput.ts';

/**
 * Seconds that a segment of work takes on average with the checkpoint after it, run event by event: work, checkpoints
 * that are safe only later, failures, restarts that may fail too. What the formulas of goodput are held against.
 * @param interval seconds of work in a segment
 * @param segments so many are run, one after another
 */
export function simulatedSeconds(run: FailingRun, interval: number, segments: number, seed: number): number {
  const { rate, downSeconds, stallSeconds, lagSeconds, manualFraction, manualSeconds } = run;
  const random = randomNumbers(seed);
  const waitsForPeople = () => (manualFraction > 0 && random() < manualFraction ? manualSeconds : 0);
  const untilFailure = () => -Math.log(1 - random()) / rate;
  const span = interval + stallSeconds;
  let now = 0;
  let began = 0;
  let failsAt = untilFailure();
  let safe = 0;
  let done = 0;
  // Checkpoints that are written while the run goes on: when they are safe, and how far they reach.
  let pending: readonly { readonly at: number; readonly segments: number }[] = [];
  while (safe < segments) {
    const ends = began + span;
    const [first] = pending;
    now = Math.min(ends, first?.at ?? Number.POSITIVE_INFINITY);
    if (failsAt < now) {
      done = safe;
      pending = [];
      // A restart that fails begins again.
      do {
        now = failsAt + waitsForPeople();
        failsAt = now + untilFailure();
      } while (failsAt < now + downSeconds);
      began = now + downSeconds;
      continue;
    }
    if (first?.at === now) {
      safe = first.segments;
      pending = pending.slice(1);
    }
    if (now === ends && safe < segments) {
      done += 1;
      began = now;
      if (lagSeconds === 0) safe = done;
      else pending = [...pending, { at: now + lagSeconds, segments: done }];
    }
  }
  return now / segments;
}
