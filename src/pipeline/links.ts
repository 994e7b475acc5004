import { oncePerObject } from '../keep.ts';
import { laneDevice, type PipelinePlan } from './plan.ts';
import { BACKWARD } from './schedule.ts';

/**
 * What a run with serial links looks up besides the plan. Every task has two slots for what it delivers: 2k for the
 * output of a forward pass, 2k + 1 for that of a backward pass; a fused pair uses both.
 */
export interface PlanLinks {
  readonly inputSlot: Int32Array;
  readonly pairInputSlot: Int32Array;
  readonly outputSlot: Int32Array;
  /** The link (source device · stages + target device) its output takes; −1 inside a device. */
  readonly outputLink: Int32Array;
  readonly pairOutputLink: Int32Array;
}

const NO_LINK = -1;
const BACKWARD_SLOT = 1;

/** The links of a plan. */
export const linksOf = oncePerObject(planLinks);

function planLinks(plan: PipelinePlan): PlanLinks {
  const { tasks, stages, kind, lane, costClass, input, outputTransfer, pairInput, pairLane, pairOutputTransfer } = plan;
  const inputSlot = new Int32Array(tasks);
  const outputSlot = new Int32Array(tasks);
  const outputLink = new Int32Array(tasks);
  const pairInputSlot = new Int32Array(pairInput.length);
  const pairOutputLink = new Int32Array(pairInput.length).fill(NO_LINK);
  const nowhere = 2 * tasks;
  const link = (from: number, to: number) => laneDevice(plan, from) * stages + laneDevice(plan, to);
  for (let k = 0; k < tasks; k++) {
    const isBackward = kind[k] === BACKWARD;
    const pass = isBackward ? BACKWARD_SLOT : 0;
    inputSlot[k] = input[k] < tasks ? 2 * input[k] + pass : nowhere;
    outputSlot[k] = 2 * k + pass;
    outputLink[k] = outputTransfer[costClass[k]] > 0 ? link(lane[k], isBackward ? lane[k] - 1 : lane[k] + 1) : NO_LINK;
    if (pairInput.length === 0) continue;
    pairInputSlot[k] = pairInput[k] < tasks ? 2 * pairInput[k] + BACKWARD_SLOT : nowhere;
    if (pairOutputTransfer[costClass[k]] > 0) pairOutputLink[k] = link(pairLane[k], pairLane[k] - 1);
  }
  return { inputSlot, pairInputSlot, outputSlot, outputLink, pairOutputLink };
}
