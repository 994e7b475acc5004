import { BACKWARD, type DeviceOrders, FORWARD, type PipelineShape, packTask, WEIGHT } from '../schedule.ts';
import {
  ANY_WEIGHT,
  DOWN_FORWARD,
  DOWN_INPUT,
  dropWeights,
  earliestSlot,
  emptySlots,
  fillWeights,
  heldThrough,
  isEmpty,
  mostHeldIfFilled,
  move,
  passKind,
  passNumber,
  place,
  type SlotTable,
  squeeze,
  UP_FORWARD,
  UP_INPUT,
} from './slots.ts';

/** The passes of one microbatch on one device, W's included: the block repeats after as many slots. */
export const BLOCK_SLOTS = 6;

/** Slots of the first microbatch on a device, by kind of pass. */
export interface BuildingBlock {
  readonly downForward: number;
  readonly upForward: number;
  readonly upInput: number;
  readonly downInput: number;
}

/** Every microbatch's forward and input passes, each a block later than those of the microbatch before. */
function repeatBlock(shape: PipelineShape, block: (device: number) => BuildingBlock): SlotTable {
  const { stages, microbatches } = shape;
  let last = 0;
  for (let device = 0; device < stages; device++) last = Math.max(last, block(device).downInput, block(device).upInput);
  // Every weight pass finds room even where none fits between the others.
  const length = last + BLOCK_SLOTS * (microbatches + stages) + 2 * microbatches;
  const table = emptySlots(stages, microbatches, length);
  for (let device = 0; device < stages; device++) {
    const { downForward, upForward, upInput, downInput } = block(device);
    for (let j = 0; j < microbatches; j++) {
      place(table, device, DOWN_FORWARD, j, downForward + BLOCK_SLOTS * j);
      place(table, device, UP_FORWARD, j, upForward + BLOCK_SLOTS * j);
      place(table, device, UP_INPUT, j, upInput + BLOCK_SLOTS * j);
      place(table, device, DOWN_INPUT, j, downInput + BLOCK_SLOTS * j);
    }
  }
  return table;
}

/**
 * Moves passes outside the steady part to earlier empty slots, one after the other in order of their slots, as long as
 * no device holds more than the table's own peak. The steady part lasts from the first input pass of the first chunk on
 * the first device to its last forward.
 * @param keepWarmUp passes before the steady part stay as well
 */
function pullEarlier(table: SlotTable, keepWarmUp: boolean): void {
  const { stages, length, passes } = table;
  const steadyFrom = table.at[0][DOWN_INPUT][0];
  const downForwards = table.at[0][DOWN_FORWARD];
  const steadyTo = downForwards[downForwards.length - 1];
  const filled = table.at[0][ANY_WEIGHT][0] >= 0;
  const held = passes.map((row) => {
    const counts = new Int32Array(length);
    heldThrough(row, counts);
    return counts;
  });
  let limit = 0;
  for (let device = 0; device < stages; device++) {
    const most = filled ? held[device].reduce((a, b) => Math.max(a, b), 0) : mostHeldIfFilled(passes[device]);
    limit = Math.max(limit, most);
  }
  const visits = passes.map((row) => row.slice());
  for (let slot = 0; slot < length; slot++) {
    if (slot >= steadyFrom && slot < steadyTo) continue;
    if (keepWarmUp && slot < steadyFrom) continue;
    // The first device's last forward ends the steady part: in its slot, only that device stays as it is.
    for (let device = slot === steadyTo ? 1 : 0; device < stages; device++) {
      const pass = visits[device][slot];
      if (isEmpty(pass)) continue;
      const kind = passKind(pass);
      const row = passes[device];
      const counts = held[device];
      for (let to = earliestSlot(table, device, kind, passNumber(pass)); to < slot; to++) {
        if (!isEmpty(row[to])) continue;
        if (filled) {
          if (!fits(kind, counts, to, slot, limit)) continue;
          shiftHeld(kind, counts, to, slot);
          move(table, device, slot, to);
          break;
        }
        move(table, device, slot, to);
        if (mostHeldIfFilled(row) <= limit) break;
        move(table, device, to, slot);
      }
    }
  }
}

function fits(kind: number, held: Int32Array, to: number, from: number, limit: number): boolean {
  if (kind !== DOWN_FORWARD && kind !== UP_FORWARD) return true;
  for (let slot = to; slot < from; slot++) if (held[slot] + 1 > limit) return false;
  return true;
}

function shiftHeld(kind: number, held: Int32Array, to: number, from: number): void {
  const by = kind === ANY_WEIGHT ? -1 : kind === DOWN_FORWARD || kind === UP_FORWARD ? 1 : 0;
  if (by === 0) return;
  for (let slot = to; slot < from; slot++) held[slot] += by;
}

/**
 * Device orders of a table without weight passes: an empty slot takes one that is owed, of the second chunk before the
 * first; what is owed at the end follows in the same way.
 */
function splitFill(table: SlotTable): DeviceOrders {
  const { microbatches } = table;
  return table.passes.map((row) => {
    const order = new Int32Array(BLOCK_SLOTS * microbatches);
    let length = 0;
    const inputs = [0, 0];
    const weights = [0, 0];
    const payWeight = () => {
      const chunk = weights[1] < inputs[1] ? 1 : 0;
      if (weights[chunk] < inputs[chunk]) order[length++] = packTask(WEIGHT, chunk, weights[chunk]++);
    };
    for (const pass of row) {
      if (isEmpty(pass)) {
        payWeight();
        continue;
      }
      const kind = passKind(pass);
      const chunk = kind === UP_FORWARD || kind === UP_INPUT ? 1 : 0;
      const isForward = kind === DOWN_FORWARD || kind === UP_FORWARD;
      if (!isForward) inputs[chunk]++;
      order[length++] = packTask(isForward ? FORWARD : BACKWARD, chunk, passNumber(pass));
    }
    while (length < order.length) payWeight();
    return order;
  });
}

/**
 * Orders from a building block that repeats for every microbatch, its warm-up and drain pulled together within the
 * block's own peak of memory. They are made at unit costs, whatever the real ones are.
 * @source arXiv 2405.15362, sections 3 and 4; github.com/sail-sg/zero-bubble-pipeline-parallelism
 */
export function buildingBlockOrders(shape: PipelineShape, block: (device: number) => BuildingBlock): DeviceOrders {
  let table = repeatBlock(shape, block);
  fillWeights(table);
  pullEarlier(table, false);
  table = squeeze(table);
  dropWeights(table);
  pullEarlier(table, true);
  fillWeights(table);
  table = squeeze(table);
  dropWeights(table);
  return splitFill(table);
}
