import { type Chain, TOLERANCE } from './chain.ts';
import { compareScores, type Score, score } from './evaluate.ts';
import { startingCuts } from './start.ts';
import { type Aim, cutWindow, type Limits, type Window } from './window.ts';

/** Sweeps that a phase of the search takes at the most; it stops as soon as one brings nothing. */
const MOST_SWEEPS = 24;

/**
 * Good cuts of several chunks a device, by local search: a window of successive stages on different devices is cut
 * anew in the best way given the rest, window after window. First bytes over capacity are brought down, then the load is
 * spread by its squares, which goes on where the largest load alone would see no difference.
 *
 * @param floor seconds below which no bottleneck lies: reaching it ends the search
 */
export function searchCuts(chain: Chain, floor: number): Int32Array {
  const ends = startingCuts(chain);
  const sweeper = new Sweeper(chain, ends);
  let extraBytes = score(chain, ends).overBytes;
  for (let n = 0; n < MOST_SWEEPS && extraBytes > 0; n++) {
    sweeper.sweep('overBytes', { seconds: Number.POSITIVE_INFINITY, extraBytes }, n);
    const { overBytes } = score(chain, ends);
    if (overBytes >= extraBytes * (1 - TOLERANCE)) break;
    extraBytes = overBytes;
  }
  let best = score(chain, ends);
  const kept = ends.slice();
  const keepBetter = (): boolean => {
    const reached: Score = score(chain, ends);
    if (compareScores(reached, best) >= 0) return false;
    best = reached;
    kept.set(ends);
    return true;
  };
  for (let n = 0, idle = 0; n < MOST_SWEEPS && idle < 2 && best.bottleneckSeconds > floor * (1 + TOLERANCE); n++) {
    sweeper.sweep('squares', { seconds: best.bottleneckSeconds, extraBytes }, n);
    idle = keepBetter() ? 0 : idle + 1;
  }
  return kept;
}

/** Fewer bytes sent, then less peak memory, at the bottleneck that the cuts have. */
export function polishCuts(chain: Chain, ends: Int32Array): Int32Array {
  const before = score(chain, ends);
  const polished = ends.slice();
  const limits = { seconds: before.bottleneckSeconds, extraBytes: before.overBytes };
  new Sweeper(chain, polished).sweep('traffic', limits, 0);
  return compareScores(score(chain, polished), before) < 0 ? polished : ends;
}

/** Cuts windows anew, and keeps what each device carries up to date. */
class Sweeper {
  readonly #chain: Chain;
  readonly #ends: Int32Array;
  readonly #window: Window;
  /** Of each stage. */
  readonly #seconds: Float64Array;
  readonly #bytes: Float64Array;
  readonly #transientBytes: Float64Array;
  /** Stage before which each device's next chunk lies, so that a window ends before a device comes a second time. */
  readonly #seen: Int32Array;

  constructor(chain: Chain, ends: Int32Array) {
    const { virtualStages, groups } = chain;
    this.#chain = chain;
    this.#ends = ends;
    this.#seconds = new Float64Array(virtualStages);
    this.#bytes = new Float64Array(virtualStages);
    this.#transientBytes = new Float64Array(virtualStages);
    this.#seen = new Int32Array(groups);
    this.#window = {
      firstStage: 0,
      count: 0,
      begin: 0,
      end: 0,
      otherSeconds: new Float64Array(groups),
      otherBytes: new Float64Array(groups),
      otherTransientBytes: new Float64Array(groups),
    };
    this.#measure(0, virtualStages);
  }

  /** Cuts every window of stages anew; windows overlap by half, and odd sweeps go backward. */
  sweep(aim: Aim, limits: Limits, number: number): void {
    const { virtualStages, groups } = this.#chain;
    const step = Math.max(1, groups >> 1);
    const windows = Math.ceil(virtualStages / step);
    for (let i = 0; i < windows; i++) {
      this.#recut((number % 2 === 0 ? i : windows - 1 - i) * step, aim, limits);
    }
  }

  #recut(first: number, aim: Aim, limits: Limits): void {
    const { virtualStages, group } = this.#chain;
    const seen = this.#seen.fill(-1);
    let count = 0;
    while (first + count < virtualStages && seen[group[first + count]] < 0) {
      seen[group[first + count]] = first;
      count++;
    }
    if (count < 2) return;
    const window = this.#window;
    window.firstStage = first;
    window.count = count;
    window.begin = first === 0 ? 0 : this.#ends[first - 1];
    window.end = this.#ends[first + count - 1];
    for (let s = 0; s < count; s++) this.#gatherOthers(first + s, s);
    if (cutWindow(this.#chain, this.#ends, window, aim, limits) < Number.POSITIVE_INFINITY) {
      this.#measure(first, first + count);
    }
  }

  /** What the other chunks of a stage's device bring. */
  #gatherOthers(stage: number, index: number): void {
    const { group, members, memberStart } = this.#chain;
    let seconds = 0;
    let bytes = 0;
    let transient = 0;
    for (let i = memberStart[group[stage]]; i < memberStart[group[stage] + 1]; i++) {
      const other = members[i];
      if (other === stage) continue;
      seconds += this.#seconds[other];
      bytes += this.#bytes[other];
      if (this.#transientBytes[other] > transient) transient = this.#transientBytes[other];
    }
    this.#window.otherSeconds[index] = seconds;
    this.#window.otherBytes[index] = bytes;
    this.#window.otherTransientBytes[index] = transient;
  }

  #measure(fromStage: number, toStage: number): void {
    const chain = this.#chain;
    const { seconds, staticBytes, activationBytes, transientBytes, edgeSeconds, parted, copies } = chain;
    for (let stage = fromStage; stage < toStage; stage++) {
      const from = stage === 0 ? 0 : this.#ends[stage - 1];
      const to = this.#ends[stage];
      const entering = stage > 0 ? parted[stage - 1] * edgeSeconds[from] : 0;
      this.#seconds[stage] = copies[stage] * (seconds[to] - seconds[from] + entering + parted[stage] * edgeSeconds[to]);
      this.#bytes[stage] =
        copies[stage] *
        (staticBytes[to] -
          staticBytes[from] +
          chain.problem.inFlight[stage] * (activationBytes[to] - activationBytes[from]));
      let transient = 0;
      for (let unit = from; unit < to; unit++) if (transientBytes[unit] > transient) transient = transientBytes[unit];
      this.#transientBytes[stage] = transient;
    }
  }
}
