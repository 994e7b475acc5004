import { lowerBoundSeconds } from './bound.ts';
import { type Chain, chainOf, TOLERANCE } from './chain.ts';
import { chunkBytes, chunkSeconds, chunkTransientBytes } from './chunk.ts';
import type { Cuts, PartitionProblem } from './problem.ts';

/** What cuts come to: the order of the fields is the order in which one is preferred to another. */
export interface Score {
  /** Bytes by which the worst device exceeds its capacity; 0 where all fit. */
  readonly overBytes: number;
  readonly bottleneckSeconds: number;
  /** Bytes of the tensors that pass between devices, one microbatch forward. */
  readonly trafficBytes: number;
  /** The most that any device needs. */
  readonly peakBytes: number;
}

/** Seconds of one microbatch through all chunks of each device, with what it sends and receives. */
export function groupSeconds(chain: Chain, ends: ArrayLike<number>): Float64Array {
  const loads = new Float64Array(chain.groups);
  for (let stage = 0, from = 0; stage < chain.virtualStages; stage++) {
    loads[chain.group[stage]] += chunkSeconds(chain, stage, from, ends[stage]);
    from = ends[stage];
  }
  return loads;
}

/** Bytes that each device needs at its fullest moment. */
export function groupBytes(chain: Chain, ends: ArrayLike<number>): Float64Array {
  const bytes = new Float64Array(chain.groups);
  const transient = new Float64Array(chain.groups);
  for (let stage = 0, from = 0; stage < chain.virtualStages; stage++) {
    const group = chain.group[stage];
    bytes[group] += chunkBytes(chain, stage, from, ends[stage]);
    transient[group] = Math.max(transient[group], chunkTransientBytes(chain, from, ends[stage]));
    from = ends[stage];
  }
  for (let group = 0; group < chain.groups; group++) bytes[group] += transient[group];
  return bytes;
}

/** Scores cuts, whoever found them. */
export function score(chain: Chain, ends: ArrayLike<number>): Score {
  let bottleneckSeconds = 0;
  for (const load of groupSeconds(chain, ends)) if (load > bottleneckSeconds) bottleneckSeconds = load;
  const bytes = groupBytes(chain, ends);
  let overBytes = 0;
  let peakBytes = 0;
  for (let group = 0; group < chain.groups; group++) {
    const over = bytes[group] - chain.capacityBytes[group];
    // What the rounding of sums leaves over is nothing.
    if (over > overBytes && over > TOLERANCE * bytes[group]) overBytes = over;
    if (bytes[group] > peakBytes) peakBytes = bytes[group];
  }
  let trafficBytes = 0;
  for (let stage = 0; stage < chain.virtualStages; stage++) {
    if (chain.parted[stage] === 1) trafficBytes += chain.edgeBytes[ends[stage]];
  }
  return { overBytes, bottleneckSeconds, trafficBytes, peakBytes };
}

/** Negative where the first score is the better one, 0 where they are equal but for rounding. */
export function compareScores(a: Score, b: Score): number {
  return (
    compare(a.overBytes, b.overBytes) ||
    compare(a.bottleneckSeconds, b.bottleneckSeconds) ||
    compare(a.trafficBytes, b.trafficBytes) ||
    compare(a.peakBytes, b.peakBytes)
  );
}

/** Bytes over capacity that are fewer than a score's by more than what rounding forgives. */
export function lessOver({ overBytes, peakBytes }: Score): number {
  return Math.max(0, overBytes - 4 * TOLERANCE * peakBytes);
}

function compare(a: number, b: number): number {
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b)) ? 0 : a - b;
}

/** Cuts with their figures; proved where they reach the bound. */
export function cutsOf(chain: Chain, ends: Int32Array): Cuts {
  const { overBytes, bottleneckSeconds } = score(chain, ends);
  const bound = Math.min(bottleneckSeconds, lowerBoundSeconds(chain));
  return {
    ends,
    bottleneckSeconds,
    lowerBoundSeconds: bound,
    proved: overBytes === 0 && bottleneckSeconds <= bound * (1 + TOLERANCE),
    overBytes,
  };
}

/** Cuts that somebody else chose, with their figures. */
export function evaluate(problem: PartitionProblem, ends: Int32Array): Cuts {
  return cutsOf(chainOf(problem), ends);
}
