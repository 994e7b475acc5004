import { describe, expect, it } from 'vitest';
import { ForetrainError } from '../../src/errors.ts';
import { answerSchedule, runSchedule, type ScheduleQuestion } from '../../src/pipeline/answer.ts';
import { schedules } from '../../src/pipeline/schedules/index.ts';

const QUESTION: ScheduleQuestion = {
  schedule: 'zb-h1',
  stages: 4,
  virtualStages: 1,
  microbatches: 8,
  forward: 1000,
  backwardInput: 1000,
  backwardWeight: 1000,
  communication: 0,
  transfers: 'async',
  microbatchGroupSize: 4,
  activeMicrobatches: 6,
  memoryLimit: 4,
};

/** The path and the sentence of the fault that a question is answered with. */
function faultOf(change: Partial<ScheduleQuestion>): string {
  try {
    answerSchedule({ ...QUESTION, memoryLimit: undefined, ...change });
  } catch (error) {
    if (error instanceof ForetrainError) return error.message;
  }
  return 'answered';
}

describe('a schedule by itself', () => {
  it('zb-h1', () => {
    const { order, ...answer } = answerSchedule(QUESTION);
    expect(answer).toEqual({
      makespan: 27_000,
      lowerBound: 27_000,
      bubbleFraction: expect.closeTo(3 / 27, 12),
      peakInFlight: [4, 4, 4, 4],
    });
    expect(order[0].slice(0, 9).join(' ')).toBe('F0 F1 F2 F3 B0 W0 F4 B1 W1');
    expect(order[3].slice(-6).join(' ')).toBe('F7 B7 W4 W5 W6 W7');
  });

  it('does not split the backward pass where the schedule does not', () => {
    const answer = answerSchedule({ ...QUESTION, schedule: '1f1b' });
    expect(answer.makespan).toBe(33_000);
    expect(answer.bubbleFraction).toBeCloseTo(3 / 11, 12);
    expect(answer.peakInFlight).toEqual([4, 3, 2, 1]);
    expect(answer.order[3].slice(0, 4)).toEqual(['F0', 'B0', 'F1', 'B1']);
  });

  it('names chunks where a device has more than one, and fused pairs', () => {
    const chunks = answerSchedule({ ...QUESTION, schedule: 'zb-v', virtualStages: 2, memoryLimit: undefined });
    expect(chunks.order[3].slice(0, 4)).toEqual(['F0c0', 'F0c1', 'F1c0', 'F1c1']);
    expect(chunks.order[3].at(-1)).toBe('W7c0');
    const pairs = answerSchedule({ ...QUESTION, schedule: 'dualpipe', memoryLimit: undefined });
    expect(pairs.order[0]).toContain('F3c0+B1c1');
    expect(pairs.makespan).toBe(26_000);
    const cheap = answerSchedule({
      ...QUESTION,
      schedule: 'dualpipe',
      forward: 1,
      backwardInput: 1,
      backwardWeight: 1,
      fusedPair: 2,
      memoryLimit: undefined,
    });
    expect(cheap.makespan).toBe(22);
    expect(cheap.lowerBound).toBeLessThanOrEqual(22);
  });

  it('takes one cost, or one for each virtual stage', () => {
    const list = answerSchedule({ ...QUESTION, forward: [1000, 1000, 1000, 1000], communication: [0, 0, 0] });
    expect(list).toEqual(answerSchedule(QUESTION));
    expect(answerSchedule({ ...QUESTION, communication: [0, 0, 0, 0] })).toEqual(list);
  });

  it('blocks both ends where transfers do', () => {
    const blocked = answerSchedule({ ...QUESTION, communication: 100, transfers: 'blocking' });
    expect(blocked.makespan).toBeGreaterThan(answerSchedule({ ...QUESTION, communication: 100 }).makespan);
  });

  it('gives every schedule two chunks where it takes two and none are named', () => {
    for (const { name } of schedules) {
      const answer = answerSchedule({ ...QUESTION, schedule: name, virtualStages: undefined, memoryLimit: undefined });
      expect(answer.makespan).toBeGreaterThanOrEqual(answer.lowerBound);
      expect(answer.order).toHaveLength(4);
    }
  });

  it('auto keeps within the memory limit, and its bound knows of it', () => {
    const { answer } = runSchedule({ ...QUESTION, schedule: 'auto', memoryLimit: 2, communication: 200 });
    expect(Math.max(...answer.peakInFlight)).toBe(2);
    expect(answer.lowerBound).toBeLessThanOrEqual(answer.makespan);
    expect(answer.lowerBound).toBeGreaterThan(30_000);
  });

  it('refuses what makes no sense, and says what would', () => {
    expect(faultOf({ schedule: 'zb-h3' })).toMatch(/^schedule: .*zb-h1, zb-h2/);
    expect(faultOf({ forward: -1 })).toMatch(/^forward: .*zero or more/);
    expect(faultOf({ backwardWeight: [1, Number.NaN, 1, 1] })).toMatch(/^backwardWeight\.1: /);
    expect(faultOf({ backwardInput: [1, 1] })).toMatch(/^backwardInput: .*4/);
    expect(faultOf({ communication: [1, 1, 1, 1, 1] })).toMatch(/^communication: .*3/);
    expect(faultOf({ microbatches: 0 })).toMatch(/^microbatches: .*at least 1/);
    expect(faultOf({ stages: 2.5 })).toMatch(/^stages: /);
    expect(faultOf({ schedule: 'dualpipe', stages: 3 })).toMatch(/even number of stages/);
    expect(faultOf({ schedule: 'dualpipe', microbatches: 6 })).toMatch(/at least 8/);
    expect(faultOf({ schedule: 'dualpipe-v', virtualStages: 2, microbatches: 7 })).toMatch(/at least 8/);
    expect(faultOf({ schedule: 'zb-v' })).toMatch(/takes virtualStages 2, not 1/);
    expect(faultOf({ schedule: '1f1b', virtualStages: 2 })).toMatch(/interleaved/);
    expect(faultOf({ schedule: 'interleaved', virtualStages: 2, microbatches: 9 })).toMatch(/multiple of/);
    expect(faultOf({ schedule: 'interleaved', virtualStages: 2, microbatches: 3 })).toMatch(/at least as many/);
    expect(faultOf({ schedule: 'interleaved', virtualStages: 2, microbatchGroupSize: 3 })).toMatch(/from 4/);
    expect(faultOf({ memoryLimit: 3 })).toMatch(/^memoryLimit: zb-h1 holds 4 /);
    expect(faultOf({ schedule: 'auto', memoryLimit: 0 })).toMatch(/at least 1/);
  });
});
