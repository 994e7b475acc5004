import { type DeviceOrders, FUSED_FORWARD, packTask, taskKind } from './schedule.ts';

/** One device's order with fused pairs as single tasks: what each runs, and the backward part of a pair or NO_PAIR. */
interface Tokens {
  readonly length: number;
  readonly first: Int32Array;
  readonly second: Int32Array;
}

const NO_PAIR = -1;

function tokensOf(order: Int32Array): Tokens {
  const first = new Int32Array(order.length);
  const second = new Int32Array(order.length).fill(NO_PAIR);
  let length = 0;
  for (let i = 0; i < order.length; i++) {
    first[length] = order[i];
    if (taskKind(order[i]) === FUSED_FORWARD) second[length] = order[++i];
    length++;
  }
  return { length, first, second };
}

/** Whether token j of b is token i of a, `by` microbatches later. */
function isShifted(a: Tokens, i: number, b: Tokens, j: number, by: number): boolean {
  const shift = packTask(0, 0, by);
  if (b.first[j] - a.first[i] !== shift) return false;
  if (a.second[i] === NO_PAIR) return b.second[j] === NO_PAIR;
  return b.second[j] !== NO_PAIR && b.second[j] - a.second[i] === shift;
}

/** A place in a device's order where a longer step runs more of the same. */
export interface Insertion {
  /** Tasks of the device that come before it. */
  readonly position: number;
  /** Tasks that one more period adds. */
  readonly length: number;
  /** 1 where microbatches ascend from period to period, −1 where they descend. */
  readonly direction: number;
  /** Tasks just before it that repeat with this length. */
  readonly periodic: number;
}

/** How one device's order grows with the step. */
export interface DeviceRepeats {
  readonly insertions: readonly Insertion[];
  /** By task: 1 where its microbatch is counted from the end of the step, so that it grows with the step; 0 otherwise. */
  readonly shifted: Uint8Array;
}

/**
 * Compares a device's order with that of a step that is `period` microbatches longer.
 * @returns where and how it grows; undefined where it does not just repeat
 */
function compare(short: Tokens, long: Tokens, period: number): DeviceRepeats | undefined {
  const insertions: Insertion[] = [];
  const shifted = new Uint8Array(short.length);
  let i = 0;
  let j = 0;
  while (i < short.length || j < long.length) {
    if (i < short.length && j < long.length) {
      if (isShifted(short, i, long, j, 0) || isShifted(short, i, long, j, period)) {
        shifted[i] = isShifted(short, i, long, j, 0) ? 0 : 1;
        i++;
        j++;
        continue;
      }
    }
    const insertion = insertionAt(short, i, long, j, period);
    if (insertion === undefined) return undefined;
    insertions.push(insertion);
    j += insertion.length;
  }
  return { insertions, shifted };
}

/** The shortest run of tasks in the longer order that repeats what comes before it and leads back to the shorter. */
function insertionAt(short: Tokens, i: number, long: Tokens, j: number, period: number): Insertion | undefined {
  const most = Math.min(j, long.length - short.length, long.length - j);
  for (let length = 1; length <= most; length++) {
    for (const direction of [1, -1]) {
      const by = direction * period;
      let repeats = 0;
      while (repeats < length && isShifted(long, j + repeats - length, long, j + repeats, by)) repeats++;
      if (repeats < length) continue;
      const next = j + length;
      const atEnd = i === short.length && next === long.length;
      const leadsBack =
        i < short.length &&
        next < long.length &&
        (isShifted(short, i, long, next, 0) || isShifted(short, i, long, next, period));
      if (!atEnd && !leadsBack) continue;
      let periodic = length;
      while (periodic < i && isShifted(short, i - 1 - periodic, short, i - 1 - periodic + length, by)) periodic++;
      return { position: i, length, direction, periodic };
    }
  }
  return undefined;
}

/** How the orders of all devices grow, from those of a step and of one that is `period` microbatches longer. */
export function repeatsOf(
  short: DeviceOrders,
  long: DeviceOrders,
  period: number,
): readonly DeviceRepeats[] | undefined {
  const devices: DeviceRepeats[] = [];
  for (let d = 0; d < short.length; d++) {
    const repeats = compare(tokensOf(short[d]), tokensOf(long[d]), period);
    if (repeats === undefined) return undefined;
    devices.push(repeats);
  }
  return devices;
}
