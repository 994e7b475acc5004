/**
 * Kinds of pass in a building block of two chunks a device: the first chunk on its way down the devices, the second on
 * its way up. Weight passes are interchangeable until the end: the k-th comes after the k-th input pass of its device.
 */
export const DOWN_FORWARD = 0;
export const UP_FORWARD = 1;
export const UP_INPUT = 2;
export const DOWN_INPUT = 3;
export const ANY_WEIGHT = 4;
const KINDS = 5;

const EMPTY = -1;
const CHUNKS = 2;

/**
 * A schedule at unit costs: each pass of each device has a slot of time of its own. `at` says which slot a pass has and
 * `passes` the other way round, for each device.
 */
export interface SlotTable {
  readonly stages: number;
  readonly microbatches: number;
  readonly length: number;
  /** By device: kind + KINDS · number of the pass in each slot, or EMPTY. */
  readonly passes: readonly Int32Array[];
  /** By device and kind: the slot of each pass. */
  readonly at: readonly (readonly Int32Array[])[];
}

export const isEmpty = (pass: number): boolean => pass === EMPTY;
export const passKind = (pass: number): number => pass % KINDS;
export const passNumber = (pass: number): number => Math.floor(pass / KINDS);
export const packPass = (kind: number, number: number): number => kind + KINDS * number;

/** A table without passes. */
export function emptySlots(stages: number, microbatches: number, length: number): SlotTable {
  return {
    stages,
    microbatches,
    length,
    passes: Array.from({ length: stages }, () => new Int32Array(length).fill(EMPTY)),
    at: Array.from({ length: stages }, () =>
      Array.from({ length: KINDS }, (_, kind) =>
        new Int32Array(kind === ANY_WEIGHT ? CHUNKS * microbatches : microbatches).fill(EMPTY),
      ),
    ),
  };
}

export function place(table: SlotTable, device: number, kind: number, number: number, slot: number): void {
  table.passes[device][slot] = packPass(kind, number);
  table.at[device][kind][number] = slot;
}

export function move(table: SlotTable, device: number, from: number, to: number): void {
  const pass = table.passes[device][from];
  table.passes[device][from] = EMPTY;
  place(table, device, passKind(pass), passNumber(pass), to);
}

/** Puts a weight pass into every empty slot that follows an input pass without one, and the rest at the end. */
export function fillWeights(table: SlotTable): void {
  for (let device = 0; device < table.stages; device++) {
    const passes = table.passes[device];
    let inputs = 0;
    let weights = 0;
    for (let slot = 0; slot < table.length; slot++) {
      if (isEmpty(passes[slot])) {
        if (weights < inputs) place(table, device, ANY_WEIGHT, weights++, slot);
      } else if (passKind(passes[slot]) === UP_INPUT || passKind(passes[slot]) === DOWN_INPUT) inputs++;
    }
    if (weights < inputs) throw new RangeError('the table is too short for its weight passes');
  }
}

export function dropWeights(table: SlotTable): void {
  for (let device = 0; device < table.stages; device++) {
    const passes = table.passes[device];
    for (let slot = 0; slot < table.length; slot++) {
      if (!isEmpty(passes[slot]) && passKind(passes[slot]) === ANY_WEIGHT) passes[slot] = EMPTY;
    }
    table.at[device][ANY_WEIGHT].fill(EMPTY);
  }
}

/** The first slot after all that a pass waits for, from where the other passes are now. */
export function earliestSlot(table: SlotTable, device: number, kind: number, number: number): number {
  const { at, stages } = table;
  const own = at[device];
  const after = number > 0 ? own[kind][number - 1] : EMPTY;
  const last = stages - 1;
  let needs = EMPTY;
  if (kind === DOWN_FORWARD) {
    if (device > 0) needs = at[device - 1][DOWN_FORWARD][number];
  } else if (kind === UP_FORWARD) {
    needs = device === last ? own[DOWN_FORWARD][number] : at[device + 1][UP_FORWARD][number];
  } else if (kind === UP_INPUT) {
    needs = Math.max(own[UP_FORWARD][number], device > 0 ? at[device - 1][UP_INPUT][number] : EMPTY);
  } else if (kind === DOWN_INPUT) {
    const source = device === last ? own[UP_INPUT][number] : at[device + 1][DOWN_INPUT][number];
    needs = Math.max(own[DOWN_FORWARD][number], source);
  } else {
    needs = slotOfInput(table, device, number);
  }
  return Math.max(after, needs) + 1;
}

/** The slot of a device's k-th input pass, of either chunk. */
function slotOfInput(table: SlotTable, device: number, k: number): number {
  const up = table.at[device][UP_INPUT];
  const down = table.at[device][DOWN_INPUT];
  // The k-th smallest of two ascending lists: take a from one and k + 1 − a from the other.
  let low = Math.max(0, k + 1 - down.length);
  let high = Math.min(k + 1, up.length);
  while (low < high) {
    const a = (low + high) >> 1;
    if (up[a] < down[k - a]) low = a + 1;
    else high = a;
  }
  return Math.max(low > 0 ? up[low - 1] : EMPTY, k - low >= 0 ? down[k - low] : EMPTY);
}

/**
 * Keeps each device's order of passes and runs it at unit costs: every pass moves to the earliest slot it can have.
 */
export function squeeze(table: SlotTable): SlotTable {
  const result = emptySlots(table.stages, table.microbatches, table.length);
  const order = table.passes.map((passes) => passes.filter((pass) => !isEmpty(pass)));
  const cursor = new Int32Array(table.stages);
  const free = new Int32Array(table.stages);
  let moved = true;
  while (moved) {
    moved = false;
    for (let device = 0; device < table.stages; device++) {
      while (cursor[device] < order[device].length) {
        const pass = order[device][cursor[device]];
        const slot = readySlot(result, device, passKind(pass), passNumber(pass));
        if (slot === EMPTY) break;
        const start = Math.max(slot, free[device]);
        place(result, device, passKind(pass), passNumber(pass), start);
        free[device] = start + 1;
        cursor[device]++;
        moved = true;
      }
    }
  }
  return result;
}

/** The first slot after the pass of another device that this one waits for; EMPTY while that has no slot. */
function readySlot({ at, stages }: SlotTable, device: number, kind: number, number: number): number {
  let source = EMPTY;
  if (kind === DOWN_FORWARD) source = device - 1;
  else if (kind === UP_FORWARD || kind === DOWN_INPUT) source = device + 1;
  else if (kind === UP_INPUT) source = device - 1;
  // What a device waits for in itself comes earlier in its own order.
  if (kind === ANY_WEIGHT || source < 0 || source >= stages) return 0;
  const slot = at[source][kind][number];
  return slot === EMPTY ? EMPTY : slot + 1;
}

/** Microbatch activations held through each slot: one more from a forward on, one less from a weight pass on. */
export function heldThrough(passes: Int32Array, held: Int32Array): number {
  let count = 0;
  let most = 0;
  for (let slot = 0; slot < passes.length; slot++) {
    if (!isEmpty(passes[slot])) {
      const kind = passKind(passes[slot]);
      if (kind === DOWN_FORWARD || kind === UP_FORWARD) count++;
      else if (kind === ANY_WEIGHT) count--;
    }
    held[slot] = count;
    if (count > most) most = count;
  }
  return most;
}

/** The most activations held, were the weight passes in the slots that {@link fillWeights} would give them. */
export function mostHeldIfFilled(passes: Int32Array): number {
  let count = 0;
  let most = 0;
  let owed = 0;
  for (let slot = 0; slot < passes.length; slot++) {
    if (isEmpty(passes[slot])) {
      if (owed > 0) {
        owed--;
        count--;
      }
      continue;
    }
    const kind = passKind(passes[slot]);
    if (kind === UP_INPUT || kind === DOWN_INPUT) owed++;
    else if (++count > most) most = count;
  }
  return most;
}
