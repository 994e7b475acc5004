import { type Chain, TOLERANCE } from './chain.ts';

/**
 * Successive virtual stages on different devices, to be cut between two positions that stay. The three lists say what
 * the other chunks of each stage's device bring; they are indexed by stage of the window.
 */
export interface Window {
  firstStage: number;
  count: number;
  begin: number;
  end: number;
  readonly otherSeconds: Float64Array;
  readonly otherBytes: Float64Array;
  readonly otherTransientBytes: Float64Array;
}

/**
 * What a window's cuts are chosen by. `overBytes`: the least bytes over capacity on the worst device, 0 where all
 * fit. `bottleneck`: the least maximal load, within the limits. `squares`: the least sum of squared loads, then the
 * least peak memory. `traffic`: the fewest bytes sent, then the least peak memory.
 */
export type Aim = 'overBytes' | 'bottleneck' | 'squares' | 'traffic';

export interface Limits {
  /** No device's load may exceed this. */
  readonly seconds: number;
  /** What each device may hold beyond its capacity: Infinity leaves memory out of the question. */
  readonly extraBytes: number;
}

/** The window that is the whole chain, for one chunk a device. */
export function wholeWindow(chain: Chain): Window {
  const count = chain.virtualStages;
  return {
    firstStage: 0,
    count,
    begin: 0,
    end: chain.units,
    otherSeconds: new Float64Array(count),
    otherBytes: new Float64Array(count),
    otherTransientBytes: new Float64Array(count),
  };
}

// Tables of the dynamic program, kept between calls: a search runs thousands of them.
let values = new Float64Array(0);
let peaks = new Float64Array(0);
let choices = new Int32Array(0);
let earliest = new Int32Array(0);
let latest = new Int32Array(0);

/**
 * Best cuts of a window by dynamic programming over (stages, position). Writes them into `ends` and returns the value
 * reached, or Infinity where no cuts keep to the limits (then `ends` stays as it was).
 *
 * Positions are confined to those that the limit on seconds lets the stages before reach and the stages after take
 * on. A stage that begins earlier holds more, so that the scan over beginnings stops at the first that breaks a limit
 * or cannot improve; the tensor received is added after that test, because a longer stage may receive less.
 *
 * @source Manne and Sørevik, Optimal partitioning of sequences, Journal of Algorithms 19 (1995)
 */
export function cutWindow(chain: Chain, ends: Int32Array, window: Window, aim: Aim, limits: Limits): number {
  const { firstStage, count, begin, end } = window;
  const limit = limits.seconds * (1 + TOLERANCE);
  if (!confine(chain, window, limit, limits.extraBytes)) return Number.POSITIVE_INFINITY;
  const width = end - begin + 1;
  reserve((count + 1) * width);
  const { seconds, staticBytes, activationBytes, transientBytes, edgeSeconds, edgeBytes, forced, parted } = chain;
  const { inFlight } = chain.problem;
  values[0] = 0;
  peaks[0] = 0;
  for (let s = 1; s <= count; s++) {
    const stage = firstStage + s - 1;
    const entering = stage > 0 ? parted[stage - 1] : 0;
    const leaving = parted[stage];
    const copies = chain.copies[stage];
    const held = inFlight[stage];
    const otherSeconds = window.otherSeconds[s - 1];
    const otherBytes = window.otherBytes[s - 1];
    const otherTransient = window.otherTransientBytes[s - 1];
    const capacity = chain.capacityBytes[chain.group[stage]];
    const room = (capacity + limits.extraBytes) * (1 + TOLERANCE);
    const before = (s - 1) * width - begin;
    const after = s * width - begin;
    const firstFrom = earliest[s - 1];
    const lastFrom = latest[s - 1];
    for (let to = earliest[s]; to <= latest[s]; to++) {
      const bottom = firstFrom > forced[to] ? firstFrom : forced[to];
      const fixedSeconds = otherSeconds + copies * (seconds[to] + leaving * edgeSeconds[to]);
      const fixedBytes = otherBytes + copies * (staticBytes[to] + held * activationBytes[to]);
      const outBytes = leaving * edgeBytes[to];
      let transient = otherTransient;
      let from = to - 1;
      for (; from > lastFrom; from--) if (transientBytes[from] > transient) transient = transientBytes[from];
      let best = Number.POSITIVE_INFINITY;
      let bestPeak = Number.POSITIVE_INFINITY;
      let choice = -1;
      for (; from >= bottom; from--) {
        if (transientBytes[from] > transient) transient = transientBytes[from];
        const bytes = fixedBytes - copies * (staticBytes[from] + held * activationBytes[from]) + transient;
        const earlier = values[before + from];
        if (aim === 'overBytes') {
          const over = bytes - capacity;
          if (over >= best || best <= 0) break;
          const value = earlier > over ? earlier : over;
          if (value < best) {
            best = value;
            choice = from;
          }
          continue;
        }
        const inner = fixedSeconds - copies * seconds[from];
        if (inner > limit || bytes > room) break;
        const load = inner + copies * entering * edgeSeconds[from];
        if (aim === 'bottleneck') {
          if (inner >= best) break;
          const value = earlier > load ? earlier : load;
          if (value < best && load <= limit) {
            best = value;
            choice = from;
          }
          continue;
        }
        if (earlier === Number.POSITIVE_INFINITY || load > limit) continue;
        const value = earlier + (aim === 'squares' ? load * load : outBytes);
        // Sums of bytes that are equal but for their last bits leave the choice to the peak.
        const slack = aim === 'traffic' && best < Number.POSITIVE_INFINITY ? TOLERANCE * best : 0;
        if (value > best + slack) continue;
        const peak = peaks[before + from] > bytes ? peaks[before + from] : bytes;
        if (value < best - slack || peak < bestPeak) {
          best = value;
          bestPeak = peak;
          choice = from;
        }
      }
      values[after + to] = best;
      peaks[after + to] = bestPeak;
      choices[after + to] = choice;
    }
  }
  const reached = values[count * width + width - 1];
  if (reached === Number.POSITIVE_INFINITY) return reached;
  for (let s = count, to = end; s >= 1; s--) {
    ends[firstStage + s - 1] = to;
    to = choices[s * width - begin + to];
  }
  return reached;
}

function reserve(cells: number): void {
  if (values.length >= cells) return;
  values = new Float64Array(2 * cells);
  peaks = new Float64Array(2 * cells);
  choices = new Int32Array(2 * cells);
}

/**
 * Earliest and latest position at which each stage of the window can end within the limits: the latest that full
 * stages before it reach, the earliest from which full stages after it come to the end. Tensors sent and transient
 * bytes are left out, which only widens the range. False where the two cross.
 */
function confine(chain: Chain, window: Window, limit: number, extraBytes: number): boolean {
  const { firstStage, count, begin, end, otherSeconds, otherBytes } = window;
  const { seconds, staticBytes, activationBytes, copies, group, capacityBytes } = chain;
  const { inFlight } = chain.problem;
  if (latest.length <= count) {
    latest = new Int32Array(2 * count + 1);
    earliest = new Int32Array(2 * count + 1);
  }
  latest[0] = begin;
  earliest[0] = begin;
  for (let s = 1, position = begin; s < count; s++) {
    const stage = firstStage + s - 1;
    const from = latest[s - 1];
    const held = inFlight[stage];
    const room = ((capacityBytes[group[stage]] + extraBytes) * (1 + TOLERANCE) - otherBytes[s - 1]) / copies[stage];
    const mostSeconds = seconds[from] + (limit - otherSeconds[s - 1]) / copies[stage];
    const mostBytes = staticBytes[from] + held * activationBytes[from] + room;
    const bound = end - (count - s);
    if (position < from) position = from;
    while (
      position < bound &&
      seconds[position + 1] <= mostSeconds &&
      staticBytes[position + 1] + held * activationBytes[position + 1] <= mostBytes
    ) {
      position++;
    }
    latest[s] = position;
  }
  latest[count] = end;
  earliest[count] = end;
  for (let s = count - 1, position = end; s >= 1; s--) {
    const stage = firstStage + s;
    const to = earliest[s + 1];
    const held = inFlight[stage];
    const room = ((capacityBytes[group[stage]] + extraBytes) * (1 + TOLERANCE) - otherBytes[s]) / copies[stage];
    const leastSeconds = seconds[to] - (limit - otherSeconds[s]) / copies[stage];
    const leastBytes = staticBytes[to] + held * activationBytes[to] - room;
    const bound = begin + s;
    if (position > to) position = to;
    while (
      position > bound &&
      seconds[position - 1] >= leastSeconds &&
      staticBytes[position - 1] + held * activationBytes[position - 1] >= leastBytes
    ) {
      position--;
    }
    if (position > latest[s]) return false;
    earliest[s] = position;
  }
  return true;
}
