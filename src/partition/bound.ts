import type { Chain } from './chain.ts';

/**
 * Seconds below which no cut's bottleneck can lie, whatever the memory: the heaviest unit, the mean over devices, and
 * the pigeonhole (of any k·p + 1 units some device runs k + 1).
 */
export function lowerBoundSeconds(chain: Chain): number {
  const { groups, virtualStages, units } = chain;
  const dual = chain.problem.placement === 'dual';
  const stages = chain.problem.stages;

  // Every cut edge that parts devices is paid on both sides; at the least, the cheapest edges are cut.
  let partings = 0;
  for (let stage = 0; stage < virtualStages; stage++) partings += chain.parted[stage];
  const edges = chain.edgeSeconds.slice(1, units).sort();
  let edgeSum = 0;
  for (let i = 0; i < partings; i++) edgeSum += edges[i];
  const mean = ((dual ? 2 : 1) * (chain.seconds[units] + 2 * edgeSum)) / stages;

  const sides = leastSides(chain);
  const least = partings > 0 ? sides * edges[0] : 0;
  const sorted = chain.problem.seconds.slice().sort();
  // sorted ascending: the k·p + 1 heaviest begin at units − k·p − 1, and the k + 1 lightest of those are a run there.
  let bound = mean;
  for (let k = 0; k * groups < units; k++) {
    const first = units - k * groups - 1;
    let sum = least;
    for (let i = first; i <= first + k; i++) sum += sorted[i];
    if (sum > bound) bound = sum;
  }
  return bound;
}

/** Fewest cut edges that any device pays. */
function leastSides(chain: Chain): number {
  const sides = new Int32Array(chain.groups);
  for (let stage = 0; stage + 1 < chain.virtualStages; stage++) {
    sides[chain.group[stage]] += chain.parted[stage] * chain.copies[stage];
    sides[chain.group[stage + 1]] += chain.parted[stage] * chain.copies[stage + 1];
  }
  return sides.reduce((least, count) => Math.min(least, count), Number.POSITIVE_INFINITY);
}
