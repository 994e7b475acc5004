import type { PartitionProblem } from '../partition/index.ts';
import { deviceOf, isDeviceMap } from '../pipeline/placement.ts';
import type { PipelinePlan } from '../pipeline/plan.ts';
import { planSchedule } from '../pipeline/planSchedule.ts';
import { type PipelineCosts, type PipelineShape, placementOf, type Schedule } from '../pipeline/schedule.ts';
import { schedules } from '../pipeline/schedules/index.ts';
import { microbatchesInFlight } from './inFlight.ts';
import { endsMicrobatch, type Pass, visitPasses } from './passes.ts';

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

/** What each device has room for under some cuts, and what each virtual stage saves for a microbatch. */
interface Room {
  /** Left for saved activations. */
  readonly bytes: Float64Array;
  readonly activation: Float64Array;
  /** Devices by virtual stage. */
  readonly device: Int32Array;
}

function roomOf(problem: PartitionProblem, ends: Int32Array): Room {
  const { stages, capacityBytes, placement } = problem;
  const bytes = Float64Array.from(capacityBytes);
  const transient = new Float64Array(stages);
  const activation = new Float64Array(ends.length);
  const device = Int32Array.from(ends, (_, stage) => deviceOf(placement, stages, stage));
  for (let stage = 0, from = 0; stage < ends.length; from = ends[stage++]!) {
    const on = device[stage]!;
    for (let item = from; item < ends[stage]!; item++) {
      bytes[on]! -= problem.staticBytes[item]!;
      activation[stage]! += problem.activationBytes[item]!;
      transient[on] = Math.max(transient[on]!, problem.transientBytes[item]!);
    }
  }
  return { bytes: bytes.map((left, on) => left - transient[on]!), activation, device };
}

/** Activations for which the device with the least room has any, where those of each of its chunks weigh `weightOf` them. */
function limitBy(room: Room, weightOf: (activations: readonly number[]) => number): number {
  const limits = Array.from(room.bytes, (bytes, on) => {
    const own = room.activation.filter((_, stage) => room.device[stage] === on);
    return Math.floor(bytes / weightOf([...own]));
  });
  return Math.min(...limits);
}

/** Whether every device has room for what a plan holds at any moment. */
function fitsIn(plan: PipelinePlan, { bytes, activation }: Room): boolean {
  for (let device = 0; device < plan.stages; device++) {
    let held = 0;
    let most = 0;
    const visit = (pass: Pass, lane: number) => {
      const saved = activation[lane % plan.virtualStages]!;
      if (pass === 'forward') held += saved;
      else if (endsMicrobatch(pass)) held -= saved;
      most = Math.max(most, held);
    };
    for (let index = plan.deviceOffset[device]!; index < plan.deviceOffset[device + 1]!; index++) {
      visitPasses(plan, plan.deviceTasks[index]!, visit);
    }
    if (most > bytes[device]!) return false;
  }
  return true;
}

/**
 * The plan of a schedule. One that finds its own order gets a limit of microbatch activations for which every device has
 * room under these cuts: as many as if all chunks of a device saved as much as they do on average, if what it then holds
 * fits, else fewer. Where even the order that holds least has no room it gets as many as that one holds, and the report
 * says by how much it is over.
 * @param problem what the model was cut by; undefined where something else cut it, which minds no memory
 */
export function planWithinMemory(
  schedule: Schedule,
  shape: PipelineShape,
  costs: PipelineCosts,
  problem: (() => PartitionProblem) | undefined,
  ends: Int32Array,
): PipelinePlan {
  if (!keepsToMemory(schedule) || problem === undefined) return planSchedule(schedule, shape, costs);
  const room = roomOf(problem(), ends);
  const least = mostHeld(promisingSchedule(schedule, shape), shape);
  const most = shape.virtualStages * shape.microbatches;
  const within = (limit: number) => Math.max(least, Math.min(limit, most));
  const safe = within(limitBy(room, (activations) => Math.max(...activations)));
  const average = within(limitBy(room, mean));
  for (const limit of new Set([average, Math.ceil((average + safe) / 2)])) {
    if (limit <= safe) break;
    const plan = planSchedule(schedule, { ...shape, memoryLimit: limit }, costs);
    if (fitsIn(plan, room)) return plan;
  }
  return planSchedule(schedule, { ...shape, memoryLimit: safe }, costs);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
