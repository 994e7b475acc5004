import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { planSchedule } from '../../src/pipeline/planSchedule.ts';
import { runPipeline, type TransferMode } from '../../src/pipeline/run.ts';
import type { PipelineCosts } from '../../src/pipeline/schedule.ts';
import { findSchedule, schedules } from '../../src/pipeline/schedules/index.ts';
import { pipelineShape } from '../../src/pipeline/shape.ts';
import { runSteady, type SteadyTimeline } from '../../src/pipeline/steady.ts';
import { fixedSchedules, legalShape, wholeCosts } from './arbitrary.ts';
import { chunksOf, costsOf, equalCosts } from './make.ts';

// Properties run many steps; a busy machine may need a while.
vi.setConfig({ testTimeout: 60_000 });

const MODES: readonly TransferMode[] = ['async', 'link', 'blocking'];
const RELATIVE = 1e-9;

/** Costs that are no round numbers, so that ties and sums are as in life. */
function uneven(costs: PipelineCosts, seed: number): PipelineCosts {
  const change = (value: number, i: number) => value * (1 + 0.37 * Math.abs(Math.sin(seed + i)));
  return {
    forward: costs.forward.map(change),
    backward: costs.backward.map(change),
    weight: costs.weight.map(change),
    communication: costs.communication.map(change),
  };
}

/** Idle time of a device, gap by gap. */
function idle({ plan, repeats, start, freed }: SteadyTimeline, device: number): number {
  let sum = 0;
  for (const k of plan.deviceTasks.subarray(plan.deviceOffset[device], plan.deviceOffset[device + 1]))
    sum += repeats[k] * (start[k] - freed[k]);
  return sum;
}

describe('the jump over the middle of a long step', () => {
  for (const schedule of fixedSchedules) {
    it(`${schedule.name}: the same as the whole step`, () => {
      const shapes = legalShape(schedule, { stages: 5, virtualStages: 3, microbatches: 12 }).map((shape) => {
        const period = schedule.period?.(shape) ?? 1;
        const more = Math.ceil(150 / period) * period * (schedule.placement === 'dual' ? 2 : 1);
        return { ...shape, microbatches: shape.microbatches + more };
      });
      const instances = shapes.chain((shape) =>
        fc.tuple(fc.constant(shape), wholeCosts(schedule, shape), fc.option(fc.integer({ min: 1, max: 1000 }))),
      );
      fc.assert(
        fc.property(instances, fc.constantFrom(...MODES), ([shape, whole, seed], mode) => {
          const costs = seed === null ? whole : uneven(whole, seed);
          const steady = runSteady(schedule, shape, costs, mode);
          const full = runPipeline(planSchedule(schedule, shape, costs), costs, mode);
          const near = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThanOrEqual(RELATIVE * full.makespan);
          near(steady.makespan, full.makespan);
          for (let d = 0; d < shape.stages; d++) {
            near(steady.busy[d], full.busy[d]);
            let gaps = 0;
            for (const k of full.plan.deviceTasks.subarray(full.plan.deviceOffset[d], full.plan.deviceOffset[d + 1]))
              gaps += full.start[k] - full.end[full.plan.previous[k]];
            near(idle(steady, d), gaps);
          }
          for (let lane = 0; lane < full.plan.lanes; lane++) {
            const last = ({ plan, end }: typeof full) => end[plan.backwardTask[(lane + 1) * plan.microbatches - 1]];
            near(last(steady), last(full));
          }
        }),
        { numRuns: 40 },
      );
    });
  }

  for (const { name, placement, fixed } of schedules) {
    if (!fixed) continue;
    it(`${name}: ten thousand microbatches cost no more than a few hundred`, () => {
      const schedule = findSchedule(name);
      const shape = pipelineShape({ stages: 4, virtualStages: chunksOf(name), microbatches: 10_000 });
      const costs = costsOf(schedule, shape, equalCosts(1, 1.1, 0.9, 0.3));
      const { plan, skippedMicrobatches } = runSteady(schedule, shape, costs);
      const each = placement === 'dual' ? 5_000 : 10_000;
      expect(plan.microbatches + skippedMicrobatches).toBe(each);
      expect(plan.microbatches).toBeLessThan(300);
    });
  }

  it('runs the whole of a short step, and of one whose order depends on costs', () => {
    for (const [name, microbatches] of [
      ['1f1b', 20],
      ['smp-interleaved', 200],
    ] as const) {
      const schedule = findSchedule(name);
      const shape = pipelineShape({ stages: 4, microbatches });
      const costs = costsOf(schedule, shape, equalCosts(1, 1, 1));
      const { plan, skippedMicrobatches, makespan } = runSteady(schedule, shape, costs);
      expect(skippedMicrobatches).toBe(0);
      expect(plan.microbatches).toBe(microbatches);
      expect(makespan).toBe((microbatches + 3) * 3);
    }
  });
});
