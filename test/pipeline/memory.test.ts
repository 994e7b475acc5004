import { describe, expect, it } from 'vitest';
import { inFlight, inFlightUntilInput, peakMemory } from '../../src/pipeline/memory.ts';
import { BACKWARD, FORWARD, packTask, WEIGHT } from '../../src/pipeline/schedule.ts';
import { equalCosts, run } from './make.ts';
import { readOrder } from './notation.ts';

function peaks(name: string, shape: Parameters<typeof run>[1]) {
  const { schedule, shape: whole, costs } = run(name, shape, equalCosts(1, 1, 1));
  return inFlight(schedule.order(whole, costs)).map(({ peak }) => peak);
}
const devices = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('peak in flight', () => {
  for (const p of [1, 2, 3, 4, 6, 8]) {
    const m = 4 * p;
    const expected: Readonly<Record<string, (i: number) => number>> = {
      gpipe: () => m,
      '1f1b': (i) => p - i,
      '1f1b-eager': (i) => Math.min(m, 2 * (p - i) - 1),
      'zb-h1': () => p,
      'zb-h2': () => 2 * p - 1,
      'zb-v': () => 2 * p,
      'v-half': () => 2 * Math.floor((p + 2) / 2),
      'v-min': () => 2 * Math.floor((p + 4) / 3),
      'dualpipe-v': () => 2 * p + 1,
      'breadth-first': () => 2 * m,
      ...(p > 1 && { interleaved: (i: number) => Math.min(2 * m, 2 * (p - 1 - i) + p + 1) }),
      ...(p % 2 === 0 && { dualpipe: () => p + 1 }),
    };
    for (const [name, of] of Object.entries(expected)) {
      it(`${name} on ${p} devices`, () => {
        const found = peaks(name, { stages: p, microbatches: m });
        // V-Half and V-Min state the peak of the worst device.
        if (name.startsWith('v-')) expect(Math.max(...found)).toBe(of(0));
        else expect(found).toEqual(devices(p).map(of));
      });
    }
  }

  it('zero bubble holds less until the input pass', () => {
    const until = (name: string) => {
      const { schedule, shape, costs } = run(name, { stages: 4, microbatches: 12 }, equalCosts(1, 1, 1));
      return inFlightUntilInput(schedule.order(shape, costs));
    };
    expect(until('zb-h1')).toEqual([4, 3, 2, 1]);
    expect(until('zb-h2')).toEqual([7, 5, 3, 1]);
  });

  it('interleaved in groups', () => {
    const of = (p: number, m: number, v: number, group: number) =>
      peaks('interleaved', { stages: p, microbatches: m, virtualStages: v, microbatchGroupSize: group });
    expect(of(4, 8, 2, 8)).toEqual([15, 13, 11, 9]);
    expect(of(4, 16, 2, 8)).toEqual([15, 13, 11, 9]);
    expect(of(4, 12, 2, 6)).toEqual([13, 11, 9, 7]);
    expect(of(4, 12, 3, 4)).toEqual([15, 13, 11, 9]);
    expect(of(2, 5, 2, 3)).toEqual([6, 4]);
    expect(of(4, 10, 2, 5)).toEqual([12, 10, 8, 6]);
    expect(of(4, 8, 4, 4)).toEqual([19, 17, 15, 13]);
    expect(of(4, 4, 2, 4)).toEqual([8, 8, 7, 5]);
    expect(of(8, 8, 2, 8)).toEqual([16, 16, 16, 16, 15, 13, 11, 9]);
  });

  it('smp-interleaved by cap', () => {
    const of = (activeMicrobatches: number) =>
      peaks('smp-interleaved', { stages: 4, microbatches: 8, activeMicrobatches }).join('');
    expect([3, 4, 6, 8].map(of)).toEqual(['3331', '4441', '6641', '8741']);
  });

  it('says how much of each chunk', () => {
    const [{ peak, byChunk }] = inFlight([Int32Array.from(readOrder('F0-3 f0-1 b0 B0 f2 B1'))]);
    expect(peak).toBe(6);
    expect(byChunk).toEqual([4, 2]);
  });
});

describe('peak memory of one device', () => {
  const order = Int32Array.from([
    packTask(FORWARD, 0, 0),
    packTask(FORWARD, 0, 1),
    packTask(BACKWARD, 0, 0),
    packTask(BACKWARD, 0, 1),
    packTask(WEIGHT, 0, 0),
    packTask(WEIGHT, 0, 1),
  ]);

  it('keeps all until the weight pass when nothing is said', () => {
    expect(peakMemory(order, { activationBytes: [10] })).toEqual({
      peakBytes: 20,
      position: 1,
      held: [2],
      heldForWeight: [0],
    });
  });

  it('finds the task whose temporary bytes make the peak', () => {
    const memory = { activationBytes: [10], weightBytes: [4], backwardBytes: [5], weightPassBytes: [30] };
    expect(peakMemory(order, memory)).toEqual({ peakBytes: 38, position: 4, held: [0], heldForWeight: [2] });
  });

  it('adds the temporary bytes of both parts of a fused pair', () => {
    const pair = Int32Array.from(readOrder('F0 (F1 B0) B1'));
    const memory = { activationBytes: [10], forwardBytes: [3], backwardBytes: [5] };
    expect(peakMemory(pair, memory)).toMatchObject({ peakBytes: 28, position: 2 });
  });

  it('is nothing for a device without tasks', () => {
    expect(peakMemory(new Int32Array(0), { activationBytes: [] })).toMatchObject({ peakBytes: 0, position: -1 });
  });
});
