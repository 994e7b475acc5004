import { describe, expect, test } from 'vitest';
import { parseScheduleSpec, readScheduleSpec } from '../../src/job/scheduleSpec.ts';
import { linesOf } from './jobs.ts';

const good = { schedule: 'zb-h1', stages: 4, microbatches: 8, forward: 1000, backwardInput: 1000, backwardWeight: 500 };

test('a split schedule keeps both halves of the backward pass', () => {
  const { schedule, shape, costs, transfers } = readScheduleSpec(good);
  expect(schedule.name).toBe('zb-h1');
  expect(shape).toEqual({
    stages: 4,
    virtualStages: 1,
    microbatches: 8,
    microbatchGroupSize: 4,
    activeMicrobatches: 6,
  });
  expect(costs).toEqual({
    forward: Float64Array.of(1000, 1000, 1000, 1000),
    backward: Float64Array.of(1000, 1000, 1000, 1000),
    weight: Float64Array.of(500, 500, 500, 500),
    communication: new Float64Array(4),
  });
  expect(transfers).toBe('async');
});

test('another schedule runs both halves as one', () => {
  const { costs } = readScheduleSpec({ ...good, schedule: '1f1b', forward: [1, 2, 3, 4], memoryLimit: 4 });
  expect(costs.forward).toEqual(Float64Array.of(1, 2, 3, 4));
  expect(costs.backward).toEqual(Float64Array.of(1500, 1500, 1500, 1500));
  expect(costs.weight).toEqual(new Float64Array(4));
});

test('the weights may cost nothing of their own where the schedule does not split', () => {
  const { costs } = readScheduleSpec({ ...good, schedule: 'gpipe', backwardWeight: undefined });
  expect(costs.backward).toEqual(Float64Array.of(1000, 1000, 1000, 1000));
});

test('a V schedule has two virtual stages a device without being told', () => {
  const { shape, costs } = readScheduleSpec({ ...good, schedule: 'zb-v', communication: [1, 1, 1, 0, 1, 1, 1] });
  expect(shape.virtualStages).toBe(2);
  expect(costs.forward).toHaveLength(8);
  expect(costs.communication).toEqual(Float64Array.of(1, 1, 1, 0, 1, 1, 1, 0));
});

test('both directions of dualpipe have one list of costs', () => {
  const { costs } = readScheduleSpec({ ...good, schedule: 'dualpipe', fusedPair: 2000 });
  expect(costs.forward).toHaveLength(4);
  expect(costs.fusedPair).toEqual(Float64Array.of(2000, 2000, 2000, 2000));
});

describe('faults', () => {
  test.each<[Readonly<Record<string, unknown>>, readonly string[]]>([
    [{ schedule: 'zb-h3' }, ['schedule: there is no schedule "zb-h3"; did you mean zb-h1?']],
    [{ forward: [1, 2, 3] }, ['forward: has 3 costs, but there are 4 virtual stages; write one for each']],
    [{ forward: [1, -2, 3, 4] }, ['forward: must be numbers of at least 0, but that of virtual stage 1 is -2']],
    [{ communication: Number.NaN }, ['communication: must be a number of at least 0, not NaN']],
    [{ microbatches: 0 }, ['microbatches: must be a whole number of at least 1, not 0']],
    [
      { backwardWeight: undefined },
      ['backwardWeight: is missing; zb-h1 runs the backward pass of the weights by itself'],
    ],
    [{ stage: 4 }, ['stage: is not a field of a schedule; did you mean stages?']],
    [{ transfers: 'sync' }, ['transfers: must be one of async, link, blocking, not "sync"; did you mean async?']],
    [{ memoryLimit: 0 }, ['memoryLimit: must be a whole number of at least 1, not 0']],
    [
      { microbatches: 1e9 },
      [
        'microbatches: makes 4,000,000,000 passes of a microbatch through a virtual stage; at most 5,000,000 are simulated',
      ],
    ],
    [
      { schedule: 'interleaved', virtualStages: 2, microbatches: 3 },
      ['schedule: interleaved takes at least as many microbatches as stages (4), not 3'],
    ],
    [
      { forward: -1, microbatches: 'x' },
      [
        'microbatches: must be a whole number of at least 1, not "x"',
        'forward: must be a number of at least 0, not -1',
      ],
    ],
  ])('%j', (changes, lines) => {
    expect(linesOf(() => readScheduleSpec({ ...good, ...changes }))).toEqual(lines);
  });

  test('of syntax have line and column', () => {
    expect(linesOf(() => parseScheduleSpec('{ "schedule": '))).toEqual([
      'line 1, column 14: the text ends before a schedule is complete; a bracket, brace or quotation mark is still open',
    ]);
  });

  test('of an empty object are all it lacks', () => {
    expect(linesOf(() => readScheduleSpec({})).map((line) => line.split(':')[0])).toEqual([
      'schedule',
      'stages',
      'microbatches',
      'forward',
      'backwardInput',
    ]);
  });
});
