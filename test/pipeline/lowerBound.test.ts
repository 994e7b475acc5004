import { describe, expect, it } from 'vitest';
import type { CostSpec } from '../../src/pipeline/costs.ts';
import { planLowerBound } from '../../src/pipeline/lowerBound.ts';
import { inFlight, inFlightUntilInput } from '../../src/pipeline/memory.ts';
import { preemptiveBound } from '../../src/pipeline/oneMachine.ts';
import { residentBound } from '../../src/pipeline/residentBound.ts';
import { equalCosts, run, U4, U8 } from './make.ts';

const A = equalCosts(1, 1, 1);
const B = equalCosts(2, 2, 1);
const C = equalCosts(1, 2, 1);

/** Bounds at four stages and eight microbatches, costs A, B, C and the unequal stages. */
const BOUNDS: Readonly<Record<string, readonly [number, number, number, number | undefined]>> = {
  gpipe: [33, 55, 44, 76],
  '1f1b': [33, 55, 44, 76],
  '1f1b-eager': [33, 55, 44, 76],
  interleaved: [57, 95, 76, 100],
  'breadth-first': [57, 95, 76, 100],
  'zb-h1': [27, 46, 35, 68],
  'zb-h2': [27, 46, 35, 68],
  'zb-v': [51, 86, 67, 89],
  'v-half': [51, 86, 67, 89],
  'v-min': [51, 86, 67, 89],
  dualpipe: [25, 43, 34, 44],
  'dualpipe-v': [51, 89, 70, 89],
};

describe('lower bound', () => {
  for (const [name, expected] of Object.entries(BOUNDS)) {
    const unequal = ['interleaved', 'breadth-first', 'zb-v', 'v-half', 'v-min', 'dualpipe-v'].includes(name) ? U8 : U4;
    it(`${name}: four stages, eight microbatches`, () => {
      const bounds = [A, B, C, unequal].map((spec: CostSpec) => {
        const { schedule, shape, costs, plan } = run(name, { stages: 4, microbatches: 8 }, spec);
        const orders = schedule.order(shape, costs);
        const held = {
          untilInput: inFlightUntilInput(orders),
          untilWeight: inFlight(orders).map(({ peak }) => peak),
        };
        const bound = planLowerBound(plan, costs);
        // What the schedule holds does not bind where transfers are free.
        expect(planLowerBound(plan, costs, held)).toBe(bound);
        return bound;
      });
      expect(bounds).toEqual(expected);
    });
  }

  it('knows why 1f1b is slow where transfers take long', () => {
    const { schedule, shape, costs, plan, timeline } = run(
      '1f1b',
      { stages: 4, microbatches: 32 },
      equalCosts(1, 1, 1, 2),
    );
    const held = inFlight(schedule.order(shape, costs)).map(({ peak }) => peak);
    const without = planLowerBound(plan, costs);
    const bound = planLowerBound(plan, costs, { untilInput: held, untilWeight: held });
    expect(bound).toBeGreaterThan(without);
    expect(bound).toBeLessThanOrEqual(timeline.makespan);
  });
});

describe('bound of all orders in the same memory', () => {
  const boundAndTime = (name: string, microbatches: number, spec: CostSpec) => {
    const { schedule, shape, costs, plan, timeline } = run(name, { stages: 4, microbatches }, spec);
    const orders = schedule.order(shape, costs);
    const residency = {
      untilInput: inFlightUntilInput(orders),
      untilWeight: inFlight(orders).map(({ peak }) => peak),
    };
    return [residentBound(plan, costs, residency), timeline.makespan];
  };
  for (const name of ['gpipe', '1f1b', '1f1b-eager', 'zb-h1', 'zb-h2']) {
    for (const spec of [A, B, C, equalCosts(1, 1, 1, 1), equalCosts(2, 2, 1, 1)]) {
      it(`${name} is the best there is in its memory, costs ${Object.values(spec).join(' ')}`, () => {
        const [bound, time] = boundAndTime(name, 8, spec);
        expect(bound).toBe(time);
      });
    }
  }
  it('leaves room below the V schedules', () => {
    expect(boundAndTime('v-min', 8, A)).toEqual([51, 59]);
  });
  it('is nothing for two directions, which it does not cover', () => {
    expect(boundAndTime('dualpipe', 8, A)[0]).toBe(0);
  });
});

describe('preemptive one-machine bound', () => {
  it('interrupts a job for one with a longer tail', () => {
    expect(preemptiveBound({ head: [0, 1], work: [4, 2], tail: [0, 5] })).toBe(8);
  });
  it('is nothing without jobs, and one path with one', () => {
    expect(preemptiveBound({ head: [], work: [], tail: [] })).toBe(0);
    expect(preemptiveBound({ head: [2], work: [3], tail: [4] })).toBe(9);
  });
  it('solves the textbook instance of seven jobs', () => {
    const bound = preemptiveBound({
      head: [10, 13, 11, 20, 30, 0, 30],
      work: [5, 6, 7, 4, 3, 6, 2],
      tail: [7, 26, 24, 21, 8, 17, 0],
    });
    expect(bound).toBe(49);
  });
});
