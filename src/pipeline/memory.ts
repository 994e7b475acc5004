import {
  BACKWARD,
  type DeviceOrders,
  FORWARD,
  FUSED_FORWARD,
  taskChunk,
  taskKind,
  taskMicrobatch,
  WEIGHT,
} from './schedule.ts';

/** What a device holds at the moment it holds most. */
export interface InFlight {
  /** Microbatch activations, each of one chunk, from the start of its forward to the end of its backward or weight pass. */
  readonly peak: number;
  /** How many of them belong to each chunk (or direction). */
  readonly byChunk: readonly number[];
}

/** Bytes of one device's passes, by chunk. */
export interface ChunkMemory {
  /** Held for each microbatch from its forward on. */
  readonly activationBytes: ArrayLike<number>;
  /** The part of it that a split backward pass leaves for its weight pass; all of it where left out. */
  readonly weightBytes?: ArrayLike<number>;
  /** Needed only while such a task runs. */
  readonly forwardBytes?: ArrayLike<number>;
  readonly backwardBytes?: ArrayLike<number>;
  readonly weightPassBytes?: ArrayLike<number>;
}

/** The moment at which a device's activations and temporary bytes are most. */
export interface MemoryPeak {
  readonly peakBytes: number;
  /** Place of the task in the device's order; −1 where it runs none. */
  readonly position: number;
  /** Microbatches of each chunk that are held whole then, and those of which only the part for the weight pass is. */
  readonly held: readonly number[];
  readonly heldForWeight: readonly number[];
}

interface OrderFacts {
  readonly chunks: number;
  readonly microbatches: number;
  /** By chunk · microbatches + microbatch: 1 where the backward pass leaves a weight pass. */
  readonly ownWeight: Uint8Array;
}

function factsOf(order: Int32Array): OrderFacts {
  let chunks = 0;
  let microbatches = 0;
  for (let i = 0; i < order.length; i++) {
    chunks = Math.max(chunks, taskChunk(order[i]) + 1);
    microbatches = Math.max(microbatches, taskMicrobatch(order[i]) + 1);
  }
  const ownWeight = new Uint8Array(chunks * microbatches);
  for (let i = 0; i < order.length; i++) {
    if (taskKind(order[i]) === WEIGHT) ownWeight[taskChunk(order[i]) * microbatches + taskMicrobatch(order[i])] = 1;
  }
  return { chunks, microbatches, ownWeight };
}

/**
 * Walks one device's order and finds where it needs most bytes.
 * A fused pair needs the temporary bytes of both its parts at once.
 */
export function peakMemory(order: Int32Array, memory: ChunkMemory): MemoryPeak {
  const { chunks, microbatches, ownWeight } = factsOf(order);
  const { activationBytes, weightBytes = activationBytes, forwardBytes, backwardBytes, weightPassBytes } = memory;
  const held = new Array<number>(chunks).fill(0);
  const heldForWeight = new Array<number>(chunks).fill(0);
  let bytes = 0;
  let temporary = 0;
  let peak: MemoryPeak = { peakBytes: 0, position: -1, held: held.slice(), heldForWeight: heldForWeight.slice() };
  for (let i = 0; i < order.length; i++) {
    const kind = taskKind(order[i]);
    const chunk = taskChunk(order[i]);
    if (kind === FORWARD || kind === FUSED_FORWARD) {
      held[chunk]++;
      bytes += activationBytes[chunk];
      temporary += forwardBytes?.[chunk] ?? 0;
    } else if (kind === BACKWARD) temporary += backwardBytes?.[chunk] ?? 0;
    else temporary += weightPassBytes?.[chunk] ?? 0;
    // The pair is one task: count it when its backward part has been added.
    if (kind === FUSED_FORWARD) continue;
    if (bytes + temporary > peak.peakBytes)
      peak = { peakBytes: bytes + temporary, position: i, held: held.slice(), heldForWeight: heldForWeight.slice() };
    temporary = 0;
    if (kind === BACKWARD) {
      held[chunk]--;
      bytes -= activationBytes[chunk];
      if (ownWeight[chunk * microbatches + taskMicrobatch(order[i])] === 1) {
        heldForWeight[chunk]++;
        bytes += weightBytes[chunk];
      }
    } else if (kind === WEIGHT) {
      heldForWeight[chunk]--;
      bytes -= weightBytes[chunk];
    }
  }
  return peak;
}

const ONE_EACH = new Float64Array(64).fill(1);

/** What each device holds in flight at its peak. */
export function inFlight(orders: DeviceOrders): readonly InFlight[] {
  return orders.map((order) => {
    const { peakBytes: peak, held, heldForWeight } = peakMemory(order, { activationBytes: ONE_EACH });
    return { peak, byChunk: held.map((count, chunk) => count + heldForWeight[chunk]) };
  });
}

const NONE_EACH = new Float64Array(64);

/** The most microbatch activations each device holds from forward to the end of its input (or whole backward) pass. */
export function inFlightUntilInput(orders: DeviceOrders): readonly number[] {
  return orders.map((order) => peakMemory(order, { activationBytes: ONE_EACH, weightBytes: NONE_EACH }).peakBytes);
}
