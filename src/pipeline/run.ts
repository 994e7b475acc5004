import { fail } from '../errors.ts';
import { FloatArrays } from './arrays.ts';
import { linksOf } from './links.ts';
import {
  BACKWARD_COST,
  COSTS_PER_STAGE,
  FORWARD_COST,
  type PipelinePlan,
  WEIGHT_COST,
  WHOLE_BACKWARD_COST,
} from './plan.ts';
import type { PipelineCosts } from './schedule.ts';

/**
 * What a transfer costs besides its latency. `async`: nothing. `link`: each direction between two devices is one serial
 * stream, on which transfers queue. `blocking`: both ends stop computing for as long as it takes.
 */
export type TransferMode = 'async' | 'link' | 'blocking';

/** When every task of a plan ran. Arrays have one entry a task, in the order of the plan. */
export interface PipelineTimeline {
  readonly plan: PipelinePlan;
  readonly makespan: number;
  readonly start: Float64Array;
  /** One entry a task, one that is 0, the moment the step begins, and for each device when it was free to begin. */
  readonly end: Float64Array;
  /** Time each device computes. */
  readonly busy: Float64Array;
}

interface Buffers extends PipelineTimeline {
  plan: PipelinePlan;
  makespan: number;
  readonly tables: CostTables;
  /** Room for a run with serial links, made when there is one. */
  linkFree: Float64Array;
  delivered: Float64Array;
}

/** Seconds of every class of task, of its transfers, and of every class of transfer. */
interface CostTables {
  readonly costOf: Float64Array;
  readonly transferOf: Float64Array;
  readonly inputOf: Float64Array;
  readonly outputOf: Float64Array;
  readonly pairInputOf: Float64Array;
  readonly pairOutputOf: Float64Array;
}

const NO_ROOM = new Float64Array(0);

function createBuffers(plan: PipelinePlan): Buffers {
  const { tasks, stages } = plan;
  const arrays = new FloatArrays(2 * tasks + 1 + 2 * stages);
  return {
    plan,
    makespan: 0,
    start: arrays.take(tasks),
    end: arrays.take(tasks + 1 + stages),
    busy: arrays.take(stages),
    tables: createTables(plan),
    linkFree: NO_ROOM,
    delivered: NO_ROOM,
  };
}
/** Fills the cost of every class of task and transfer. */
function fillCosts(plan: PipelinePlan, costs: PipelineCosts, tables: CostTables): void {
  const { virtualStages: count, splitsBackward } = plan;
  const { forward, backward, weight, communication, fusedPair } = costs;
  const { costOf, transferOf, inputOf, outputOf, pairInputOf, pairOutputOf } = tables;
  if (forward.length !== count || backward.length !== count || (splitsBackward && weight.length !== count))
    fail('costs', `take one forward, backward and weight cost for each of ${count} virtual stages`);
  if (communication.length < count - 1)
    fail('communication', `takes one cost for each of ${count - 1} boundaries between virtual stages`);
  for (let s = 0; s < count; s++) {
    costOf[FORWARD_COST * count + s] = forward[s];
    costOf[BACKWARD_COST * count + s] = backward[s];
    costOf[WEIGHT_COST * count + s] = splitsBackward ? weight[s] : 0;
    costOf[WHOLE_BACKWARD_COST * count + s] = splitsBackward ? backward[s] + weight[s] : backward[s];
  }
  for (let s = 0; s + 1 < count; s++) transferOf[1 + s] = communication[s];
  for (let i = 0; i < plan.fusedClasses.length; i++) {
    const { forwardStage, backwardStage, whole } = plan.fusedClasses[i];
    costOf[COSTS_PER_STAGE * count + i] = fusedPair
      ? fusedPair[forwardStage]
      : forward[forwardStage] + costOf[(whole ? WHOLE_BACKWARD_COST : BACKWARD_COST) * count + backwardStage];
  }
  for (let of = 0; of < costOf.length; of++) {
    inputOf[of] = transferOf[plan.inputTransfer[of]];
    outputOf[of] = transferOf[plan.outputTransfer[of]];
    pairInputOf[of] = transferOf[plan.pairInputTransfer[of]];
    pairOutputOf[of] = transferOf[plan.pairOutputTransfer[of]];
  }
}

/** The cost of every class of task and of every class of transfer of a plan. */
export function costTables(plan: PipelinePlan, costs: PipelineCosts): CostTables {
  const tables = createTables(plan);
  fillCosts(plan, costs, tables);
  return tables;
}

function createTables({ virtualStages, fusedClasses }: PipelinePlan): CostTables {
  const classes = COSTS_PER_STAGE * virtualStages + fusedClasses.length;
  const arrays = new FloatArrays(5 * classes + virtualStages + 1);
  return {
    costOf: arrays.take(classes),
    transferOf: arrays.take(virtualStages + 1),
    inputOf: arrays.take(classes),
    outputOf: arrays.take(classes),
    pairInputOf: arrays.take(classes),
    pairOutputOf: arrays.take(classes),
  };
}

/** Latency only: a task starts when its device is free and its inputs are there. */
function runAsync(plan: PipelinePlan, { start, end, tables }: Buffers): void {
  const { tasks, costClass, previous, input } = plan;
  const { costOf, inputOf } = tables;
  for (let k = 0; k < tasks; k++) {
    const of = costClass[k];
    const free = end[previous[k]];
    const arrival = end[input[k]] + inputOf[of];
    const begin = free > arrival ? free : arrival;
    start[k] = begin;
    end[k] = begin + costOf[of];
  }
}

function runAsyncWithPairs(plan: PipelinePlan, { start, end, tables }: Buffers): void {
  const { tasks, costClass, previous, input, pairInput } = plan;
  const { costOf, inputOf, pairInputOf } = tables;
  for (let k = 0; k < tasks; k++) {
    const of = costClass[k];
    const free = end[previous[k]];
    const first = end[input[k]] + inputOf[of];
    const second = end[pairInput[k]] + pairInputOf[of];
    const arrival = first > second ? first : second;
    const begin = free > arrival ? free : arrival;
    start[k] = begin;
    end[k] = begin + costOf[of];
  }
}

/** A device does not compute while it sends or receives; a send and a receive in the same gap run side by side. */
function runBlocking(plan: PipelinePlan, { start, end, tables }: Buffers): void {
  const { tasks, costClass, previous, input, pairInput } = plan;
  const { costOf, inputOf, outputOf, pairInputOf, pairOutputOf } = tables;
  const hasPairs = pairInput.length > 0;
  for (let k = 0; k < tasks; k++) {
    const of = costClass[k];
    const before = previous[k];
    const free = end[before];
    let begin = free;
    if (before < tasks) {
      const ofBefore = costClass[before];
      begin += outputOf[ofBefore];
      if (hasPairs) begin = Math.max(begin, free + pairOutputOf[ofBefore]);
    }
    let arrival = input[k] < tasks ? Math.max(free, end[input[k]]) + inputOf[of] : 0;
    if (hasPairs && pairInput[k] < tasks)
      arrival = Math.max(arrival, Math.max(free, end[pairInput[k]]) + pairInputOf[of]);
    if (arrival > begin) begin = arrival;
    start[k] = begin;
    end[k] = begin + costOf[of];
  }
}

/** Transfers from one device to another go one after the other, in the order in which they were produced. */
function runLinks(plan: PipelinePlan, buffers: Buffers): void {
  const { tasks, costClass, previous } = plan;
  const { start, end, tables } = buffers;
  const { costOf, outputOf, pairOutputOf } = tables;
  if (buffers.delivered.length === 0) {
    buffers.linkFree = new Float64Array(plan.stages * plan.stages);
    // Two deliveries a task, and one that is there from the beginning.
    buffers.delivered = new Float64Array(2 * tasks + 1);
  }
  const { linkFree, delivered } = buffers;
  const { inputSlot, pairInputSlot, outputLink, pairOutputLink, outputSlot } = linksOf(plan);
  const hasPairs = pairInputSlot.length > 0;
  linkFree.fill(0);
  for (let k = 0; k < tasks; k++) {
    const of = costClass[k];
    const free = end[previous[k]];
    let arrival = delivered[inputSlot[k]];
    if (hasPairs) arrival = Math.max(arrival, delivered[pairInputSlot[k]]);
    const begin = free > arrival ? free : arrival;
    const done = begin + costOf[of];
    start[k] = begin;
    end[k] = done;
    const link = outputLink[k];
    let out = done;
    if (link >= 0) {
      out = Math.max(done, linkFree[link]) + outputOf[of];
      linkFree[link] = out;
    }
    delivered[outputSlot[k]] = out;
    if (!hasPairs) continue;
    const pairLink = pairOutputLink[k];
    out = done;
    if (pairLink >= 0) {
      out = Math.max(done, linkFree[pairLink]) + pairOutputOf[of];
      linkFree[pairLink] = out;
    }
    // A task that is no pair has nothing in its second slot that anyone reads.
    delivered[2 * k + 1 - (outputSlot[k] & 1)] = out;
  }
}

function isBuffers(timeline: PipelineTimeline): timeline is Buffers {
  return 'tables' in timeline;
}

/** Whether the arrays of a timeline have the lengths that another plan needs. */
function suits({ plan: of }: PipelineTimeline, plan: PipelinePlan): boolean {
  return (
    of === plan ||
    (of.tasks === plan.tasks &&
      of.stages === plan.stages &&
      of.virtualStages === plan.virtualStages &&
      of.fusedClasses.length === plan.fusedClasses.length)
  );
}

/**
 * Runs a plan: the longest path through its tasks and transfers, in one pass.
 * @param costs one entry for each virtual stage; `communication` one for each boundary between them
 * @param into a timeline whose arrays are used again if they have the right lengths; it is overwritten
 * @param begins when each device is free to begin; 0 where left out
 */
export function runPipeline(
  plan: PipelinePlan,
  costs: PipelineCosts,
  transfers: TransferMode = 'async',
  into?: PipelineTimeline,
  begins?: ArrayLike<number>,
): PipelineTimeline {
  const buffers = into !== undefined && isBuffers(into) && suits(into, plan) ? into : createBuffers(plan);
  buffers.plan = plan;
  fillCosts(plan, costs, buffers.tables);
  for (let d = 0; d < plan.stages; d++) buffers.end[plan.tasks + 1 + d] = begins === undefined ? 0 : begins[d];
  if (transfers === 'link') runLinks(plan, buffers);
  else if (transfers === 'blocking') runBlocking(plan, buffers);
  else if (plan.pairInput.length > 0) runAsyncWithPairs(plan, buffers);
  else runAsync(plan, buffers);

  const { deviceOffset, deviceTasks, busyDevice, busyClass, busyCount } = plan;
  const { end, busy, tables } = buffers;
  let makespan = 0;
  for (let d = 0; d < plan.stages; d++) {
    busy[d] = 0;
    if (deviceOffset[d + 1] > deviceOffset[d]) makespan = Math.max(makespan, end[deviceTasks[deviceOffset[d + 1] - 1]]);
  }
  for (let i = 0; i < busyDevice.length; i++) busy[busyDevice[i]] += busyCount[i] * tables.costOf[busyClass[i]];
  buffers.makespan = makespan;
  return buffers;
}

/** When the last input of a task was produced, before any transfer; 0 where it takes none. */
export function producedAt(timeline: PipelineTimeline, task: number): number {
  const { plan, end } = timeline;
  const first = end[plan.input[task]];
  return plan.pairInput.length > 0 ? Math.max(first, end[plan.pairInput[task]]) : first;
}
