import { type OrderFacts, stagesOn } from './orderFacts.ts';

/** Seconds of one microbatch in each virtual stage, forward and backward with what is recomputed and exposed. */
export interface StageSeconds {
  readonly forward: Float64Array;
  readonly backward: Float64Array;
}

/** What the passes of a step cannot come out below. */
export interface PassBound {
  readonly seconds: number;
  /** When each device ends its last backward pass at the earliest. */
  readonly deviceEnds: Float64Array;
}

/**
 * A time that the passes of a step cannot be shorter than, the cuts being known: for each device, when its first
 * backward pass may start at the earliest, what is left to run from there, and how long its last one still travels to
 * the beginning of the model. Where the backward pass is split, a device's own work.
 * @param transfers seconds between virtual stages s and s + 1
 * @param blocking whether a device stops computing while it sends or receives
 */
export function knownCutsSeconds(
  order: OrderFacts,
  { forward, backward }: StageSeconds,
  transfers: Float64Array,
  blocking: boolean,
  splits: boolean,
): PassBound {
  const { stages, virtualStages: count, microbatches, deviceOf: on } = order;
  const ofDevice = new Float64Array(stages);
  const forwardOf = new Float64Array(stages);
  for (let s = 0; s < count; s++) {
    ofDevice[on[s]!]! += forward[s]! + backward[s]!;
    forwardOf[on[s]!]! += forward[s]!;
  }
  const deviceEnds = ofDevice.map((own) => microbatches * own);
  let seconds = Math.max(...deviceEnds);
  if (splits) return { seconds, deviceEnds };

  const crossing = (s: number) => (on[s] === on[s + 1] ? 0 : transfers[s]!);
  // Ways of the first microbatch to a stage, and of a backward pass to one and from it to the beginning.
  const reached = new Float64Array(count);
  const back = new Float64Array(count);
  for (let s = 1; s < count; s++) {
    reached[s] = reached[s - 1]! + forward[s - 1]! + crossing(s - 1);
    back[s] = back[s - 1]! + backward[s - 1]! + crossing(s - 1);
  }
  const last = count - 1;
  const through = reached[last]! + forward[last]!;
  const first = new Int32Array(stages).fill(-1);
  const final = new Int32Array(stages);
  for (let s = 0; s < count; s++) {
    if (first[on[s]!] === -1) first[on[s]!] = s;
    final[on[s]!] = s;
  }
  // The last stage runs so many forwards before its first backward pass: each of them has passed every device.
  const before = order.leastForwardsFirst;
  let turn = through;
  for (let d = 0; d < stages; d++) {
    const after = through - reached[final[d]!]! - forward[final[d]!]!;
    turn = Math.max(turn, reached[first[d]!]! + before * forwardOf[d]! + after);
  }
  for (let d = 0; d < stages; d++) {
    const start =
      turn + back[last]! - back[order.firstBackward[d]!]! + backward[last]! - backward[order.firstBackward[d]!]!;
    let left = microbatches * ofDevice[d]!;
    let most = 0;
    for (const s of stagesOn(order)[d]!) {
      left -= order.forwardsFirst[s]! * forward[s]!;
      if (!blocking) continue;
      const out = s < last ? crossing(s) : 0;
      const down = s > 0 ? crossing(s - 1) : 0;
      left += (microbatches - order.forwardsFirst[s]!) * out + microbatches * down;
      most = Math.max(most, out, down);
    }
    const tail = back[order.lastBackward[d]!]!;
    deviceEnds[d] = Math.max(start + left - most, reached[first[d]!]! + microbatches * ofDevice[d]!);
    seconds = Math.max(seconds, deviceEnds[d]! + tail);
  }
  return { seconds, deviceEnds };
}
