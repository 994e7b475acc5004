import { type Chain, TOLERANCE } from './chain.ts';

/**
 * What a window's stages must share their devices with: the loads that other chunks bring. Indexed by stage of the
 * window, not of the pipeline.
 */
export interface Company {
  readonly seconds: Float64Array;
  readonly bytes: Float64Array;
  readonly transientBytes: Float64Array;
}

/** What a window's cuts are chosen by. */
export type Aim = 'overBytes' | 'bottleneck' | 'squares' | 'traffic';

/** Tables of the dynamic programs, kept between calls: a search runs thousands of them. */
let values = new Float64Array(0);
let peaks = new Float64Array(0);
let choices = new Int32Array(0);

function reserve(cells: number): void {
  if (values.length >= cells) return;
  values = new Float64Array(2 * cells);
  peaks = new Float64Array(2 * cells);
  choices = new Int32Array(2 * cells);
}

/**
 * Best cuts of `count` successive virtual stages on different devices, from position `begin` to position `end`, by
 * dynamic programming over (stages, position). Writes them into `ends` and returns the value reached, or Infinity
 * where no cuts keep to the limits (then `ends` stays as it was).
 *
 * `overBytes`: the least bytes over capacity on the worst device, whatever the load. `bottleneck`: the least maximal
 * load, within memory. `squares`: the least sum of squared loads, within memory and `limitSeconds`. `traffic`: the
 * fewest bytes sent, then the least peak memory, within the same.
 *
 * A stage that begins earlier holds more, so that the scan over beginnings stops at the first that breaks a limit or
 * cannot improve; the tensors sent are added after that test, because a longer stage may send less.
 *
 * @param extraBytes what each device may hold beyond its capacity
 * @source Manne and Sørevik, Optimal partitioning of sequences, J. Algorithms 19 (1995)
 */
export function cutWindow(
  chain: Chain,
  ends: Int32Array,
  firstStage: number,
  count: number,
  begin: number,
  end: number,
  company: Company | undefined,
  aim: Aim,
  limitSeconds: number,
  extraBytes: number,
): number {
  const { seconds, staticBytes, activationBytes, transientBytes, edgeSeconds, edgeBytes, forced, parted } = chain;
  const { inFlight } = chain.problem;
  const width = end - begin + 1;
  reserve((count + 1) * width);
  values.fill(Number.POSITIVE_INFINITY, 0, (count + 1) * width);
  values[0] = 0;
  peaks[0] = 0;
  for (let s = 1; s <= count; s++) {
    const stage = firstStage + s - 1;
    const group = chain.group[stage];
    const entering = stage > 0 && parted[stage - 1] === 1 ? 1 : 0;
    const leaving = parted[stage];
    const copies = chain.copies[stage];
    const held = inFlight[stage];
    const otherSeconds = company === undefined ? 0 : company.seconds[s - 1];
    const otherBytes = company === undefined ? 0 : company.bytes[s - 1];
    const otherTransient = company === undefined ? 0 : company.transientBytes[s - 1];
    const capacity = chain.capacityBytes[group];
    const room = (capacity + extraBytes) * (1 + TOLERANCE);
    const before = (s - 1) * width - begin;
    const after = s * width - begin;
    // Each stage still to come needs a unit, and the last must end the window.
    const lastEnd = end - (count - s);
    for (let to = s === count ? end : begin + s; to <= lastEnd; to++) {
      const earliest = Math.max(begin + s - 1, forced[to]);
      const outSeconds = leaving * edgeSeconds[to];
      const outBytes = leaving * edgeBytes[to];
      const secondsTo = seconds[to];
      const staticTo = staticBytes[to];
      const activationTo = activationBytes[to];
      let transient = otherTransient;
      let best = Number.POSITIVE_INFINITY;
      let bestPeak = Number.POSITIVE_INFINITY;
      let choice = -1;
      for (let from = to - 1; from >= earliest; from--) {
        const inner = otherSeconds + copies * (secondsTo - seconds[from] + outSeconds);
        if (transientBytes[from] > transient) transient = transientBytes[from];
        const bytes =
          otherBytes +
          copies * (staticTo - staticBytes[from] + held * (activationTo - activationBytes[from])) +
          transient;
        if (aim === 'overBytes') {
          const over = bytes - capacity;
          if (over >= best) break;
          const value = Math.max(values[before + from], over);
          if (value < best) {
            best = value;
            choice = from;
          }
          continue;
        }
        if (bytes > room || inner > limitSeconds) break;
        if (aim === 'bottleneck') {
          if (inner >= best) break;
          const load = inner + copies * entering * edgeSeconds[from];
          const value = Math.max(values[before + from], load);
          if (value < best && load <= limitSeconds) {
            best = value;
            choice = from;
          }
          continue;
        }
        const earlier = values[before + from];
        if (earlier === Number.POSITIVE_INFINITY) continue;
        const load = inner + copies * entering * edgeSeconds[from];
        if (load > limitSeconds) continue;
        const value = earlier + (aim === 'squares' ? load * load : outBytes);
        const peak = Math.max(peaks[before + from], bytes);
        if (value < best || (value === best && peak < bestPeak)) {
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
  const reached = values[(count + 1) * width - 1];
  if (reached === Number.POSITIVE_INFINITY) return reached;
  for (let s = count, to = end; s >= 1; s--) {
    ends[firstStage + s - 1] = to;
    to = choices[s * width - begin + to];
  }
  return reached;
}
