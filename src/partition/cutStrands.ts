import { type Chain, TOLERANCE } from './chain.ts';
import { chunkBytes, chunkSeconds, chunkTransientBytes } from './chunk.ts';
import type { Budget, StrandLimits, Strands } from './strands.ts';

// States by how far the strands have come, i and j, counted from the bases of each device's corridor and packed into
// i · stride + j: the least bottleneck so far, and where it came from.
let current = new Float64Array(0);
let next = new Float64Array(0);
let parents = new Int32Array(0);
let active = new Int32Array(0);
let activeNext = new Int32Array(0);
let baseI = new Int32Array(0);
let baseJ = new Int32Array(0);
// The largest transient bytes of a second chunk, by its length.
let transientByLength = new Float64Array(0);
// The most units that a second chunk from each position may have.
let mostLength = new Int32Array(0);
// Of the devices after each one: seconds and bytes that they can take, and the fewest microbatches in flight on either strand.
let laterSeconds = new Float64Array(0);
let laterRoom = new Float64Array(0);
let laterHeldA = new Float64Array(0);
let laterHeldB = new Float64Array(0);

function reserve(units: number, groups: number, cells: number): void {
  if (current.length < cells) {
    current = new Float64Array(cells).fill(Number.POSITIVE_INFINITY);
    next = new Float64Array(cells).fill(Number.POSITIVE_INFINITY);
    active = new Int32Array(cells);
    activeNext = new Int32Array(cells);
  }
  if (transientByLength.length <= units) {
    transientByLength = new Float64Array(2 * units);
    mostLength = new Int32Array(2 * units);
  }
  if (parents.length < cells * groups) parents = new Int32Array(cells * groups);
  if (laterRoom.length < groups) {
    baseI = new Int32Array(2 * groups);
    baseJ = new Int32Array(2 * groups);
    laterSeconds = new Float64Array(2 * groups);
    laterRoom = new Float64Array(2 * groups);
    laterHeldA = new Float64Array(2 * groups);
    laterHeldB = new Float64Array(2 * groups);
  }
}

/**
 * The least bottleneck of two strands, by dynamic programming device by device over how far both have come. Writes the
 * cuts into `ends`, around which the corridor lies; Infinity where none keep to the limits, undefined where the budget
 * ran out.
 *
 * A state is dropped where what is left is more than the later devices can take, in seconds or in bytes; tensors sent
 * and transient bytes are left out of that.
 */
export function cutStrands(
  chain: Chain,
  strands: Strands,
  limits: StrandLimits,
  budget: Budget,
  ends: Int32Array,
): number | undefined {
  const { units, groups, virtualStages, group, seconds, staticBytes, activationBytes, transientBytes } = chain;
  const { edgeSeconds, forced, parted, capacityBytes } = chain;
  const { inFlight } = chain.problem;
  const { inward, firstA, firstB, beginA, endA, beginB, endB, corridor, otherSeconds } = strands;
  const stride = strideOf(units, corridor);
  const cells = stride * stride;
  reserve(units, groups, cells);
  const step = inward ? -1 : 1;
  // An odd dual pipeline ends with one stage that its device runs in both directions: half of its limit a run.
  const lonely = inward && virtualStages % 2 === 1;
  const limit = limits.seconds;
  const last = groups - 1;
  const roomOf = (stage: number) => (capacityBytes[group[stage]] + limits.extraBytes) * (1 + TOLERANCE);

  laterSeconds[last] = 0;
  laterRoom[last] = 0;
  laterHeldA[last] = Number.POSITIVE_INFINITY;
  laterHeldB[last] = Number.POSITIVE_INFINITY;
  for (let g = last; g > 0; g--) {
    const share = lonely && g === last ? 0.5 : 1;
    const heldA = inFlight[firstA + g];
    const heldB = inFlight[firstB + step * g];
    laterRoom[g - 1] = laterRoom[g] + share * (roomOf(firstA + g) - strands.otherBytes[g]);
    laterHeldA[g - 1] = Math.min(laterHeldA[g], inward ? Math.min(heldA, heldB) : heldA);
    laterHeldB[g - 1] = Math.min(laterHeldB[g], inward ? Math.min(heldA, heldB) : heldB);
    laterSeconds[g - 1] = laterSeconds[g] + share * (limit - otherSeconds[g]);
  }

  const open = corridor === Number.POSITIVE_INFINITY;
  // A whole number, which keeps positions whole for the compiler.
  const reach = open ? units : corridor;
  for (let g = 0; g < groups; g++) {
    const stageB = inward ? firstB - g : firstB + g - 1;
    baseI[g] = open ? 0 : (g === 0 ? beginA : ends[firstA + g - 1]) - reach;
    baseJ[g] = open ? 0 : (g === 0 ? beginB : ends[stageB]) - reach;
  }

  let states = 1;
  active[0] = (beginA - baseI[0]) * stride + beginB - baseJ[0];
  current[active[0]] = 0;
  let left = budget.transitions;
  for (let g = 0; g < last && left >= 0; g++) {
    const stageA = firstA + g;
    const stageB = firstB + step * g;
    const room = roomOf(stageA) - strands.otherBytes[g];
    const others = otherSeconds[g];
    const otherTransient = strands.otherTransientBytes[g];
    const heldA = inFlight[stageA];
    const heldB = inFlight[stageB];
    const enterA = stageA > 0 ? parted[stageA - 1] : 0;
    const leaveA = parted[stageA];
    // The second strand's tensors by which end of the chunk they are at: where it stands, and where it goes.
    const before = stageB > 0 ? parted[stageB - 1] : 0;
    const nearB = inward ? parted[stageB] : before;
    const farB = inward ? before : parted[stageB];
    const laterUnits = inward ? virtualStages - 2 * (g + 1) : last - g;
    const laterLimit = laterSeconds[g] * (1 + TOLERANCE);
    const laterBytes = laterRoom[g];
    const leastA = laterHeldA[g];
    const leastB = laterHeldB[g];
    const table = (g + 1) * cells;
    // Tables of the module may be others at every access, for all the compiler knows; these are not.
    const from = current;
    const to = next;
    const came = active;
    const comes = activeNext;
    const cameFrom = parents;
    const transientOf = transientByLength;
    const mostOf = mostLength;
    const fromI = baseI[g];
    const fromJ = baseJ[g];
    const toI = baseI[g + 1];
    const toJ = baseJ[g + 1];
    transientOf[0] = otherTransient;
    mostOf.fill(-1, 0, units + 1);
    let filledFor = -1;
    let filled = 0;
    let found = 0;
    for (let index = 0; index < states; index++) {
      const code = came[index];
      const value = from[code];
      from[code] = Number.POSITIVE_INFINITY;
      const row = (code / stride) | 0;
      const i = row + fromI;
      const j = code - row * stride + fromJ;
      const rest = inward ? seconds[j] - seconds[i] : seconds[endA] - seconds[i] + seconds[endB] - seconds[j];
      const need = rest - laterLimit;
      if (others + need > limit) continue;
      const firstI = Math.max(i + 1, ends[stageA] - reach);
      const lastI = Math.min(inward ? j - 1 - laterUnits : endA - laterUnits, ends[stageA] + reach);
      // Lengths that the second chunk may have: by its corridor, the units that later stages need, and the load.
      const wantedB = inward ? ends[stageB - 1] : ends[stageB];
      const shortest = Math.max(1, step * (wantedB - j) - reach);
      const longest = Math.min(
        inward ? j - Math.max(i + 1 + laterUnits, forced[j]) : endB - laterUnits - j,
        step * (wantedB - j) + reach,
      );
      // States at one place of the second strand have that in common.
      let most = mostOf[j];
      if (most < 0) {
        const farthest = inward ? j - forced[j] : units - j;
        for (most = 0; most < farthest; most++) {
          const b = j + step * (most + 1);
          if (others + step * (seconds[b] - seconds[j]) > limit || (!inward && forced[b] > j)) break;
        }
        mostOf[j] = most;
      }
      most = Math.max(0, Math.min(most, longest));
      if (j !== filledFor) {
        filledFor = j;
        filled = 0;
      }
      left -= most;
      let transientA = chunkTransientBytes(chain, i, firstI - 1);
      let least = most;
      for (let a = firstI; a <= lastI; a++) {
        const secondsA = seconds[a] - seconds[i];
        if (others + secondsA > limit || forced[a] > i) break;
        if (transientBytes[a - 1] > transientA) transientA = transientBytes[a - 1];
        const bytesA = staticBytes[a] - staticBytes[i] + heldA * (activationBytes[a] - activationBytes[i]);
        if (bytesA + transientA > room) break;
        const fixed = others + secondsA + enterA * edgeSeconds[i] + leaveA * edgeSeconds[a] + nearB * edgeSeconds[j];
        left--;
        // A longer first chunk asks less of the second; where the shortest is enough, so is any.
        if (least > shortest && secondsA + step * (seconds[j + step * shortest] - seconds[j]) >= need) least = shortest;
        while (least > shortest && secondsA + step * (seconds[j + step * (least - 1)] - seconds[j]) >= need) least--;
        // What the first strand leaves to later devices.
        const staysA = staticBytes[endA] - staticBytes[a] + leastA * (activationBytes[endA] - activationBytes[a]);
        const ceiling = inward ? Math.min(most, j - a - laterUnits) : most;
        for (let length = Math.max(least, shortest); length <= ceiling; length++) {
          const b = j + step * length;
          const secondsB = step * (seconds[b] - seconds[j]);
          if (others + secondsA + secondsB > limit) break;
          const staticsB = staticBytes[b] - staticBytes[j];
          while (filled < length) {
            const unitBytes = transientBytes[inward ? j - filled - 1 : j + filled];
            transientOf[filled + 1] = unitBytes > transientOf[filled] ? unitBytes : transientOf[filled];
            filled++;
          }
          const transient = transientA > transientOf[length] ? transientA : transientOf[length];
          const bytes = bytesA + step * (staticsB + heldB * (activationBytes[b] - activationBytes[j])) + transient;
          if (bytes > room) break;
          left--;
          const stays = inward
            ? staticBytes[b] - staticBytes[a] + leastA * (activationBytes[b] - activationBytes[a])
            : staysA + (staticBytes[endB] - staticBytes[b]) + leastB * (activationBytes[endB] - activationBytes[b]);
          if (stays > laterBytes) continue;
          if (secondsA + secondsB < need) continue;
          const load = fixed + secondsB + farB * edgeSeconds[b];
          if (load > limit) continue;
          const reached = value > load ? value : load;
          const target = (a - toI) * stride + b - toJ;
          if (reached >= to[target]) continue;
          if (to[target] === Number.POSITIVE_INFINITY) comes[found++] = target;
          to[target] = reached;
          cameFrom[table + target] = code;
        }
      }
    }
    [current, next] = [next, current];
    [active, activeNext] = [activeNext, active];
    states = found;
  }
  budget.transitions = left;

  const end = lastDevice(chain, strands, limits, states, left < 0);
  if (left < 0) return undefined;
  if (end.seconds < Number.POSITIVE_INFINITY) trace(chain, strands, end.state, end.cut, ends);
  return end.seconds;
}

/** The best end of the strands: the last device takes what the states leave. Clears the states; looks no further where the budget is spent. */
function lastDevice(chain: Chain, strands: Strands, limits: StrandLimits, states: number, givenUp: boolean) {
  const { inward, endA } = strands;
  const stride = strideOf(chain.units, strands.corridor);
  const last = chain.groups - 1;
  const lonely = inward && chain.virtualStages % 2 === 1;
  const meetFree = chain.parted[strands.firstA + last] === 0;
  const best = { seconds: Number.POSITIVE_INFINITY, state: -1, cut: -1 };
  for (let index = 0; index < states; index++) {
    const state = active[index];
    const value = current[state];
    current[state] = Number.POSITIVE_INFINITY;
    if (givenUp || value >= best.seconds) continue;
    const row = (state / stride) | 0;
    const i = row + baseI[last];
    const j = state - row * stride + baseJ[last];
    // Where inward strands meet is still open; they do not where the last stage is a single one.
    const firstCut = inward ? i + 1 : endA;
    const lastCut = lonely ? i + 1 : inward ? j - 1 : endA;
    for (let cut = firstCut; cut <= lastCut; cut++) {
      const load = lastLoad(chain, strands, limits, i, j, cut);
      const seconds = value > load ? value : load;
      if (load > limits.seconds || seconds >= best.seconds) continue;
      best.seconds = seconds;
      best.state = state;
      best.cut = cut;
      // Where the strands meet on one device, the place makes no difference to its load.
      if (meetFree) break;
    }
  }
  return best;
}

/** Load of the last device, whose chunks are what is left; Infinity where it is over its memory or passes over a forced cut. */
function lastLoad(chain: Chain, strands: Strands, limits: StrandLimits, i: number, j: number, cut: number): number {
  const { inward, firstA, firstB, endB } = strands;
  const g = chain.groups - 1;
  const stageA = firstA + g;
  const stageB = inward ? firstB - g : firstB + g;
  const fromB = inward ? cut : j;
  const toB = inward ? j : endB;
  const lonely = stageA === stageB;
  const toA = lonely ? j : cut;
  if (chain.forced[toA] > i || (!lonely && chain.forced[toB] > fromB)) return Number.POSITIVE_INFINITY;
  let load = strands.otherSeconds[g] + chunkSeconds(chain, stageA, i, toA);
  let bytes = strands.otherBytes[g] + chunkBytes(chain, stageA, i, toA);
  let transient = strands.otherTransientBytes[g];
  if (!lonely) {
    load += chunkSeconds(chain, stageB, fromB, toB);
    bytes += chunkBytes(chain, stageB, fromB, toB);
    transient = Math.max(transient, chunkTransientBytes(chain, fromB, toB));
  }
  transient = Math.max(transient, chunkTransientBytes(chain, i, toA));
  const room = (chain.capacityBytes[chain.group[stageA]] + limits.extraBytes) * (1 + TOLERANCE);
  return bytes + transient > room ? Number.POSITIVE_INFINITY : load;
}

/** Positions that a state's coordinates may take. */
function strideOf(units: number, corridor: number): number {
  return (corridor === Number.POSITIVE_INFINITY ? units : 2 * corridor) + 1;
}

/** Writes the cuts that led to a last state. */
function trace(chain: Chain, strands: Strands, code: number, cut: number, ends: Int32Array): void {
  const { inward, firstA, firstB } = strands;
  const stride = strideOf(chain.units, strands.corridor);
  const last = chain.groups - 1;
  if (inward) {
    if (firstA + last !== firstB - last) ends[firstA + last] = cut;
    ends[firstB] = strands.beginB;
  } else {
    ends[firstA + last] = strands.endA;
    ends[firstB + last] = strands.endB;
  }
  for (let g = last, state = code; g >= 1; g--) {
    const row = (state / stride) | 0;
    ends[firstA + g - 1] = row + baseI[g];
    ends[inward ? firstB - g : firstB + g - 1] = state - row * stride + baseJ[g];
    state = parents[g * stride * stride + state];
  }
}
