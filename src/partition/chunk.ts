import type { Chain } from './chain.ts';

/** Seconds that a virtual stage from one position to another adds to its device, with the tensors it receives and sends. */
export function chunkSeconds(chain: Chain, stage: number, from: number, to: number): number {
  const { seconds, edgeSeconds, parted, copies } = chain;
  const entering = stage > 0 ? parted[stage - 1] * edgeSeconds[from] : 0;
  return copies[stage] * (seconds[to] - seconds[from] + entering + parted[stage] * edgeSeconds[to]);
}

/** Bytes that a virtual stage adds to its device, without transient ones. */
export function chunkBytes(chain: Chain, stage: number, from: number, to: number): number {
  const { staticBytes, activationBytes, copies, problem } = chain;
  const activations = activationBytes[to] - activationBytes[from];
  return copies[stage] * (staticBytes[to] - staticBytes[from] + problem.inFlight[stage] * activations);
}

/** The largest transient bytes of the units between two positions. */
export function chunkTransientBytes(chain: Chain, from: number, to: number): number {
  const { transientBytes } = chain;
  let largest = 0;
  for (let unit = from; unit < to; unit++) if (transientBytes[unit] > largest) largest = transientBytes[unit];
  return largest;
}
