import { describe, expect, it } from 'vitest';
import { planPipeline } from '../../src/pipeline/plan.ts';
import { producedAt, runPipeline, type TransferMode } from '../../src/pipeline/run.ts';
import type { PipelineCosts } from '../../src/pipeline/schedule.ts';
import { pipelineShape } from '../../src/pipeline/shape.ts';
import { equalCosts, makespan, run } from './make.ts';
import { readOrder } from './notation.ts';

const costs = (forward: number[], backward: number[], communication: number[]): PipelineCosts => ({
  forward: Float64Array.from(forward),
  backward: Float64Array.from(backward),
  weight: new Float64Array(forward.length),
  communication: Float64Array.from(communication),
});

function linearPlan(lists: readonly string[], microbatches: number) {
  const orders = lists.map((list) => Int32Array.from(readOrder(list)));
  return planPipeline(orders, pipelineShape({ stages: lists.length, microbatches }), 'linear', false);
}

describe('transfers by hand: two stages, two microbatches, all forwards first', () => {
  const plan = linearPlan(['F0-1 B0-1', 'F0-1 B0-1'], 2);
  const spec = costs([1, 1], [2, 2], [3]);
  const startOf = (mode: TransferMode) => {
    const { start } = runPipeline(plan, spec, mode);
    return [0, 1].map((device) => Array.from(plan.deviceTasks.subarray(4 * device, 4 * device + 4), (k) => start[k]));
  };

  it('async: a transfer delays its receiver alone', () => {
    // F0 ends at 1 and arrives at 4, F1 at 5; the backwards of the last stage end at 8 and 10 and arrive at 11 and 13.
    expect(startOf('async')).toEqual([
      [0, 1, 11, 13],
      [4, 5, 6, 8],
    ]);
  });

  it('link: the second transfer waits for the first', () => {
    // The forward link is busy from 1 to 4 and from 4 to 7; the backward link from 10 to 13 and from 13 to 16.
    expect(startOf('link')).toEqual([
      [0, 1, 13, 16],
      [4, 7, 8, 10],
    ]);
  });

  it('blocking: neither end computes meanwhile', () => {
    // Device 0 sends until 4, then runs F1 to 5. Device 1 receives from 1 to 4, runs F0, receives F1 from 5 to 8, runs
    // it, and sends each backward for 3 before the next.
    expect(startOf('blocking')).toEqual([
      [0, 4, 14, 19],
      [4, 8, 9, 14],
    ]);
  });

  it('knows when each input was made', () => {
    const timeline = runPipeline(plan, spec, 'link');
    const [second] = Array.from(plan.deviceTasks.subarray(5, 6));
    expect([producedAt(timeline, second), timeline.start[second]]).toEqual([2, 7]);
    const [first] = Array.from(plan.deviceTasks.subarray(0, 1));
    expect([producedAt(timeline, first), timeline.start[first]]).toEqual([0, 0]);
  });
});

describe('transfers inside a device', () => {
  it('cost nothing where a V turns round', () => {
    const equal = equalCosts(1, 1, 1, 5);
    const { costs: list } = run('zb-v', { stages: 1, microbatches: 4 }, equal);
    expect(list.communication).toEqual(Float64Array.of(5));
    expect(makespan('zb-v', { stages: 1, microbatches: 4 }, equal)).toBe(24);
    expect(makespan('breadth-first', { stages: 1, microbatches: 4, virtualStages: 3 }, equal)).toBe(36);
  });

  it('share a link where both directions of dualpipe use it', () => {
    const shape = { stages: 4, microbatches: 16 };
    const spec = equalCosts(1, 1, 1, 2);
    expect(makespan('dualpipe', shape, spec, 'link')).toBeGreaterThan(makespan('dualpipe', shape, spec));
  });
});

describe('orders that cannot run', () => {
  const shape = pipelineShape({ stages: 2, microbatches: 2 });
  const plan = (lists: readonly string[], split = false) =>
    planPipeline(
      lists.map((list) => Int32Array.from(readOrder(list))),
      shape,
      'linear',
      split,
    );

  it('a deadlock says who waits for what', () => {
    expect(() => plan(['F0 B0 F1 B1', 'F1 B1 F0 B0'])).toThrow(/deadlocks: device \d waits for the/);
    expect(() => plan(['B0 F0-1 B1', 'F0-1 B0-1'])).toThrow(/device 0 waits for the forward of microbatch 0/);
  });
  it('a pass that is run twice, left out, or not wanted', () => {
    expect(() => plan(['F0-1 F1 B0-1', 'F0-1 B0-1'])).toThrow(/forward of microbatch 1 in virtual stage 0 twice/);
    expect(() => plan(['F0-1 B0-1', 'F0-1 B0'])).toThrow(/device 0 waits for the backward of microbatch 1/);
    expect(() => plan(['F0-1 B0', 'F0-1 B0-1'])).toThrow(/leaves out the backward of microbatch 1 in virtual stage 0/);
    expect(() => plan(['F0-1 B0 W0 B1', 'F0-1 B0-1'])).toThrow(/not split/);
  });
  it('costs of the wrong length', () => {
    const good = linearPlan(['F0 B0', 'F0 B0'], 1);
    expect(() => runPipeline(good, costs([1], [1, 1], [0]))).toThrow(/2 virtual stages/);
    expect(() => runPipeline(good, costs([1, 1], [1, 1], []))).toThrow(/1 boundaries/);
  });
});
