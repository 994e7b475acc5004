import { type Chain, TOLERANCE } from './chain.ts';

let sorted = new Float64Array(128);
let sums = new Float64Array(129);
let bases = new Float64Array(64);
let held = new Int32Array(64);
let most = new Int32Array(64);

/** Thresholds of weight that the pigeonhole is tried at, from the heaviest: equal units count as one. */
const MOST_THRESHOLDS = 32;

/**
 * Seconds below which no cut's bottleneck can lie: the mean over devices, and a pigeonhole. The first and the last
 * unit have their devices; the others, of which only those of some weight or more are counted, fill the devices from
 * below, lightest first, until all have a place.
 *
 * Every cut that parts devices is paid on both sides; at the least, the cheapest tensors are cut.
 *
 * @param withinMemory whether a device takes only as many units as its capacity allows: a bound for the cuts that fit
 */
export function lowerBoundSeconds(chain: Chain, withinMemory = false): number {
  const { groups, virtualStages, units } = chain;
  reserve(units, groups);
  let partings = 0;
  for (let stage = 0; stage < virtualStages; stage++) partings += chain.parted[stage];
  let edgeSum = 0;
  let edgeLeast = 0;
  if (partings > 0) {
    const edges = sorted.subarray(0, units - 1);
    edges.set(chain.edgeSeconds.subarray(1, units));
    edges.sort();
    edgeLeast = edges[0];
    for (let i = 0; i < partings; i++) edgeSum += edges[i];
  }
  const directions = chain.problem.placement === 'dual' ? 2 : 1;
  const mean = (directions * (chain.seconds[units] + 2 * edgeSum)) / chain.problem.stages;
  return Math.max(mean, pigeonhole(chain, edgeLeast, withinMemory, mean));
}

function pigeonhole(chain: Chain, edgeLeast: number, withinMemory: boolean, floor: number): number {
  const { groups, units } = chain;
  const { seconds } = chain.problem;
  let bound = floor;
  placeEnds(chain, edgeLeast);
  const items = Math.max(0, units - 2);
  const ascending = sorted.subarray(0, items);
  ascending.set(seconds.subarray(1, units - 1));
  ascending.sort();
  // A device runs a unit in each of its chunks, the lightest at the least.
  sums[0] = 0;
  for (let i = 0; i < items; i++) sums[i + 1] = sums[i] + ascending[i];
  for (let g = 0; g < groups; g++) {
    const least = bases[g] + sums[Math.min(items, chunksOf(chain, g) - pinnedOf(chain, g))];
    if (least > bound) bound = least;
  }
  most.fill(items, 0, groups);
  if (withinMemory && !countWithinMemory(chain, items)) return Number.POSITIVE_INFINITY;

  for (let first = items, threshold = 0; first > 0 && threshold < MOST_THRESHOLDS; threshold++) {
    // From the heaviest down, to the end of the run of equal weights.
    first--;
    const weight = ascending[first] * (1 - TOLERANCE);
    while (first > 0 && ascending[first - 1] >= weight) first--;
    sums[0] = 0;
    const count = items - first;
    for (let i = 0; i < count; i++) sums[i + 1] = sums[i] + ascending[first + i];
    bound = fill(groups, count, bound);
  }
  return bound;
}

/** Fills the devices with `count` units whose lightest m weigh `sums[m]`; returns the load that this takes, `floor` at the least. */
function fill(groups: number, count: number, floor: number): number {
  let placed = 0;
  const limit = floor * (1 + TOLERANCE);
  for (let g = 0; g < groups; g++) {
    let low = 0;
    let high = Math.min(count, most[g]);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (bases[g] + sums[middle] <= limit) low = middle;
      else high = middle - 1;
    }
    held[g] = low;
    placed += low;
  }
  let load = floor;
  for (; placed < count; placed++) {
    let next = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let g = 0; g < groups; g++) {
      if (held[g] >= most[g] || held[g] >= count) continue;
      const value = bases[g] + sums[held[g] + 1];
      if (value < least) {
        least = value;
        next = g;
      }
    }
    // No device has memory left: no cuts fit, and the bound says so.
    if (next < 0) return Number.POSITIVE_INFINITY;
    held[next]++;
    if (least > load) load = least;
  }
  return load;
}

/** What each device pays before it takes any of the inner units: the cheapest tensors, the first unit, the last. */
function placeEnds(chain: Chain, edgeLeast: number): void {
  const { virtualStages, groups, group, parted, copies, units } = chain;
  const { seconds } = chain.problem;
  bases.fill(0, 0, groups);
  for (let stage = 0; stage + 1 < virtualStages; stage++) {
    bases[group[stage]] += parted[stage] * copies[stage] * edgeLeast;
    bases[group[stage + 1]] += parted[stage] * copies[stage + 1] * edgeLeast;
  }
  bases[group[0]] += copies[0] * seconds[0];
  if (units > 1) bases[group[virtualStages - 1]] += copies[virtualStages - 1] * seconds[units - 1];
}

function chunksOf(chain: Chain, group: number): number {
  let chunks = 0;
  for (let stage = 0; stage < chain.virtualStages; stage++) if (chain.group[stage] === group) chunks++;
  return chunks;
}

/** Chunks of a device that the first or the last unit is in. */
function pinnedOf(chain: Chain, group: number): number {
  const last = chain.virtualStages - 1;
  return (chain.group[0] === group ? 1 : 0) + (last > 0 && chain.group[last] === group ? 1 : 0);
}

/**
 * How many inner units each device has memory for, if they were the smallest and lay where the fewest microbatches are
 * in flight. False where some device cannot hold one unit of each chunk.
 */
function countWithinMemory(chain: Chain, items: number): boolean {
  const { virtualStages, groups, group, units, capacityBytes } = chain;
  const { inFlight, staticBytes, activationBytes, transientBytes } = chain.problem;
  let leastStatic = Number.POSITIVE_INFINITY;
  let leastActivation = Number.POSITIVE_INFINITY;
  let leastTransient = Number.POSITIVE_INFINITY;
  for (let unit = 0; unit < units; unit++) {
    if (transientBytes[unit] < leastTransient) leastTransient = transientBytes[unit];
    if (unit === 0 || unit > items) continue;
    if (staticBytes[unit] < leastStatic) leastStatic = staticBytes[unit];
    if (activationBytes[unit] < leastActivation) leastActivation = activationBytes[unit];
  }
  if (items === 0) return true;
  const last = virtualStages - 1;
  for (let g = 0; g < groups; g++) {
    let room = capacityBytes[g] * (1 + TOLERANCE) - leastTransient;
    let leastInFlight = Number.POSITIVE_INFINITY;
    let free = 0;
    for (let stage = 0; stage < virtualStages; stage++) {
      if (group[stage] !== g) continue;
      if (inFlight[stage] < leastInFlight) leastInFlight = inFlight[stage];
      const pinned = stage === 0 ? 0 : stage === last ? units - 1 : -1;
      if (pinned >= 0) room -= staticBytes[pinned] + inFlight[stage] * activationBytes[pinned];
      else {
        room -= leastStatic + inFlight[stage] * leastActivation;
        free++;
      }
    }
    const each = leastStatic + leastInFlight * leastActivation;
    if (room < 0) return false;
    if (each > 0) most[g] = Math.min(items, free + Math.floor(room / each));
  }
  return true;
}

function reserve(units: number, groups: number): void {
  if (sorted.length < units) {
    sorted = new Float64Array(2 * units);
    sums = new Float64Array(2 * units + 1);
  }
  if (bases.length < groups) {
    bases = new Float64Array(2 * groups);
    held = new Int32Array(2 * groups);
    most = new Int32Array(2 * groups);
  }
}
