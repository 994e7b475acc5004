import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlanResults } from '../../src/pipeline/planResults.ts';
import { planSchedule } from '../../src/pipeline/planSchedule.ts';
import { runPipeline } from '../../src/pipeline/run.ts';
import { sharedRun } from '../../src/pipeline/sharedRun.ts';
import { instance } from './arbitrary.ts';

describe('a timeline that is shared', () => {
  it('is that of a run of its own, whatever else ran before', () => {
    fc.assert(
      fc.property(instance(), fc.constantFrom('async', 'link', 'blocking'), fc.nat(), (at, mode, where) => {
        const plan = planSchedule(at.schedule, at.shape, at.costs);
        const stage = where % at.costs.forward.length;
        const slower = { ...at.costs, forward: at.costs.forward.map((cost, s) => (s === stage ? cost + 1 : cost)) };
        for (const costs of [at.costs, slower, at.costs]) {
          const { start, end, busy, makespan } = runPipeline(plan, costs, mode);
          expect(sharedRun(plan, costs, mode)).toMatchObject({ start, end, busy, makespan });
        }
        const copied = { ...at.costs, forward: at.costs.forward.slice() };
        expect(sharedRun(plan, copied, mode)).toBe(sharedRun(plan, at.costs, mode));
      }),
    );
  });
});

describe('results of a plan', () => {
  const at = fc.sample(instance(), { numRuns: 1, seed: 1 })[0]!;
  const plan = planSchedule(at.schedule, at.shape, at.costs);

  it('are told apart by their numbers even where these have one hash', () => {
    const results = new PlanResults<string>(8, 8);
    // FNV-1a over words: the second word of a pair can undo what another first word did.
    const words = new Int32Array([1, 2]);
    const mixed = Math.imul(Math.imul(0x811c9dc5 ^ words[0]!, 0x01000193) ^ words[1]!, 0x01000193);
    const other = new Int32Array([7, 0]);
    other[1] = Math.imul(0x811c9dc5 ^ 7, 0x01000193) ^ Math.imul(0x811c9dc5 ^ 1, 0x01000193) ^ 2;
    expect(Math.imul(Math.imul(0x811c9dc5 ^ other[0]!, 0x01000193) ^ other[1]!, 0x01000193)).toBe(mixed);
    const one = results.get(plan, new Float64Array(words.buffer), 1, () => 'one');
    expect([one, results.get(plan, new Float64Array(other.buffer), 1, () => 'other')]).toEqual(['one', 'other']);
  });

  it('are forgotten when there are too many', () => {
    const results = new PlanResults<number>(2, 2);
    let made = 0;
    const get = (number: number) => results.get(plan, Float64Array.of(number), 1, () => made++);
    expect([get(1), get(2), get(1), get(3), get(2)]).toEqual([0, 1, 0, 2, 3]);
  });
});
