import { IntArrays } from './arrays.ts';
import { countClasses } from './classCounts.ts';
import { laneTables } from './lanes.ts';
import {
  BACKWARD_COST,
  COSTS_PER_STAGE,
  FORWARD_COST,
  type FusedClass,
  type PipelinePlan,
  WHOLE_BACKWARD_COST,
} from './pipelinePlan.ts';
import { microbatchesPerChunk } from './placement.ts';
import {
  BACKWARD,
  type DeviceOrders,
  FUSED_FORWARD,
  type PipelineShape,
  type StagePlacement,
  taskKind,
  WEIGHT,
} from './schedule.ts';
import { NONE, orderTasks } from './taskOrder.ts';

export { laneOf } from './lanes.ts';
export * from './pipelinePlan.ts';

/** Arrays with an entry for every task, and those with one only where there are fused pairs. */
const ARRAYS_OF_TASKS = 7;
const ARRAYS_OF_PAIRS = 3;

/**
 * Turns device orders into a plan.
 * @param orders one list a device, as a {@link Schedule} gives it
 * @throws ForetrainError where the orders deadlock, or run a task twice or not at all
 */
export function planPipeline(
  orders: DeviceOrders,
  shape: PipelineShape,
  placement: StagePlacement,
  splitsBackward: boolean,
): PipelinePlan {
  const { stages } = shape;
  const tables = laneTables(shape, placement);
  const { virtualStages, lanes, stage: laneStage, transfer } = tables;
  const microbatches = microbatchesPerChunk(placement, shape);
  const slots = lanes * microbatches;

  const deviceOffset = new Int32Array(stages + 1);
  for (let d = 0; d < stages; d++) deviceOffset[d + 1] = deviceOffset[d] + countTasks(orders[d]);
  const tasks = deviceOffset[stages];
  const packed = orders.reduce((sum, { length }) => sum + length, 0);
  const pairs = packed > tasks ? tasks : 0;
  const passes = splitsBackward ? 3 : 2;
  const arrays = new IntArrays(ARRAYS_OF_TASKS * tasks + ARRAYS_OF_PAIRS * pairs + passes * slots);
  const kind = new Uint8Array(tasks);
  const device = arrays.take(tasks);
  const lane = arrays.take(tasks);
  const microbatch = arrays.take(tasks);
  const costClass = arrays.take(tasks);
  const previous = arrays.take(tasks);
  const input = arrays.take(tasks);
  const deviceTasks = arrays.take(tasks);
  const pairLane = arrays.take(pairs);
  const pairMicrobatch = arrays.take(pairs);
  const pairInput = arrays.take(pairs).fill(tasks);
  const taskOf = arrays.take(passes * slots).fill(NONE);
  const forwardTask = taskOf.subarray(0, slots);
  const backwardTask = taskOf.subarray(slots, 2 * slots);
  const weightTask = taskOf.subarray(2 * slots);
  orderTasks(orders, tables, microbatches, splitsBackward, {
    kind,
    device,
    lane,
    microbatch,
    pairLane,
    pairMicrobatch,
    taskOf,
  });

  const fusedClasses: FusedClass[] = [];
  const fusedClassOf = new Map<number, number>();
  const isWhole = (slot: number) => splitsBackward && weightTask[slot] === NONE;
  const ranOnDevice = new Int32Array(stages);
  const lastTask = Int32Array.from({ length: stages }, (_, d) => tasks + 1 + d);
  const last = virtualStages - 1;
  for (let k = 0; k < tasks; k++) {
    const d = device[k];
    const own = lane[k];
    const of = kind[k];
    const s = laneStage[own];
    const slot = own * microbatches + microbatch[k];
    deviceTasks[deviceOffset[d] + ranOnDevice[d]++] = k;
    previous[k] = lastTask[d];
    lastTask[d] = k;
    let source = tasks;
    if (of === BACKWARD) {
      if (s < last) source = backwardTask[slot + microbatches];
    } else if (of !== WEIGHT && s > 0) source = forwardTask[slot - microbatches];
    input[k] = source;
    costClass[k] = (of === BACKWARD && isWhole(slot) ? WHOLE_BACKWARD_COST : of) * virtualStages + s;
    if (of !== FUSED_FORWARD) continue;
    const pairOwn = pairLane[k];
    const pairSlot = pairOwn * microbatches + pairMicrobatch[k];
    const pairStage = laneStage[pairOwn];
    if (pairStage < last) pairInput[k] = backwardTask[pairSlot + microbatches];
    const whole = isWhole(pairSlot);
    const key = 2 * (s * virtualStages + pairStage) + (whole ? 1 : 0);
    let fusedClass = fusedClassOf.get(key);
    if (fusedClass === undefined) {
      fusedClass = COSTS_PER_STAGE * virtualStages + fusedClasses.length;
      fusedClassOf.set(key, fusedClass);
      fusedClasses.push({ forwardStage: s, backwardStage: pairStage, whole });
    }
    costClass[k] = fusedClass;
  }

  return {
    stages,
    virtualStages,
    placement,
    splitsBackward,
    lanes,
    microbatches,
    tasks,
    device,
    kind,
    lane,
    microbatch,
    costClass,
    fusedClasses,
    previous,
    input,
    pairLane,
    pairMicrobatch,
    pairInput,
    ...transferClasses(transfer.subarray(0, virtualStages), fusedClasses),
    deviceOffset,
    deviceTasks,
    forwardTask,
    backwardTask,
    weightTask,
    ...countClasses(stages, device, costClass, COSTS_PER_STAGE * virtualStages + fusedClasses.length),
  };
}

/**
 * Classes of the transfers of every class of cost.
 * @param transfer class of that from each virtual stage to the next
 */
function transferClasses(transfer: Int32Array, fusedClasses: readonly FusedClass[]) {
  const count = transfer.length;
  const classes = COSTS_PER_STAGE * count + fusedClasses.length;
  const arrays = new IntArrays(4 * classes);
  const inputTransfer = arrays.take(classes);
  const outputTransfer = arrays.take(classes);
  const pairInputTransfer = arrays.take(classes);
  const pairOutputTransfer = arrays.take(classes);
  const before = (stage: number) => (stage > 0 ? transfer[stage - 1] : 0);
  for (let stage = 0; stage < count; stage++) {
    inputTransfer[FORWARD_COST * count + stage] = before(stage);
    outputTransfer[FORWARD_COST * count + stage] = transfer[stage];
    for (const backward of [BACKWARD_COST, WHOLE_BACKWARD_COST]) {
      inputTransfer[backward * count + stage] = transfer[stage];
      outputTransfer[backward * count + stage] = before(stage);
    }
  }
  for (const [at, { forwardStage, backwardStage }] of fusedClasses.entries()) {
    const pair = COSTS_PER_STAGE * count + at;
    inputTransfer[pair] = before(forwardStage);
    outputTransfer[pair] = transfer[forwardStage];
    pairInputTransfer[pair] = transfer[backwardStage];
    pairOutputTransfer[pair] = before(backwardStage);
  }
  return { inputTransfer, outputTransfer, pairInputTransfer, pairOutputTransfer };
}

/** Tasks of a device's order: a fused pair is one. */
function countTasks(order: Int32Array): number {
  let count = order.length;
  for (let i = 0; i < order.length; i++) if (taskKind(order[i]) === FUSED_FORWARD) count--;
  return count;
}
