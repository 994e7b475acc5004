/** What a schedule must arrange: `stages` devices with `virtualStages` chunks each, and `microbatches` a step. */
export interface PipelineShape {
  readonly stages: number;
  readonly virtualStages: number;
  readonly microbatches: number;
  /** Megatron's group size for `interleaved`; by default the number of stages. */
  readonly microbatchGroupSize: number;
  /** Cap on microbatches in flight for `smp-interleaved`; by default stages + 2. */
  readonly activeMicrobatches: number;
  /** Most microbatch activations of a virtual stage that a device may hold at once: a limit for `auto`. */
  readonly memoryLimit?: number;
}

/** Where the virtual stages of a schedule sit. Linear: s; loop: s mod p; v: s, then back (2p-1-s); dual: s in one direction and p-1-s in the other. */
export type NamedPlacement = 'linear' | 'loop' | 'v' | 'dual';

/** Virtual stages wherever a partitioner put them: the device of each. Neighbours on one device are told apart too. */
export interface DeviceMap {
  readonly devices: readonly number[];
  /** Devices that the output of each virtual stage passes on its way to the next, in order; none where left out. */
  readonly through?: readonly (readonly number[])[];
}

export type StagePlacement = NamedPlacement | DeviceMap;

/** Costs of one microbatch in each virtual stage, in any one unit of time. */
export interface PipelineCosts {
  readonly forward: Float64Array;
  /** Whole backward pass, or only that of the inputs where the schedule splits it. */
  readonly backward: Float64Array;
  /** Backward pass of the weights; used only where the schedule splits it. */
  readonly weight: Float64Array;
  /** Transfer between virtual stages s and s + 1, in either direction, where they sit on different devices. */
  readonly communication: Float64Array;
  /** Cost of a fused pair, by the virtual stage of its forward part; by default the sum of its two parts. */
  readonly fusedPair?: Float64Array;
}

/**
 * Kinds of task in an order. A `fused` forward runs as one task with the backward that follows it in the list.
 * Where a schedule splits the backward pass, a backward that has no weight task of its own is a whole one.
 */
export const FORWARD = 0;
export const BACKWARD = 1;
export const WEIGHT = 2;
export const FUSED_FORWARD = 3;

/** Chunks that a packed task can tell apart. */
export const MOST_CHUNKS = 64;

/** One list a device: tasks in the order they run, each packed by {@link packTask}. */
export type DeviceOrders = readonly Int32Array[];

/** Packs a task into one integer: kind in the low two bits, then chunk (or direction), then microbatch. */
export function packTask(kind: number, chunk: number, microbatch: number): number {
  return (microbatch << 8) | (chunk << 2) | kind;
}
export const taskKind = (task: number): number => task & 3;
export const taskChunk = (task: number): number => (task >> 2) & 63;
export const taskMicrobatch = (task: number): number => task >> 8;

/** One pipeline schedule: a row of `foretrain schedules`. */
export interface Schedule {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  /** Paper or code that defines it. */
  readonly source: string;
  readonly placement: NamedPlacement;
  /** The backward pass is split into that of the inputs and that of the weights. */
  readonly splitsBackward: boolean;
  /** The order does not depend on costs, so that it can be kept and used again. */
  readonly fixed: boolean;
  /** Where virtual stages sit, for a schedule whose placement depends on the shape. */
  placementFor?(shape: PipelineShape): StagePlacement;
  /** What is illegal about the shape and what would be legal, or undefined. */
  illegal(shape: PipelineShape): string | undefined;
  /** The order in which each device runs its tasks. */
  order(shape: PipelineShape, costs: PipelineCosts): DeviceOrders;
  /** The order where virtual stages sit on any devices; only a schedule that decides as it goes has one. */
  orderOn?(map: DeviceMap, shape: PipelineShape, costs: PipelineCosts): DeviceOrders;
}

/** Where the virtual stages of this shape sit under a schedule. */
export function placementOf(schedule: Schedule, shape: PipelineShape): StagePlacement {
  return schedule.placementFor?.(shape) ?? schedule.placement;
}
