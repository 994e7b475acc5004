import { fail } from '../errors.ts';
import { IntArrays } from './arrays.ts';
import { countClasses } from './classCounts.ts';
import { laneTables } from './lanes.ts';
import { COSTS_PER_STAGE, type FusedClass, type PipelinePlan, WHOLE_BACKWARD_COST } from './pipelinePlan.ts';
import { microbatchesPerChunk } from './placement.ts';
import {
  BACKWARD,
  type DeviceOrders,
  FORWARD,
  FUSED_FORWARD,
  type PipelineShape,
  type StagePlacement,
  taskChunk,
  taskKind,
  taskMicrobatch,
  WEIGHT,
} from './schedule.ts';

export { laneOf } from './lanes.ts';
export * from './pipelinePlan.ts';

const NONE = -1;
/** Arrays with an entry for every task, and those with one only where there are fused pairs. */
const ARRAYS_OF_TASKS = 9;
const ARRAYS_OF_PAIRS = 5;

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
  const {
    chunks,
    virtualStages,
    lanes,
    ofChunk,
    device: laneDevice,
    stage: laneStage,
    transfer,
  } = laneTables(shape, placement);
  const microbatches = microbatchesPerChunk(placement, shape);
  const slots = lanes * microbatches;

  let packed = 0;
  let fused = 0;
  const ownWeight = new Uint8Array(splitsBackward ? slots : 0);
  const deviceOffset = new Int32Array(stages + 1);
  for (let d = 0; d < stages; d++) {
    const order = orders[d];
    for (let i = 0; i < order.length; i++) {
      const kind = taskKind(order[i]);
      if (kind === FUSED_FORWARD) fused++;
      else if (kind === WEIGHT && splitsBackward)
        ownWeight[ofChunk[d * chunks + taskChunk(order[i])] * microbatches + taskMicrobatch(order[i])] = 1;
    }
    packed += order.length;
    deviceOffset[d + 1] = packed - fused;
  }
  const tasks = packed - fused;
  const pairs = fused > 0 ? tasks : 0;
  const weightSlots = splitsBackward ? slots : 0;
  const arrays = new IntArrays(ARRAYS_OF_TASKS * tasks + ARRAYS_OF_PAIRS * pairs + 2 * slots + weightSlots);
  const kinds = new Uint8Array(tasks);
  const device = arrays.take(tasks);
  const lane = arrays.take(tasks);
  const microbatch = arrays.take(tasks);
  const costClass = arrays.take(tasks);
  const previous = arrays.take(tasks);
  const input = arrays.take(tasks);
  const inputTransfer = arrays.take(tasks);
  const outputTransfer = arrays.take(tasks);
  const deviceTasks = arrays.take(tasks);
  const pairLane = arrays.take(pairs);
  const pairMicrobatch = arrays.take(pairs);
  const pairInput = arrays.take(pairs).fill(tasks);
  const pairInputTransfer = arrays.take(pairs);
  const pairOutputTransfer = arrays.take(pairs);
  const forwardTask = arrays.take(slots).fill(NONE);
  const backwardTask = arrays.take(slots).fill(NONE);
  const weightTask = arrays.take(weightSlots).fill(NONE);
  const fusedClasses: FusedClass[] = [];
  const fusedClassOf = new Map<number, number>();

  const name = (kind: number, of: number, j: number) =>
    `${kind === BACKWARD ? 'backward' : kind === WEIGHT ? 'weight' : 'forward'} of microbatch ${j} in virtual stage ${laneStage[of]}`;
  const twice = (kind: number, of: number, j: number) =>
    fail('schedule', `the order runs the ${name(kind, of, j)} twice`);

  // Slots are told apart by pass: forward slots first, then backward slots.
  const blockedOn = new Int32Array(stages).fill(NONE);
  const cursor = new Int32Array(stages);
  const ranOnDevice = new Int32Array(stages);
  const last = Int32Array.from({ length: stages }, (_, d) => tasks + 1 + d);
  const runnable = Array.from({ length: stages }, (_, d) => stages - 1 - d);
  let k = 0;

  while (runnable.length > 0) {
    const d = runnable.pop()!;
    const order = orders[d];
    let at = cursor[d];
    while (at < order.length) {
      const task = order[at];
      const kind = taskKind(task);
      const j = taskMicrobatch(task);
      const own = ofChunk[d * chunks + taskChunk(task)];
      const slot = own * microbatches + j;
      const s = laneStage[own];
      let source = tasks;
      let sourceTransfer = 0;
      let sinkTransfer = 0;
      if (kind === FORWARD || kind === FUSED_FORWARD) {
        if (forwardTask[slot] !== NONE) twice(kind, own, j);
        if (s > 0) {
          source = forwardTask[slot - microbatches];
          if (source === NONE) {
            blockedOn[d] = slot - microbatches;
            break;
          }
          sourceTransfer = transfer[own - 1];
        }
        sinkTransfer = transfer[own];
      } else if (kind === BACKWARD) {
        if (backwardTask[slot] !== NONE) twice(kind, own, j);
        if (forwardTask[slot] === NONE) {
          blockedOn[d] = slot;
          break;
        }
        if (s + 1 < virtualStages) {
          source = backwardTask[slot + microbatches];
          if (source === NONE) {
            blockedOn[d] = slots + slot + microbatches;
            break;
          }
          sourceTransfer = transfer[own];
        }
        if (s > 0) sinkTransfer = transfer[own - 1];
      } else {
        if (!splitsBackward)
          fail('schedule', `the order has the ${name(kind, own, j)}, but the backward pass is not split`);
        if (weightTask[slot] !== NONE) twice(kind, own, j);
        if (backwardTask[slot] === NONE) {
          blockedOn[d] = slots + slot;
          break;
        }
      }

      if (kind === FUSED_FORWARD) {
        const partner = order[at + 1];
        const pairJ = taskMicrobatch(partner);
        const pairOwn = ofChunk[d * chunks + taskChunk(partner)];
        const pairSlot = pairOwn * microbatches + pairJ;
        const pairStage = laneStage[pairOwn];
        if (backwardTask[pairSlot] !== NONE) twice(BACKWARD, pairOwn, pairJ);
        if (forwardTask[pairSlot] === NONE) {
          blockedOn[d] = pairSlot;
          break;
        }
        if (pairStage + 1 < virtualStages) {
          const pairSource = backwardTask[pairSlot + microbatches];
          if (pairSource === NONE) {
            blockedOn[d] = slots + pairSlot + microbatches;
            break;
          }
          pairInput[k] = pairSource;
          pairInputTransfer[k] = transfer[pairOwn];
        }
        if (pairStage > 0) pairOutputTransfer[k] = transfer[pairOwn - 1];
        pairLane[k] = pairOwn;
        pairMicrobatch[k] = pairJ;
        backwardTask[pairSlot] = k;
        const whole = splitsBackward && ownWeight[pairSlot] === 0;
        const key = 2 * (s * virtualStages + pairStage) + (whole ? 1 : 0);
        let fusedClass = fusedClassOf.get(key);
        if (fusedClass === undefined) {
          fusedClass = COSTS_PER_STAGE * virtualStages + fusedClasses.length;
          fusedClassOf.set(key, fusedClass);
          fusedClasses.push({ forwardStage: s, backwardStage: pairStage, whole });
        }
        costClass[k] = fusedClass;
        at++;
        // Nobody but the device of the next lane back waits for the backward part.
        if (pairStage > 0 && blockedOn[laneDevice[pairOwn - 1]] === slots + pairSlot) {
          blockedOn[laneDevice[pairOwn - 1]] = NONE;
          runnable.push(laneDevice[pairOwn - 1]);
        }
      } else {
        const whole = kind === BACKWARD && splitsBackward && ownWeight[slot] === 0;
        costClass[k] = (whole ? WHOLE_BACKWARD_COST : kind) * virtualStages + s;
      }

      device[k] = d;
      kinds[k] = kind;
      lane[k] = own;
      microbatch[k] = j;
      previous[k] = last[d];
      input[k] = source;
      inputTransfer[k] = sourceTransfer;
      outputTransfer[k] = sinkTransfer;
      deviceTasks[deviceOffset[d] + ranOnDevice[d]++] = k;
      last[d] = k;
      let waiting = NONE;
      let produced = slot;
      if (kind === BACKWARD) {
        backwardTask[slot] = k;
        produced += slots;
        if (s > 0) waiting = laneDevice[own - 1];
      } else if (kind === WEIGHT) {
        weightTask[slot] = k;
      } else {
        forwardTask[slot] = k;
        if (s + 1 < virtualStages) waiting = laneDevice[own + 1];
      }
      if (waiting !== NONE && blockedOn[waiting] === produced) {
        blockedOn[waiting] = NONE;
        runnable.push(waiting);
      }
      k++;
      at++;
    }
    cursor[d] = at;
  }

  const stuck = blockedOn.findIndex((slot) => slot !== NONE);
  if (stuck >= 0) {
    const waits = blockedOn[stuck] % slots;
    const kind = blockedOn[stuck] >= slots ? BACKWARD : FORWARD;
    fail(
      'schedule',
      `the order deadlocks: device ${stuck} waits for the ${name(kind, Math.floor(waits / microbatches), waits % microbatches)}, which never comes`,
    );
  }
  for (let slot = 0; slot < slots; slot++) {
    if (forwardTask[slot] === NONE || backwardTask[slot] === NONE) {
      const kind = forwardTask[slot] === NONE ? FORWARD : BACKWARD;
      fail('schedule', `the order leaves out the ${name(kind, Math.floor(slot / microbatches), slot % microbatches)}`);
    }
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
    kind: kinds,
    lane,
    microbatch,
    costClass,
    fusedClasses,
    previous,
    input,
    inputTransfer,
    outputTransfer,
    pairLane,
    pairMicrobatch,
    pairInput,
    pairInputTransfer,
    pairOutputTransfer,
    deviceOffset,
    deviceTasks,
    forwardTask,
    backwardTask,
    weightTask,
    ...countClasses(stages, device, costClass),
  };
}
