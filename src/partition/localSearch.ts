import { Carried } from './carried.ts';
import { type Chain, LESS, TOLERANCE } from './chain.ts';
import { cutStrands } from './cutStrands.ts';
import { compareScores, lessOver, type Score, score } from './evaluate.ts';
import { startingCuts } from './start.ts';
import { type Budget, type StrandLimits, type Strands, wholeStrands } from './strands.ts';
import { type Aim, cutWindow, type Limits, type Window } from './window.ts';

/** Sweeps that a phase of the search takes at the most; it stops as soon as two bring nothing. */
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
  improveCuts(chain, ends, floor);
  return ends;
}

/** The same from given cuts, in place. */
export function improveCuts(chain: Chain, ends: Int32Array, floor: number): void {
  lowerOverBytes(chain, ends);
  spread(chain, ends, floor);
}

function lowerOverBytes(chain: Chain, ends: Int32Array): void {
  let extraBytes = score(chain, ends).overBytes;
  if (extraBytes === 0) return;
  const carried = new Carried(chain, ends);
  const window = emptyWindow(chain);
  for (let n = 0, idle = 0; n < MOST_SWEEPS && extraBytes > 0 && idle < 2; n++) {
    sweep(carried, window, 'overBytes', { seconds: Number.POSITIVE_INFINITY, extraBytes }, n);
    const { overBytes } = score(chain, ends);
    idle = overBytes < extraBytes * (1 - TOLERANCE) ? 0 : idle + 1;
    extraBytes = overBytes;
  }
}

/** Evens out the loads; leaves the best cuts seen in `ends`. */
function spread(chain: Chain, ends: Int32Array, floor: number): void {
  const carried = new Carried(chain, ends.slice());
  const window = emptyWindow(chain);
  let best = score(chain, ends);
  for (let n = 0, idle = 0; n < MOST_SWEEPS && idle < 2 && best.bottleneckSeconds > floor * (1 + TOLERANCE); n++) {
    sweep(carried, window, 'squares', { seconds: best.bottleneckSeconds, extraBytes: best.overBytes }, n);
    const reached: Score = score(chain, carried.ends);
    idle = compareScores(reached, best) < 0 ? 0 : idle + 1;
    if (idle > 0) continue;
    best = reached;
    ends.set(carried.ends);
  }
}

/**
 * Better cuts by pairs of rounds, each pair cut anew together in the best way given the others, until no pair brings
 * more, the floor is reached or the budget spent; first fewer bytes over capacity, then a smaller bottleneck. Rounds
 * begin at the first device, or half way through the devices, so that the ends of either kind of round move in the
 * other.
 *
 * @param corridor how far each cut may move at a time
 */
export function searchPairs(chain: Chain, ends: Int32Array, floor: number, budget: Budget, corridor: number): void {
  const strands = wholeStrands(chain);
  strands.corridor = corridor;
  const pairs = strands.inward ? [[0, chain.virtualStages - 1]] : roundPairs(chain);
  const carried = new Carried(chain, ends);
  let reached = score(chain, ends);
  for (let fitting = reached.overBytes > 0; ; fitting = false) {
    for (let n = 0, idle = 0; idle < pairs.length; n++, idle++) {
      if (fitting ? reached.overBytes === 0 : reached.bottleneckSeconds <= floor * (1 + TOLERANCE)) break;
      const [firstA, firstB] = pairs[n % pairs.length];
      if (!strands.inward) placeStrands(strands, carried, firstA, firstB);
      const limits = fitting
        ? { seconds: Number.POSITIVE_INFINITY, extraBytes: lessOver(reached) }
        : { seconds: reached.bottleneckSeconds * LESS, extraBytes: reached.overBytes };
      const found = cutPair(chain, strands, limits, budget, ends);
      if (found === undefined) return;
      if (found === Number.POSITIVE_INFINITY) continue;
      // A corridor moves with the cuts, so that the pair may have more to give.
      idle = -1;
      carried.measure(0, chain.virtualStages);
      reached = score(chain, ends);
    }
    if (!fitting) return;
  }
}

/** How far the end of a round is moved for the next one, the present place first. */
const SHIFTS = [0, 1, -1, 2, -2, 4, -4, 8, -8, 16, -16];

/** Cuts a pair of rounds anew. Where one follows on the other, the place where they meet is moved until that brings something. */
function cutPair(
  chain: Chain,
  strands: Strands,
  limits: StrandLimits,
  budget: Budget,
  ends: Int32Array,
): number | undefined {
  const { inward, corridor, endA, beginB, beginA, endB } = strands;
  const open = !inward && endA === beginB && corridor === Number.POSITIVE_INFINITY;
  for (const shift of open ? SHIFTS : [0]) {
    const middle = endA + shift;
    if (open && (middle - beginA < chain.groups || endB - middle < chain.groups)) continue;
    strands.endA = middle;
    strands.beginB = beginB + shift;
    const found = cutStrands(chain, strands, limits, budget, ends);
    if (found !== Number.POSITIVE_INFINITY) return found;
  }
  return Number.POSITIVE_INFINITY;
}

/** First stages of every two rounds, neighbours before others. */
function roundPairs({ groups, virtualStages }: Chain): number[][] {
  const pairs: number[][] = [];
  const half = groups >> 1;
  for (let apart = groups; apart < virtualStages; apart += groups) {
    for (let first = 0; first + apart + groups <= virtualStages; first += Math.max(1, half)) {
      if (first % groups === 0 || first % groups === half) pairs.push([first, first + apart]);
    }
  }
  return pairs;
}

function placeStrands(strands: Strands, carried: Carried, firstA: number, firstB: number): void {
  const { groups } = carried.chain;
  strands.firstA = firstA;
  strands.firstB = firstB;
  strands.beginA = carried.begin(firstA);
  strands.endA = carried.ends[firstA + groups - 1];
  strands.beginB = carried.begin(firstB);
  strands.endB = carried.ends[firstB + groups - 1];
  for (let g = 0; g < groups; g++) carried.gather(strands, g, firstA + g, firstB + g);
}

/** Fewer bytes sent, then less peak memory, at the bottleneck that the cuts have. */
export function polishCuts(chain: Chain, ends: Int32Array): Int32Array {
  const before = score(chain, ends);
  const carried = new Carried(chain, ends.slice());
  const limits = { seconds: before.bottleneckSeconds, extraBytes: before.overBytes };
  sweep(carried, emptyWindow(chain), 'traffic', limits, 0);
  return compareScores(score(chain, carried.ends), before) < 0 ? carried.ends : ends;
}

function emptyWindow(chain: Chain): Window {
  return {
    firstStage: 0,
    count: 0,
    begin: 0,
    end: 0,
    otherSeconds: new Float64Array(chain.groups),
    otherBytes: new Float64Array(chain.groups),
    otherTransientBytes: new Float64Array(chain.groups),
  };
}

/** Cuts every window of stages anew; windows overlap by half, and odd sweeps go backward. */
function sweep(carried: Carried, window: Window, aim: Aim, limits: Limits, number: number): void {
  const { virtualStages, groups } = carried.chain;
  const step = Math.max(1, groups >> 1);
  const windows = Math.ceil(virtualStages / step);
  for (let i = 0; i < windows; i++) {
    recut(carried, window, (number % 2 === 0 ? i : windows - 1 - i) * step, aim, limits);
  }
}

function recut(carried: Carried, window: Window, first: number, aim: Aim, limits: Limits): void {
  const { chain, ends } = carried;
  const count = distinctFrom(chain, first);
  if (count < 2) return;
  window.firstStage = first;
  window.count = count;
  window.begin = carried.begin(first);
  window.end = ends[first + count - 1];
  for (let s = 0; s < count; s++) carried.gather(window, s, first + s);
  if (cutWindow(chain, ends, window, aim, limits) < Number.POSITIVE_INFINITY) carried.measure(first, first + count);
}

/** How many stages from the first on are on different devices. */
function distinctFrom(chain: Chain, first: number): number {
  const { virtualStages, groups, group } = chain;
  // A loop meets its first device again after all others; strands that turn meet the one just left.
  let count = 1;
  while (count < groups && first + count < virtualStages) {
    const next = group[first + count];
    if (next === group[first] || next === group[first + count - 1]) break;
    if (count > 1 && next === group[first + count - 2]) break;
    count++;
  }
  return count;
}
