import { oncePerObject } from '../keep.ts';
import { virtualStageCount } from '../pipeline/placement.ts';
import type { PipelinePlan } from '../pipeline/plan.ts';
import { planSchedule } from '../pipeline/planSchedule.ts';
import { type PipelineShape, placementOf, type Schedule } from '../pipeline/schedule.ts';
import { endsMicrobatch, type Pass, visitPasses } from './passes.ts';

/** Microbatches of each virtual stage that its device holds at the moment when it holds most of all its chunks together. */
export const microbatchesInFlight = oncePerObject(countInFlight);

function countInFlight(plan: PipelinePlan): Float64Array {
  const most = new Float64Array(plan.virtualStages);
  const held = new Float64Array(plan.lanes);
  for (let device = 0; device < plan.stages; device++) {
    const heldAtPeak = new Map<number, number>();
    let total = 0;
    let peak = 0;
    const visit = (pass: Pass, lane: number) => {
      if (pass === 'forward') {
        held[lane]! += 1;
        total += 1;
        if (!heldAtPeak.has(lane)) heldAtPeak.set(lane, 0);
        if (total > peak) {
          peak = total;
          for (const of of heldAtPeak.keys()) heldAtPeak.set(of, held[of]!);
        }
      } else if (endsMicrobatch(pass)) {
        held[lane]! -= 1;
        total -= 1;
      }
    };
    for (let index = plan.deviceOffset[device]!; index < plan.deviceOffset[device + 1]!; index++) {
      visitPasses(plan, plan.deviceTasks[index]!, visit);
    }
    // Two devices hold the same stage where microbatches enter at both ends.
    for (const [lane, count] of heldAtPeak) {
      const stage = lane % plan.virtualStages;
      most[stage] = Math.max(most[stage]!, count);
    }
  }
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
