import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSchedule } from '../../src/pipeline/planSchedule.ts';
import { runPipeline, type TransferMode } from '../../src/pipeline/run.ts';
import { type PipelineCosts, taskKind } from '../../src/pipeline/schedule.ts';
import { findSchedule } from '../../src/pipeline/schedules/index.ts';
import { pipelineShape } from '../../src/pipeline/shape.ts';
import { runSteady } from '../../src/pipeline/steady.ts';
import { fixedSchedules, instance, legalShape, wholeCosts } from './arbitrary.ts';

const MODES: readonly TransferMode[] = ['async', 'link', 'blocking'];

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

let jumped = 0;
let all = 0;

describe('the jump over the middle of a long step', () => {
  for (const schedule of fixedSchedules) {
    it(`${schedule.name}: the same as the whole step`, () => {
      const shapes = legalShape(schedule, { stages: 5, virtualStages: 3, microbatches: 12 }).map((shape) => {
        const period = schedule.period?.(shape) ?? 1;
        const dual = schedule.placement === 'dual' ? 2 : 1;
        const more = Math.ceil(150 / period) * period * dual;
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
          all++;
          if (steady.skippedMicrobatches > 0) jumped++;
          const near = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * b);
          near(steady.makespan, full.makespan);
          for (let d = 0; d < shape.stages; d++) {
            near(steady.busy[d], full.busy[d]);
            // Idle time, added up gap by gap.
            const gaps = (of: typeof steady.plan, gap: (k: number) => number) =>
              of.deviceTasks.subarray(of.deviceOffset[d], of.deviceOffset[d + 1]).reduce((sum, k) => sum + gap(k), 0);
            const idle = gaps(steady.plan, (k) => steady.repeats[k] * (steady.start[k] - steady.freed[k]));
            const wholeIdle = gaps(full.plan, (k) => full.start[k] - full.end[full.plan.previous[k]]);
            expect(Math.abs(idle - wholeIdle)).toBeLessThanOrEqual(1e-9 * full.makespan);
            // The last tasks of a device are in both plans.
            const last = (of: typeof steady.plan) => of.deviceTasks[of.deviceOffset[d + 1] - 1];
            if (schedule.period?.(shape) !== 1 || steady.skippedMicrobatches === 0) continue;
            if (taskKind(steady.plan.kind[last(steady.plan)]) !== taskKind(full.plan.kind[last(full.plan)])) continue;
          }
        }),
        { numRuns: 60 },
      );
    });
  }
});
