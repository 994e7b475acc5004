import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CostSpec, pipelineCosts } from '../../src/pipeline/costs.ts';
import { lowerBound } from '../../src/pipeline/lowerBound.ts';
import { inFlight } from '../../src/pipeline/memory.ts';
import { planPipeline } from '../../src/pipeline/plan.ts';
import { residentBound } from '../../src/pipeline/residentBound.ts';
import { runPipeline } from '../../src/pipeline/run.ts';
import type { PipelineShape, Schedule } from '../../src/pipeline/schedule.ts';
import { findSchedule, schedules } from '../../src/pipeline/schedules/index.ts';
import { pipelineShape } from '../../src/pipeline/shape.ts';

const auto = findSchedule('auto');
const ROUNDING = 1 + 1e-12;

interface Instance {
  readonly shape: PipelineShape;
  readonly spec: CostSpec;
}

/** Uneven stages: each pass of each costs between 1 and 3, transfers up to a half; room for 1f1b, or up to twice that. */
function unevenStages(virtualStages: number): fc.Arbitrary<Instance> {
  const amount = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  return fc
    .record({ stages: fc.integer({ min: 2, max: 6 }), more: fc.double({ min: 0, max: 1, noNaN: true }) })
    .chain(({ stages, more }) => {
      const count = stages * virtualStages;
      const list = (min: number, max: number, length: number) =>
        fc.array(amount(min, max), { minLength: length, maxLength: length });
      return fc.record({
        shape: fc.integer({ min: stages, max: 3 * stages }).map((microbatches) =>
          pipelineShape({
            stages,
            virtualStages,
            microbatches,
            memoryLimit: virtualStages * (stages + Math.round(more * stages)),
          }),
        ),
        spec: fc.record({
          forward: list(1, 3, count),
          backwardInput: list(1, 3, count),
          backwardWeight: list(1, 3, count),
          communication: list(0, 0.5, count - 1),
        }),
      });
    });
}

function timeAndPeak(schedule: Schedule, { shape, spec }: Instance) {
  const placement = shape.virtualStages === 1 ? 'linear' : 'v';
  const costs = pipelineCosts(spec, placement, schedule.splitsBackward, shape);
  const orders = schedule.order(shape, costs);
  const plan = planPipeline(orders, shape, placement, schedule.splitsBackward);
  return {
    plan,
    time: runPipeline(plan, costs).makespan,
    peak: Math.max(...inFlight(orders).map(({ peak }) => peak)),
  };
}

/** Named schedules of the same placement and copies of parameters that fit the memory limit: the best time of them. */
function bestNamed(at: Instance): number {
  const placement = at.shape.virtualStages === 1 ? 'linear' : 'v';
  let best = Number.POSITIVE_INFINITY;
  for (const schedule of schedules) {
    if (schedule === auto || schedule.placement !== placement || schedule.illegal(at.shape) !== undefined) continue;
    const { time, peak } = timeAndPeak(schedule, at);
    if (peak <= (at.shape.memoryLimit ?? peak)) best = Math.min(best, time);
  }
  return best;
}

describe('auto on 500 instances with uneven stages', () => {
  it('is never worse than the best named schedule, better on more than half, and halves the gap to the bound', () => {
    const instances = [1, 2].flatMap((chunks) => fc.sample(unevenStages(chunks), { numRuns: 250, seed: 7 }));
    let better = 0;
    let gain = 0;
    let namedGap = 0;
    let autoGap = 0;
    for (const at of instances) {
      const limit = at.shape.memoryLimit ?? 0;
      const { time, peak, plan } = timeAndPeak(auto, at);
      const named = bestNamed(at);
      const held = new Float64Array(at.shape.stages).fill(limit);
      const costs = pipelineCosts(at.spec, plan.placement, true, at.shape);
      const residency = { untilInput: held, untilWeight: held };
      const bound = Math.max(lowerBound(plan, costs, residency), residentBound(plan, costs, residency));
      expect(peak).toBeLessThanOrEqual(limit);
      expect(time).toBeLessThanOrEqual(named * ROUNDING);
      expect(time).toBeGreaterThanOrEqual(bound / ROUNDING);
      if (time * ROUNDING < named) {
        better++;
        gain += named / time - 1;
      }
      namedGap += named / bound - 1;
      autoGap += time / bound - 1;
    }
    const percent = (sum: number, count: number) => `${((100 * sum) / count).toFixed(2)}%`;
    console.log(
      `auto beat the best named schedule on ${better} of ${instances.length}, by ${percent(gain, better)} on average; ` +
        `mean gap to the lower bound ${percent(autoGap, instances.length)}, of the named ${percent(namedGap, instances.length)}`,
    );
    expect(better).toBeGreaterThan(instances.length / 2);
    expect(autoGap).toBeLessThanOrEqual(namedGap / 2);
  });
});

describe('auto', () => {
  it('finds the same order every time', () => {
    const [at] = fc.sample(unevenStages(1), { numRuns: 1, seed: 3 });
    const costs = pipelineCosts(at.spec, 'linear', true, at.shape);
    expect(auto.order(at.shape, costs)).toEqual(auto.order(at.shape, costs));
  });

  it('works in the least memory there is, where no named schedule fits', () => {
    for (const virtualStages of [1, 2, 3]) {
      const shape = pipelineShape({ stages: 4, virtualStages, microbatches: 6, memoryLimit: virtualStages });
      const costs = pipelineCosts(
        { forward: 1, backwardInput: 1, backwardWeight: 1 },
        auto.placementFor!(shape),
        true,
        shape,
      );
      const orders = auto.order(shape, costs);
      expect(Math.max(...inFlight(orders).map(({ peak }) => peak))).toBe(virtualStages);
    }
  });

  it('says the least memory that any order needs', () => {
    const shape = pipelineShape({ stages: 4, virtualStages: 2, microbatches: 6, memoryLimit: 1 });
    expect(auto.illegal(shape)).toMatch(/at least 2/);
  });

  it('reaches the bound where nothing stands in the way', () => {
    const shape = pipelineShape({ stages: 4, microbatches: 8 });
    const costs = pipelineCosts({ forward: 1, backwardInput: 1, backwardWeight: 1 }, 'linear', true, shape);
    const plan = planPipeline(auto.order(shape, costs), shape, 'linear', true);
    expect(runPipeline(plan, costs).makespan).toBe(27);
  });
});
