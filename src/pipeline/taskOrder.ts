import { fail } from '../errors.ts';
import type { LaneTables } from './lanes.ts';
import {
  BACKWARD,
  type DeviceOrders,
  FORWARD,
  FUSED_FORWARD,
  taskChunk,
  taskKind,
  taskMicrobatch,
  WEIGHT,
} from './schedule.ts';

export const NONE = -1;

/** The tasks of all devices in one order. Arrays have an entry a task, those of pairs only where there are any. */
export interface OrderedTasks {
  readonly kind: Uint8Array;
  readonly device: Int32Array;
  readonly lane: Int32Array;
  readonly microbatch: Int32Array;
  readonly pairLane: Int32Array;
  readonly pairMicrobatch: Int32Array;
  /**
   * The task of each pass of lane · microbatches + microbatch, or NONE: forward passes first, then backward passes, then,
   * where backward passes are split, those of the weights.
   */
  readonly taskOf: Int32Array;
}

/**
 * Puts the tasks of all devices into one order in which every task comes after all that it waits for: each device runs
 * on until it waits for another.
 * @throws ForetrainError where the orders deadlock, or run a task twice or not at all
 */
export function orderTasks(
  orders: DeviceOrders,
  tables: LaneTables,
  microbatches: number,
  splitsBackward: boolean,
  into: OrderedTasks,
): void {
  const { chunks, virtualStages, lanes, ofChunk, device: laneDevice, stage: laneStage } = tables;
  const { kind, device, lane, microbatch, pairLane, pairMicrobatch, taskOf } = into;
  const stages = orders.length;
  const slots = lanes * microbatches;
  const last = virtualStages - 1;
  // By device: the place in `taskOf` that it waits for.
  const blockedOn = new Int32Array(stages).fill(NONE);
  const cursor = new Int32Array(stages);
  const runnable = Array.from({ length: stages }, (_, d) => stages - 1 - d);
  let k = 0;
  while (runnable.length > 0) {
    const d = runnable.pop()!;
    const order = orders[d];
    const { length } = order;
    let at = cursor[d];
    for (; at < length; at++) {
      const task = order[at];
      const of = taskKind(task);
      const j = taskMicrobatch(task);
      const own = ofChunk[d * chunks + taskChunk(task)];
      const slot = own * microbatches + j;
      const s = laneStage[own];
      let place = slot;
      let waiting = NONE;
      if (of === BACKWARD) {
        place = slots + slot;
        if (taskOf[place] !== NONE) twice(tables, of, own, j);
        if (taskOf[slot] === NONE) {
          blockedOn[d] = slot;
          break;
        }
        if (s < last && taskOf[place + microbatches] === NONE) {
          blockedOn[d] = place + microbatches;
          break;
        }
        if (s > 0) waiting = laneDevice[own - 1];
      } else if (of === WEIGHT) {
        if (!splitsBackward)
          fail('schedule', `the order has the ${passName(tables, of, own, j)}, but the backward pass is not split`);
        place = 2 * slots + slot;
        if (taskOf[place] !== NONE) twice(tables, of, own, j);
        if (taskOf[slots + slot] === NONE) {
          blockedOn[d] = slots + slot;
          break;
        }
      } else {
        if (taskOf[slot] !== NONE) twice(tables, of, own, j);
        if (s > 0 && taskOf[slot - microbatches] === NONE) {
          blockedOn[d] = slot - microbatches;
          break;
        }
        if (s < last) waiting = laneDevice[own + 1];
      }
      if (of === FUSED_FORWARD) {
        const partner = order[at + 1];
        const pairJ = taskMicrobatch(partner);
        const pairOwn = ofChunk[d * chunks + taskChunk(partner)];
        const pairSlot = pairOwn * microbatches + pairJ;
        const pairPlace = slots + pairSlot;
        const pairStage = laneStage[pairOwn];
        if (taskOf[pairPlace] !== NONE) twice(tables, BACKWARD, pairOwn, pairJ);
        if (taskOf[pairSlot] === NONE) {
          blockedOn[d] = pairSlot;
          break;
        }
        if (pairStage < last && taskOf[pairPlace + microbatches] === NONE) {
          blockedOn[d] = pairPlace + microbatches;
          break;
        }
        pairLane[k] = pairOwn;
        pairMicrobatch[k] = pairJ;
        taskOf[pairPlace] = k;
        at++;
        // Nobody but the device of the next lane back waits for the backward part.
        if (pairStage > 0) {
          const back = laneDevice[pairOwn - 1];
          if (blockedOn[back] === pairPlace) {
            blockedOn[back] = NONE;
            runnable.push(back);
          }
        }
      }
      kind[k] = of;
      device[k] = d;
      lane[k] = own;
      microbatch[k] = j;
      taskOf[place] = k++;
      if (waiting !== NONE && blockedOn[waiting] === place) {
        blockedOn[waiting] = NONE;
        runnable.push(waiting);
      }
    }
    cursor[d] = at;
  }
  refuseDeadlock(tables, blockedOn, slots, microbatches);
  refuseGaps(tables, taskOf, slots, microbatches);
}

function passName({ stage }: LaneTables, kind: number, lane: number, microbatch: number): string {
  const pass = kind === BACKWARD ? 'backward' : kind === WEIGHT ? 'weight' : 'forward';
  return `${pass} of microbatch ${microbatch} in virtual stage ${stage[lane]}`;
}

function twice(tables: LaneTables, kind: number, lane: number, microbatch: number): never {
  return fail('schedule', `the order runs the ${passName(tables, kind, lane, microbatch)} twice`);
}

function refuseDeadlock(tables: LaneTables, blockedOn: Int32Array, slots: number, microbatches: number): void {
  const stuck = blockedOn.findIndex((place) => place !== NONE);
  if (stuck < 0) return;
  const waits = blockedOn[stuck] % slots;
  const kind = blockedOn[stuck] >= slots ? BACKWARD : FORWARD;
  const pass = passName(tables, kind, Math.floor(waits / microbatches), waits % microbatches);
  fail('schedule', `the order deadlocks: device ${stuck} waits for the ${pass}, which never comes`);
}

function refuseGaps(tables: LaneTables, taskOf: Int32Array, slots: number, microbatches: number): void {
  for (let slot = 0; slot < slots; slot++) {
    if (taskOf[slot] !== NONE && taskOf[slots + slot] !== NONE) continue;
    const kind = taskOf[slot] === NONE ? FORWARD : BACKWARD;
    const pass = passName(tables, kind, Math.floor(slot / microbatches), slot % microbatches);
    fail('schedule', `the order leaves out the ${pass}`);
  }
}
