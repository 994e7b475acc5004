import { deviceOf } from './placement.ts';
import type { StagePlacement } from './schedule.ts';

/** The costs of a plan's tasks: forward, backward, weight, whole backward of each virtual stage; then fused pairs. */
export const FORWARD_COST = 0;
export const BACKWARD_COST = 1;
export const WEIGHT_COST = 2;
export const WHOLE_BACKWARD_COST = 3;
export const COSTS_PER_STAGE = 4;

/** A fused pair as a class of cost: the virtual stages of its two parts, and whether its backward part is whole. */
export interface FusedClass {
  readonly forwardStage: number;
  readonly backwardStage: number;
  readonly whole: boolean;
}

/**
 * Device orders made ready to run: flat arrays with one entry a task, in an order in which every task comes after all
 * that it waits for. It does not depend on costs, so one plan serves many runs.
 *
 * A lane is what one chunk (or direction) of one device runs: a virtual stage, or under `dual` direction · p + stage.
 */
export interface PipelinePlan {
  readonly stages: number;
  readonly virtualStages: number;
  readonly placement: StagePlacement;
  readonly splitsBackward: boolean;
  readonly lanes: number;
  /** Microbatches of each lane. */
  readonly microbatches: number;
  readonly tasks: number;
  readonly device: Int32Array;
  readonly kind: Uint8Array;
  /** Lane and microbatch; of a fused pair those of its forward part. */
  readonly lane: Int32Array;
  readonly microbatch: Int32Array;
  /** Class of cost: kind · virtualStages + virtual stage, or that of a fused pair. */
  readonly costClass: Int32Array;
  readonly fusedClasses: readonly FusedClass[];
  /** The task before it on its device; where there is none, `tasks` + 1 + device. */
  readonly previous: Int32Array;
  /** The task of another virtual stage whose output it takes; `tasks` where there is none. */
  readonly input: Int32Array;
  /** By class of cost: class of the transfer of that input, 0 where there is none, otherwise 1 + boundary. */
  readonly inputTransfer: Int32Array;
  /** Class of the transfer of its output, in the same way. */
  readonly outputTransfer: Int32Array;
  /** The same for the backward part of fused pairs; those by task are empty where a plan has none. */
  readonly pairLane: Int32Array;
  readonly pairMicrobatch: Int32Array;
  readonly pairInput: Int32Array;
  readonly pairInputTransfer: Int32Array;
  readonly pairOutputTransfer: Int32Array;
  /** Device d runs the tasks deviceTasks[deviceOffset[d]] … in this order. */
  readonly deviceOffset: Int32Array;
  readonly deviceTasks: Int32Array;
  /** The task that does the forward (backward, weight) pass of lane · microbatches + microbatch; −1 if none does. */
  readonly forwardTask: Int32Array;
  readonly backwardTask: Int32Array;
  readonly weightTask: Int32Array;
  /** How often each class of cost occurs on each device: parallel lists of device, class and count. */
  readonly busyDevice: Int32Array;
  readonly busyClass: Int32Array;
  readonly busyCount: Int32Array;
}

/** The device of a lane. */
export function laneDevice(plan: PipelinePlan, lane: number): number {
  return deviceOf(plan.placement, plan.stages, lane % plan.virtualStages, Math.floor(lane / plan.virtualStages));
}
