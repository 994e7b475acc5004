import { oncePerObject } from '../keep.ts';
import {
  BACKWARD_COST,
  COSTS_PER_STAGE,
  FORWARD_COST,
  type PipelinePlan,
  WEIGHT_COST,
  WHOLE_BACKWARD_COST,
} from '../pipeline/plan.ts';
import type { PipelineTimeline } from '../pipeline/run.ts';
import { BACKWARD, FORWARD, FUSED_FORWARD, WEIGHT } from '../pipeline/schedule.ts';
import { stagesByDevice } from '../pipeline/stagesByDevice.ts';

/** What a task does for one microbatch: `backward` is the whole backward pass, the last two its halves. */
export type Pass = 'forward' | 'backward' | 'backward-input' | 'backward-weight';

/**
 * Visits the passes that a task is made of, in order: one, or two where a forward and a backward pass are fused.
 * Where a schedule splits backward passes, one without a weight task of its own is whole.
 */
export function visitPasses(
  plan: PipelinePlan,
  task: number,
  visit: (pass: Pass, lane: number, microbatch: number) => void,
): void {
  const lane = plan.lane[task]!;
  const microbatch = plan.microbatch[task]!;
  switch (plan.kind[task]) {
    case FORWARD:
      visit('forward', lane, microbatch);
      return;
    case BACKWARD:
      visit(backwardPass(plan, lane, microbatch), lane, microbatch);
      return;
    case WEIGHT:
      visit('backward-weight', lane, microbatch);
      return;
    case FUSED_FORWARD: {
      visit('forward', lane, microbatch);
      const pairLane = plan.pairLane[task]!;
      const pairMicrobatch = plan.pairMicrobatch[task]!;
      visit(backwardPass(plan, pairLane, pairMicrobatch), pairLane, pairMicrobatch);
      return;
    }
  }
}

function backwardPass(plan: PipelinePlan, lane: number, microbatch: number): Pass {
  const whole = !plan.splitsBackward || plan.weightTask[lane * plan.microbatches + microbatch]! < 0;
  return whole ? 'backward' : 'backward-input';
}

/** Whether the pass is the last that reads what the forward pass saved, and the one that adds to the gradients. */
export function endsMicrobatch(pass: Pass): boolean {
  return pass === 'backward' || pass === 'backward-weight';
}

/**
 * Of each class of cost: 1 where its tasks begin a microbatch, 1 where they end one as {@link endsMicrobatch} has it, and 1
 * where they are pairs, which end that of their backward part.
 */
export function microbatchEnds({ virtualStages: count, splitsBackward, fusedClasses }: PipelinePlan) {
  const classes = COSTS_PER_STAGE * count + fusedClasses.length;
  const begins = new Uint8Array(classes).fill(1, FORWARD_COST * count, (FORWARD_COST + 1) * count);
  const ends = new Uint8Array(classes).fill(1, WEIGHT_COST * count, (WHOLE_BACKWARD_COST + 1) * count);
  if (!splitsBackward) ends.fill(1, BACKWARD_COST * count, (BACKWARD_COST + 1) * count);
  const isPair = new Uint8Array(classes).fill(1, COSTS_PER_STAGE * count);
  begins.fill(1, COSTS_PER_STAGE * count);
  fusedClasses.forEach(({ whole }, at) => {
    ends[COSTS_PER_STAGE * count + at] = whole || !splitsBackward ? 1 : 0;
  });
  return { begins, ends, isPair };
}

/** When the last pass of a virtual stage that adds to its gradients runs on a device. */
export interface LastPass {
  readonly stage: number;
  readonly start: number;
  readonly end: number;
}

/** The last pass of each virtual stage of every device that adds to its gradients, in the order in which they run. */
export function lastBackwards({ plan, start, end }: PipelineTimeline): readonly (readonly LastPass[])[] {
  return lastTasks(plan).map((own) => own.map(({ stage, task }) => ({ stage, start: start[task]!, end: end[task]! })));
}

/** The tasks of these passes, by device. */
const lastTasks = oncePerObject((plan: PipelinePlan) =>
  stagesByDevice(plan).map((stages, device) => {
    const found = new Map<number, number>();
    for (let index = plan.deviceOffset[device + 1]! - 1; index >= plan.deviceOffset[device]!; index--) {
      const task = plan.deviceTasks[index]!;
      visitPasses(plan, task, (pass, lane) => {
        const stage = lane % plan.virtualStages;
        if (endsMicrobatch(pass) && !found.has(stage)) found.set(stage, task);
      });
      if (found.size === stages.length) break;
    }
    return [...found].map(([stage, task]) => ({ stage, task })).reverse();
  }),
);
