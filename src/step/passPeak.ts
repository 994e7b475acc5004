import { keep, oncePerObject } from '../keep.ts';
import {
  BACKWARD_COST,
  COSTS_PER_STAGE,
  FORWARD_COST,
  type PipelinePlan,
  WEIGHT_COST,
  WHOLE_BACKWARD_COST,
} from '../pipeline/plan.ts';
import type { StageProfile } from './stageProfile.ts';

/** The fullest moment of a device's passes. */
export interface PassPeak {
  readonly savedBytes: number;
  readonly transientBytes: number;
  /** The task that runs then; −1 where there is none. */
  readonly task: number;
  /** Saved at any moment at most: the fullest may be one that saves less and needs more. */
  readonly mostSavedBytes: number;
}

/** What a task does to the memory of its device, bytes by class of cost. */
interface TaskBytes {
  /** Saved for its backward pass by a forward pass. */
  readonly saves: Float64Array;
  /** Needed only while it runs. */
  readonly needs: Float64Array;
  /** Given back when it ends: the passes that read saved tensors last (both halves of a split backward pass) do. */
  readonly frees: Float64Array;
}

function taskBytes(
  { virtualStages: count, splitsBackward, fusedClasses }: PipelinePlan,
  stages: readonly StageProfile[],
): TaskBytes {
  const classes = COSTS_PER_STAGE * count + fusedClasses.length;
  const numbers = new Float64Array(3 * classes);
  const saves = numbers.subarray(0, classes);
  const needs = numbers.subarray(classes, 2 * classes);
  const frees = numbers.subarray(2 * classes);
  for (let stage = 0; stage < count; stage++) {
    const { savedBytes, weightBytes, backwardTransientBytes, lossTransientBytes } = stages[stage]!;
    const input = BACKWARD_COST * count + stage;
    const whole = WHOLE_BACKWARD_COST * count + stage;
    saves[FORWARD_COST * count + stage] = savedBytes;
    needs[input] = Math.max(backwardTransientBytes, lossTransientBytes);
    needs[whole] = needs[input]!;
    frees[input] = splitsBackward ? savedBytes - weightBytes : savedBytes;
    frees[whole] = savedBytes;
    frees[WEIGHT_COST * count + stage] = weightBytes;
  }
  fusedClasses.forEach(({ forwardStage, backwardStage, whole }, at) => {
    const pair = COSTS_PER_STAGE * count + at;
    const backward = (whole ? WHOLE_BACKWARD_COST : BACKWARD_COST) * count + backwardStage;
    saves[pair] = saves[FORWARD_COST * count + forwardStage]!;
    needs[pair] = needs[backward]!;
    frees[pair] = frees[backward]!;
  });
  return { saves, needs, frees };
}

/**
 * Walks a device's tasks in order, and says of each what is held while it runs: bytes saved for backward passes, and
 * bytes that only this task needs; then what it leaves behind.
 */
export function walkMemory(
  plan: PipelinePlan,
  device: number,
  stages: readonly StageProfile[],
  visit: (task: number, savedBytes: number, transientBytes: number, leftBytes: number) => void,
): void {
  const { saves, needs, frees } = taskBytes(plan, stages);
  let held = 0;
  for (let index = plan.deviceOffset[device]!; index < plan.deviceOffset[device + 1]!; index++) {
    const task = plan.deviceTasks[index]!;
    const of = plan.costClass[task]!;
    held += saves[of]!;
    const left = held - frees[of]!;
    visit(task, held, needs[of]!, left);
    held = left;
  }
}

const peaksOf = oncePerObject((_: readonly StageProfile[]) => new WeakMap<PipelinePlan, readonly PassPeak[]>());

/** The moment at which each device holds most for backward passes and for the task at work. */
export function passPeaks(plan: PipelinePlan, stages: readonly StageProfile[]): readonly PassPeak[] {
  return keep(peaksOf(stages), plan, () => findPeaks(plan, taskBytes(plan, stages)));
}

function findPeaks(plan: PipelinePlan, { saves, needs, frees }: TaskBytes): readonly PassPeak[] {
  const { tasks, device, costClass } = plan;
  const held = new Float64Array(plan.stages);
  const most = new Float64Array(plan.stages);
  const savedThen = new Float64Array(plan.stages);
  const mostSaved = new Float64Array(plan.stages);
  const fullest = new Int32Array(plan.stages).fill(-1);
  // The tasks of all devices together: those of each are in their order.
  for (let k = 0; k < tasks; k++) {
    const on = device[k]!;
    const of = costClass[k]!;
    const saved = held[on]! + saves[of]!;
    const all = saved + needs[of]!;
    if (saved > mostSaved[on]!) mostSaved[on] = saved;
    if (all > most[on]!) {
      most[on] = all;
      savedThen[on] = saved;
      fullest[on] = k;
    }
    held[on] = saved - frees[of]!;
  }
  return Array.from(fullest, (task, on) => ({
    savedBytes: savedThen[on]!,
    transientBytes: task < 0 ? 0 : needs[costClass[task]!]!,
    task,
    mostSavedBytes: mostSaved[on]!,
  }));
}
