import type { Cuts, PartitionProblem } from '../partition/index.ts';
import { deviceOf, isDeviceMap } from '../pipeline/placement.ts';
import { planSchedule } from '../pipeline/planSchedule.ts';
import { type PipelineShape, placementOf, type Schedule } from '../pipeline/schedule.ts';
import { schedules } from '../pipeline/schedules/index.ts';
import { microbatchesInFlight } from './inFlight.ts';

/** The schedule that finds its own order within a memory limit. */
const finder = 'auto';

/** Whether a schedule finds its own order, and so keeps to the memory there is once the model is cut. */
export function keepsToMemory({ name }: Schedule): boolean {
  return name === finder;
}

/**
 * The schedule whose promise the model is cut by: the schedule itself, or for one that keeps to the memory there is the
 * one of fixed order in its place that holds least.
 */
export function promisingSchedule(schedule: Schedule, shape: PipelineShape): Schedule {
  const placement = placementOf(schedule, shape);
  if (!keepsToMemory(schedule) || isDeviceMap(placement)) return schedule;
  const fixed = schedules.filter(
    (one) => one.fixed && placementOf(one, shape) === placement && one.illegal(shape) === undefined,
  );
  return fixed.reduce((least, one) => (mostHeld(one, shape) < mostHeld(least, shape) ? one : least));
}

/** Microbatch activations of a virtual stage that the fullest device holds. */
function mostHeld(schedule: Schedule, shape: PipelineShape): number {
  const zero = new Float64Array(shape.stages * shape.virtualStages);
  const costs = { forward: zero, backward: zero, weight: zero, communication: zero };
  const plan = planSchedule(schedule, shape, costs);
  const held = new Float64Array(shape.stages);
  microbatchesInFlight(plan).forEach((count, stage) => {
    held[deviceOf(plan.placement, shape.stages, stage)]! += count;
  });
  return Math.max(...held);
}

/**
 * The shape with the most microbatch activations for which every device has room under these cuts; where even the order
 * that holds least has none, as many as that one holds, and the report says by how much it is over.
 * @param problem what the model was cut by; undefined where something else cut it, which minds no memory
 */
export function withMemoryLimit(
  schedule: Schedule,
  shape: PipelineShape,
  problem: PartitionProblem | undefined,
  { ends }: Cuts,
): PipelineShape {
  if (!keepsToMemory(schedule) || problem === undefined) return shape;
  const { stages, capacityBytes } = problem;
  const placement = placementOf(schedule, shape);
  const steady = new Float64Array(stages);
  const transient = new Float64Array(stages);
  const activation = new Float64Array(stages);
  for (let stage = 0, from = 0; stage < ends.length; from = ends[stage++]!) {
    const device = deviceOf(placement, stages, stage);
    let saved = 0;
    for (let item = from; item < ends[stage]!; item++) {
      steady[device]! += problem.staticBytes[item]!;
      saved += problem.activationBytes[item]!;
      transient[device] = Math.max(transient[device]!, problem.transientBytes[item]!);
    }
    activation[device] = Math.max(activation[device]!, saved);
  }
  const rooms = activation.map((bytes, device) =>
    Math.floor((capacityBytes[device]! - steady[device]! - transient[device]!) / bytes),
  );
  const least = mostHeld(promisingSchedule(schedule, shape), shape);
  return { ...shape, memoryLimit: Math.max(least, Math.min(...rooms, shape.virtualStages * shape.microbatches)) };
}
