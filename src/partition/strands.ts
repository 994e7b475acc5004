import { type Chain, TOLERANCE } from './chain.ts';

/**
 * Two chunks a device, cut exactly. The chunks of successive devices form two strands through the chain: the first
 * begins at its start; the second begins at the end and comes inward (`v`, `dual`), or begins where the first one
 * ends and runs on (`loop`, for each such middle). A state is how far both have come, i and j.
 *
 * @source the outside-in program is ours; for `loop`, partitions of two rounds by the furthest second cut of each first
 */
export interface Strands {
  readonly chain: Chain;
  readonly inward: boolean;
  /** Transitions that may still be tried: a proof that would take more is given up. */
  budget: number;
}

/** What the search for better cuts came to. */
export type Outcome = 'better' | 'none' | 'gave up';

export interface Goal {
  /** No device's load may exceed this. */
  readonly seconds: number;
  /** What each device may hold beyond its capacity. */
  readonly extraBytes: number;
}

// States by i · stride + j: the least bottleneck so far, and where it came from, device by device.
let current = new Float64Array(0);
let next = new Float64Array(0);
let parents = new Int32Array(0);
let active = new Int32Array(0);
let activeNext = new Int32Array(0);

export function strandsOf(chain: Chain, budget: number): Strands {
  return { chain, inward: chain.problem.placement !== 'loop', budget };
}

/** The cuts with the least bottleneck within a goal, over all middles; written into `ends` where there are any. */
export function cutStrands(strands: Strands, goal: Goal, ends: Int32Array): Outcome {
  const { chain } = strands;
  const { units, groups, virtualStages } = chain;
  const cells = (units + 1) * (units + 1);
  if (current.length < cells) {
    current = new Float64Array(cells).fill(Number.POSITIVE_INFINITY);
    next = new Float64Array(cells).fill(Number.POSITIVE_INFINITY);
    active = new Int32Array(cells);
    activeNext = new Int32Array(cells);
  }
  if (parents.length < cells * groups) parents = new Int32Array(cells * groups);
  if (strands.inward) {
    const reached = cutFrom(strands, goal, units, ends);
    return reached === undefined ? 'gave up' : reached < Number.POSITIVE_INFINITY ? 'better' : 'none';
  }
  let seconds = goal.seconds;
  let outcome: Outcome = 'none';
  // Middles from the present one outward: a good one found early confines the search for the others.
  const guess = ends[groups - 1];
  const last = units - (virtualStages - groups);
  for (let distance = 0; distance <= units; distance++) {
    for (const middle of distance === 0 ? [guess] : [guess - distance, guess + distance]) {
      if (middle < groups || middle > last) continue;
      const reached = cutFrom(strands, { ...goal, seconds }, middle, ends);
      if (reached === undefined) return 'gave up';
      if (reached === Number.POSITIVE_INFINITY) continue;
      outcome = 'better';
      seconds = reached * (1 - 3 * TOLERANCE);
    }
  }
  return outcome;
}

/**
 * The least bottleneck with the second strand beginning at `middle`; Infinity where nothing keeps to the goal,
 * undefined where the budget ran out.
 */
function cutFrom(strands: Strands, goal: Goal, middle: number, ends: Int32Array): number | undefined {
  const { chain, inward } = strands;
  const { units, groups, virtualStages, seconds, staticBytes, activationBytes, transientBytes } = chain;
  const { edgeSeconds, forced, parted, capacityBytes } = chain;
  const { inFlight } = chain.problem;
  const stride = units + 1;
  const cells = stride * stride;
  const step = inward ? -1 : 1;
  const limit = goal.seconds;
  // An odd dual pipeline ends with one stage that its device runs in both directions, at half the weight each.
  const lonely = virtualStages % 2 === 1;
  const lastShare = lonely ? 0.5 : 1;
  let states = 1;
  active[0] = middle;
  current[middle] = 0;
  let budget = strands.budget;
  for (let g = 0; g < groups - 1; g++) {
    const second = inward ? virtualStages - 1 - g : groups + g;
    const room = (capacityBytes[g] + goal.extraBytes) * (1 + TOLERANCE);
    const heldA = inFlight[g];
    const heldB = inFlight[second];
    const enterA = g > 0 ? parted[g - 1] : 0;
    const leaveA = parted[g];
    // The second strand's edges by which end of the chunk they are at: where it stands, and where it goes.
    const nearB = inward ? parted[second] : parted[second - 1];
    const farB = inward ? parted[second - 1] : parted[second];
    const laterShare = (groups - 2 - g + lastShare) * limit * (1 + TOLERANCE);
    const laterUnits = inward ? virtualStages - 2 * (g + 1) : groups - 1 - g;
    const table = (g + 1) * cells;
    let found = 0;
    for (let index = 0; index < states; index++) {
      const code = active[index];
      const value = current[code];
      current[code] = Number.POSITIVE_INFINITY;
      const i = (code / stride) | 0;
      const j = code - i * stride;
      const left = inward ? seconds[j] - seconds[i] : seconds[middle] - seconds[i] + seconds[units] - seconds[j];
      const need = left - laterShare;
      if (need > limit) continue;
      const lastI = inward ? j - 1 - laterUnits : middle - laterUnits;
      let transientA = 0;
      for (let a = i + 1; a <= lastI; a++) {
        const secondsA = seconds[a] - seconds[i];
        if (secondsA > limit || forced[a] > i) break;
        if (transientBytes[a - 1] > transientA) transientA = transientBytes[a - 1];
        const bytesA = staticBytes[a] - staticBytes[i] + heldA * (activationBytes[a] - activationBytes[i]);
        if (bytesA + transientA > room) break;
        const fixed = secondsA + enterA * edgeSeconds[i] + leaveA * edgeSeconds[a] + nearB * edgeSeconds[j];
        const lastJ = inward ? Math.max(a + laterUnits, forced[j]) : units - laterUnits;
        let transient = transientA;
        for (let b = j + step; inward ? b >= lastJ : b <= lastJ; b += step) {
          const secondsB = inward ? seconds[j] - seconds[b] : seconds[b] - seconds[j];
          const inner = secondsA + secondsB;
          if (inner > limit) break;
          if (!inward && forced[b] > j) break;
          const unit = inward ? b : b - 1;
          if (transientBytes[unit] > transient) transient = transientBytes[unit];
          const statics = staticBytes[b] - staticBytes[j];
          const activations = activationBytes[b] - activationBytes[j];
          const bytes = bytesA + step * (statics + heldB * activations) + transient;
          if (bytes > room) break;
          budget--;
          if (inner < need) continue;
          const load = fixed + secondsB + farB * edgeSeconds[b];
          if (load > limit) continue;
          const reached = value > load ? value : load;
          const target = a * stride + b;
          if (reached >= next[target]) continue;
          if (next[target] === Number.POSITIVE_INFINITY) activeNext[found++] = target;
          next[target] = reached;
          parents[table + target] = code;
        }
      }
    }
    [current, next] = [next, current];
    [active, activeNext] = [activeNext, active];
    states = found;
    if (budget < 0) break;
  }
  strands.budget = budget;
  const outOfBudget = budget < 0;
  // The last device takes what is left.
  let best = Number.POSITIVE_INFINITY;
  let bestCode = -1;
  let bestCut = -1;
  for (let index = 0; index < states; index++) {
    const code = active[index];
    const value = current[code];
    current[code] = Number.POSITIVE_INFINITY;
    if (outOfBudget) continue;
    const i = (code / stride) | 0;
    const j = code - i * stride;
    // The second chunk begins at `cut`; a loop's strands have no choice left.
    const firstCut = inward ? i + 1 : middle;
    const lastCut = lonely ? i + 1 : inward ? j - 1 : middle;
    for (let cut = firstCut; cut <= lastCut; cut++) {
      const load = lastLoad(strands, goal, i, j, cut);
      if (load > limit) continue;
      const reached = value > load ? value : load;
      if (reached >= best) continue;
      best = reached;
      bestCode = code;
      bestCut = cut;
    }
  }
  if (outOfBudget) return undefined;
  if (best < Number.POSITIVE_INFINITY) trace(strands, bestCode, bestCut, ends);
  return best;
}

/** Load of the last device, whose chunks are what is left; Infinity where it is over its memory or passes over a forced cut. */
function lastLoad(strands: Strands, goal: Goal, i: number, j: number, cut: number): number {
  const { chain, inward } = strands;
  const { units, groups, virtualStages, forced, parted, capacityBytes } = chain;
  const g = groups - 1;
  const lonely = virtualStages % 2 === 1;
  const second = inward ? virtualStages - 1 - g : virtualStages - 1;
  const fromB = inward ? cut : j;
  const toA = lonely ? j : cut;
  const toB = inward ? j : units;
  if (forced[toA] > i || (!lonely && forced[toB] > fromB)) return Number.POSITIVE_INFINITY;
  const { inFlight } = chain.problem;
  let load = 0;
  let bytes = 0;
  let transient = 0;
  const add = (stage: number, from: number, to: number): void => {
    const entering = stage > 0 ? parted[stage - 1] * chain.edgeSeconds[from] : 0;
    const leaving = parted[stage] * chain.edgeSeconds[to];
    const activations = chain.activationBytes[to] - chain.activationBytes[from];
    load += chain.copies[stage] * (chain.seconds[to] - chain.seconds[from] + entering + leaving);
    bytes += chain.copies[stage] * (chain.staticBytes[to] - chain.staticBytes[from] + inFlight[stage] * activations);
    for (let unit = from; unit < to; unit++) transient = Math.max(transient, chain.transientBytes[unit]);
  };
  add(g, i, toA);
  if (!lonely) add(second, fromB, toB);
  const room = (capacityBytes[g] + goal.extraBytes) * (1 + TOLERANCE);
  return bytes + transient > room ? Number.POSITIVE_INFINITY : load;
}

/** Writes the cuts that led to a last state. */
function trace(strands: Strands, code: number, cut: number, ends: Int32Array): void {
  const { units, groups, virtualStages } = strands.chain;
  const stride = units + 1;
  const cells = stride * stride;
  ends[virtualStages - 1] = units;
  if (virtualStages % 2 === 0 || !strands.inward) ends[groups - 1] = cut;
  for (let g = groups - 1, state = code; g >= 1; g--) {
    const i = (state / stride) | 0;
    const j = state - i * stride;
    ends[g - 1] = i;
    if (strands.inward) ends[virtualStages - 1 - g] = j;
    else ends[groups + g - 1] = j;
    state = parents[g * cells + state];
  }
}
