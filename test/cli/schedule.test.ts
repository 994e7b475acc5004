import { expect, it } from 'vitest';
import { expectGolden } from '../golden/golden.ts';
import { foretrain } from './harness.ts';

const spec = {
  schedule: '1f1b',
  stages: 4,
  virtualStages: 1,
  microbatches: 8,
  forward: 1,
  backwardInput: 1,
  backwardWeight: 1,
  communication: 0,
  transfers: 'async',
};
const ask = (changes: object, args: readonly string[] = ['--json']) =>
  foretrain(['schedule', '-', ...args], { stdin: JSON.stringify({ ...spec, ...changes }) });

it('answers with exactly the fields of the contract', async () => {
  const { status, stdout } = await ask({});
  expect(status).toBe(0);
  const answer = JSON.parse(stdout);
  expect(Object.keys(answer)).toEqual(['makespan', 'lowerBound', 'bubbleFraction', 'peakInFlight', 'order']);
  expect(answer).toMatchObject({ makespan: 33, lowerBound: 33, peakInFlight: [4, 3, 2, 1] });
  expect(answer.bubbleFraction).toBeCloseTo(9 / 33);
  expect(answer.order[0].join(' ')).toBe('F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7');
  expect(answer.order).toHaveLength(4);
});

it('labels chunks where a device has more than one', async () => {
  const { stdout } = await ask({ schedule: 'interleaved', virtualStages: 2 });
  const answer = JSON.parse(stdout);
  expect(answer.makespan).toBe(57);
  expect(answer.order[0].slice(0, 6)).toEqual(['F0c0', 'F1c0', 'F2c0', 'F3c0', 'F0c1', 'F1c1']);
});

it('takes a cost for each virtual stage', async () => {
  // Unequal stages of the schedules' reference set: F = 1 2 1 3, B = 2 3 3 5.
  const { stdout } = await ask({ forward: [1, 2, 1, 3], backwardInput: [1, 2, 2, 3], backwardWeight: [1, 1, 1, 2] });
  expect(JSON.parse(stdout).makespan).toBe(76);
});

it('draws the pipeline for people', async () => {
  const { status, stdout } = await ask({}, []);
  expect(status).toBe(0);
  expectGolden('schedule.txt', stdout);
});

it('names every fault of a spec on a line of its own', async () => {
  const { status, stdout, faults } = await ask({ schedule: '1f2b', stages: 0, microbatches: -1 });
  expect([status, stdout]).toEqual([2, '']);
  expect(faults.map((line) => line.slice(0, line.indexOf(':'))).sort()).toEqual(['microbatches', 'schedule', 'stages']);
});
