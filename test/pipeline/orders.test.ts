import { describe, expect, it } from 'vitest';
import { findSchedule } from '../../src/pipeline/schedules/index.ts';
import { pipelineShape } from '../../src/pipeline/shape.ts';
import { chunksOf, costsOf, equalCosts } from './make.ts';
import { exchangeChunks, readOrder } from './notation.ts';

/** Orders of four devices and eight microbatches, by device. */
const ORDERS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  gpipe: { 0: 'F0-7 B0-7', 3: 'F0-7 B0-7' },
  'smp-simple': { 0: 'F0-7 B0-7', 3: 'F0-7 B0-7' },
  '1f1b': {
    0: 'F0-3 B0 F4 B1 F5 B2 F6 B3 F7 B4-7',
    1: 'F0-2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5-7',
    2: 'F0-1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6-7',
    3: 'F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7',
  },
  '1f1b-eager': {
    0: 'F0-6 B0 F7 B1-7',
    1: 'F0-4 B0 F5 B1 F6 B2 F7 B3-7',
    2: 'F0-2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5-7',
    3: 'F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7',
  },
  interleaved: {
    0: 'F0-3 f0-3 F4-6 b0 F7 b1 f4 b2 f5 b3 f6 B0 f7 B1-3 b4-7 B4-7',
    1: 'F0-3 f0-3 F4 b0 F5 b1 F6 b2 F7 b3 f4 B0 f5 B1 f6 B2 f7 B3 b4-7 B4-7',
    2: 'F0-3 f0-2 b0 f3 b1 F4 b2 F5 b3 F6 B0 F7 B1 f4 B2 f5 B3 f6 b4 f7 b5-7 B4-7',
    3: 'F0-3 f0 b0 f1 b1 f2 b2 f3 b3 F4 B0 F5 B1 F6 B2 F7 B3 f4 b4 f5 b5 f6 b6 f7 b7 B4-7',
  },
  'breadth-first': {
    0: 'F0-7 f0-7 b7 b6 b5 b4 b3 b2 b1 b0 B7 B6 B5 B4 B3 B2 B1 B0',
  },
  'smp-interleaved': {
    0: 'F0-5 B0 F6 B1 F7 B2-7',
    1: 'F0-5 B0-1 F6 B2 F7 B3-7',
    2: 'F0-3 B0 F4 B1 F5 B2 F6 B3 F7 B4-7',
    3: 'F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7',
  },
  'zb-h1': {
    0: 'F0-3 I0 W0 F4 I1 W1 F5 I2 W2 F6 I3 W3 F7 I4 W4 I5 W5 I6 W6 I7 W7',
    1: 'F0-2 I0 F3 I1 W0 F4 I2 W1 F5 I3 W2 F6 I4 W3 F7 I5 W4 I6 W5 I7 W6-7',
    2: 'F0-1 I0 F2 I1 F3 I2 W0 F4 I3 W1 F5 I4 W2 F6 I5 W3 F7 I6 W4 I7 W5-7',
    3: 'F0 I0 F1 I1 F2 I2 F3 I3 W0 F4 I4 W1 F5 I5 W2 F6 I6 W3 F7 I7 W4-7',
  },
  'zb-h2': {
    0: 'F0-6 I0 W0 F7 I1 W1 I2 W2 I3 W3 I4 W4 I5 W5 I6 W6 I7 W7',
    1: 'F0-4 I0 F5 I1 F6 I2 W0 F7 I3 W1 I4 W2 I5 W3 I6 W4 I7 W5-7',
    2: 'F0-2 I0 F3 I1 F4 I2 F5 I3 F6 I4 W0 F7 I5 W1 I6 W2 I7 W3-7',
    3: 'F0 I0 F1 I1 F2 I2 F3 I3 F4 I4 F5 I5 F6 I6 W0 F7 I7 W1-7',
  },
  'zb-v': {
    0: 'F0-6 f0 i0 w0 f1 i1 w1 f2 i2 w2 f3 i3 w3 F7 I0 W0 f4 i4 w4 I1 W1 f5 i5 w5 I2 W2 f6 i6 w6 I3 W3 f7 i7 w7 I4 W4 I5 W5 I6 W6 I7 W7',
    1: 'F0-4 f0 F5 f1 i0 w0 f2 i1 w1 f3 i2 w2 F6 I0 W0 f4 i3 w3 F7 I1 W1 f5 i4 w4 I2 W2 f6 i5 w5 I3 W3 f7 i6 w6 I4 i7 I5 W4 I6 W5 I7 W6 w7 W7',
    3: 'F0 f0 F1 f1 F2 f2 F3 f3 i0 w0 F4 I0 W0 f4 i1 w1 F5 I1 W1 f5 i2 w2 F6 I2 W2 f6 i3 w3 F7 I3 W3 f7 i4 w4 I4 i5 I5 i6 I6 i7 I7 W4 w5-7 W5-7',
  },
  'v-half': {
    0: 'F0-4 f0 i0 w0 f1 i1 w1 f2 I0 i2 w2 f3 W0 F5 I1 i3 w3 f4 W1 F6 I2 i4 w4 f5 W2 F7 I3 i5 w5 f6 i6 w6 I4 W3-4 f7 i7 I5 w7 I6 W5-6 I7 W7',
    3: 'F0 f0 F1 f1 F2 f2 i0 w0 I0 W0 F3 f3 i1 w1 I1 W1 F4 f4 i2 w2 I2 W2 F5 f5 i3 w3 I3 F6 W3 f6 i4 I4 w4 F7 W4 f7 i5 I5 i6 I6 w5-6 i7 I7 w7 W5-7',
  },
  'v-min': {
    0: 'F0-2 f0 i0 w0 f1 i1 w1 I0 W0 F3 f2 i2 I1 w2 W1 F4 f3 i3 I2 w3 W2 F5 f4 i4 I3 w4 W3 F6 f5 i5 I4 w5 W4 F7 f6 i6 I5 w6 W5 f7 i7 I6 w7 W6 I7 W7',
    3: 'F0 f0 F1 f1 i0 I0 w0 W0 F2 f2 i1 I1 w1 W1 F3 f3 i2 I2 w2 W2 F4 f4 i3 I3 w3 W3 F5 f5 i4 I4 w4 W4 F6 f6 i5 I5 w5 W5 F7 f7 i6 I6 w6 W6 i7 I7 w7 W7',
  },
  dualpipe: {
    0: 'F0-2 f0 i0 w0 f1 (F3 b1) (f2 B0) b2 (f3 B1) b3 I2 W2 I3 W3',
    1: 'F0 f0 F1 f1 F2 b0 (f2 B0) (F3 b1) (f3 B1) b2 B2 i3 I3 w3 W3',
    2: exchangeChunks('F0 f0 F1 f1 F2 b0 (f2 B0) (F3 b1) (f3 B1) b2 B2 i3 I3 w3 W3'),
    3: exchangeChunks('F0-2 f0 i0 w0 f1 (F3 b1) (f2 B0) b2 (f3 B1) b3 I2 W2 I3 W3'),
  },
  'dualpipe-v': {
    0: 'F0-6 f0 i0 w0 f1 i1 w1 f2 i2 w2 f3 (F7 b3) (f4 B0) b4 (f5 B1) b5 (f6 B2) b6 (f7 B3) b7 I4 W4 I5 W5 I6 W6 I7 W7',
    1: 'F0-4 f0 F5 f1 i0 w0 f2 i1 w1 f3 (F6 b2) (f4 B0) (F7 b3) (f5 B1) b4 (f6 B2) b5 (f7 B3) b6 B4 i7 I5 w7 I6 W5 I7 W6-7',
    3: 'F0 f0 F1 f1 F2 f2 F3 f3 F4 b0 (f4 B0) (F5 b1) (f5 B1) (F6 b2) (f6 B2) (F7 b3) (f7 B3) b4 B4 b5 B5 i6 I6 i7 I7 w6 W6 w7 W7',
  },
};

function orderOf(name: string, options: { group?: number; active?: number } = {}) {
  const schedule = findSchedule(name);
  const shape = pipelineShape({
    stages: 4,
    microbatches: 8,
    virtualStages: chunksOf(name),
    microbatchGroupSize: options.group,
    activeMicrobatches: options.active,
  });
  expect(schedule.illegal(shape)).toBeUndefined();
  // Backward twice the forward: what the dynamic order below was worked out with; the fixed ones do not look.
  return schedule.order(shape, costsOf(schedule, shape, equalCosts(1, 1, 1)));
}

describe('orders of four devices and eight microbatches', () => {
  for (const [name, devices] of Object.entries(ORDERS)) {
    for (const [device, text] of Object.entries(devices)) {
      it(`${name}, device ${device}`, () => {
        expect([...orderOf(name)[Number(device)]]).toEqual(readOrder(text));
      });
    }
  }

  it('interleaved in groups of eight', () => {
    const order = orderOf('interleaved', { group: 8 });
    expect([...order[0]]).toEqual(readOrder('F0-7 f0-6 b0 f7 b1-7 B0-7'));
    expect([...order[3]]).toEqual(readOrder('F0-7 f0 b0 f1 b1 f2 b2 f3 b3 f4 b4 f5 b5 f6 b6 f7 b7 B0-7'));
  });
});
