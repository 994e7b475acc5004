import { oncePerObject } from '../keep.ts';
import { virtualStageCount } from '../pipeline/placement.ts';
import type { PipelinePlan } from '../pipeline/plan.ts';
import { planSchedule } from '../pipeline/planSchedule.ts';
import { type PipelineShape, placementOf, type Schedule } from '../pipeline/schedule.ts';
import { microbatchEnds } from './passes.ts';

/** Microbatches of each virtual stage that its device holds at the moment when it holds most of all its chunks together. */
export const microbatchesInFlight = oncePerObject(countInFlight);

function countInFlight(plan: PipelinePlan): Float64Array {
  const { tasks, device, costClass, lane, pairLane, virtualStages } = plan;
  const { begins, ends, isPair } = microbatchEnds(plan);
  const total = new Int32Array(plan.stages);
  const peak = new Int32Array(plan.stages);
  const fullest = new Int32Array(plan.stages).fill(-1);
  for (let k = 0; k < tasks; k++) {
    const on = device[k]!;
    const of = costClass[k]!;
    total[on]! += begins[of]!;
    if (total[on]! > peak[on]!) {
      peak[on] = total[on]!;
      fullest[on] = k;
    }
    total[on]! -= ends[of]!;
  }
  const held = new Float64Array(plan.lanes);
  for (let k = 0; k < tasks; k++) {
    const until = fullest[device[k]!]!;
    if (k > until) continue;
    const of = costClass[k]!;
    held[lane[k]!]! += begins[of]!;
    if (k < until) held[isPair[of] === 1 ? pairLane[k]! : lane[k]!]! -= ends[of]!;
  }
  // Two devices hold the same stage where microbatches enter at both ends.
  const most = new Float64Array(virtualStages);
  held.forEach((count, at) => {
    const stage = at % virtualStages;
    most[stage] = Math.max(most[stage]!, count);
  });
  return most;
}

/**
 * What a schedule promises to hold before any cost is known: exact for one of fixed order; for a dynamic one what it
 * holds where all stages are equal and a backward pass takes two forward ones.
 */
export function promisedInFlight(schedule: Schedule, shape: PipelineShape): Float64Array {
  const count = virtualStageCount(placementOf(schedule, shape), shape);
  const forward = new Float64Array(count).fill(1);
  const backward = new Float64Array(count).fill(2);
  const weight = new Float64Array(count);
  const costs = { forward, backward, weight, communication: new Float64Array(count) };
  return microbatchesInFlight(planSchedule(schedule, shape, costs));
}

/** Whether any virtual stage held more than was promised. */
export function exceeds(held: Float64Array, promised: Float64Array): boolean {
  return held.some((count, stage) => count > promised[stage]);
}

/** The larger of both, stage by stage. */
export function raised(promised: Float64Array, held: Float64Array): Float64Array {
  return promised.map((count, stage) => Math.max(count, held[stage]));
}
