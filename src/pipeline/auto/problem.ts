import {
  chunksPerDevice,
  deviceOf,
  microbatchesPerChunk,
  PAIR,
  virtualStageCount,
  virtualStageOf,
} from '../placement.ts';
import {
  BACKWARD,
  type DeviceOrders,
  FORWARD,
  type PipelineCosts,
  type PipelineShape,
  packTask,
  type StagePlacement,
  taskChunk,
  taskKind,
  taskMicrobatch,
  WEIGHT,
} from '../schedule.ts';

/** Passes of each microbatch in each virtual stage: forward, backward of the inputs, backward of the weights. */
export const PASSES = 3;

/**
 * A step as the search sees it: passes to be put in order, numbered (kind · virtualStages + virtual stage) ·
 * microbatches + microbatch. Every backward is split, and passes of one kind and stage keep the order of microbatches.
 */
export interface Problem {
  readonly stages: number;
  readonly chunks: number;
  readonly virtualStages: number;
  readonly microbatches: number;
  readonly passes: number;
  readonly placement: StagePlacement;
  /** Most microbatch activations a device may hold, from forward to the end of the weight pass. */
  readonly memoryLimit: number;
  /** By device · chunks + chunk. */
  readonly stageOf: Int32Array;
  readonly deviceOf: Int32Array;
  /** By kind · virtualStages + virtual stage. */
  readonly cost: Float64Array;
  /** Of the transfer between a virtual stage and the next; 0 inside a device. */
  readonly transfer: Float64Array;
}

/** Where `auto` puts the virtual stages: in a line, on a V of two chunks a device, or in a loop of more. */
export function autoPlacement({ virtualStages }: PipelineShape): StagePlacement {
  if (virtualStages === 1) return 'linear';
  return virtualStages === PAIR ? 'v' : 'loop';
}

export function problemOf(shape: PipelineShape, costs: PipelineCosts): Problem {
  const placement = autoPlacement(shape);
  const { stages } = shape;
  const chunks = chunksPerDevice(placement, shape);
  const virtualStages = virtualStageCount(placement, shape);
  const microbatches = microbatchesPerChunk(placement, shape);
  const devices = Int32Array.from({ length: virtualStages }, (_, s) => deviceOf(placement, stages, s));
  const cost = new Float64Array(PASSES * virtualStages);
  cost.set(costs.forward.subarray(0, virtualStages), FORWARD * virtualStages);
  cost.set(costs.backward.subarray(0, virtualStages), BACKWARD * virtualStages);
  cost.set(costs.weight.subarray(0, virtualStages), WEIGHT * virtualStages);
  const transfer = new Float64Array(virtualStages);
  for (let s = 0; s + 1 < virtualStages; s++) if (devices[s] !== devices[s + 1]) transfer[s] = costs.communication[s];
  return {
    stages,
    chunks,
    virtualStages,
    microbatches,
    passes: PASSES * virtualStages * microbatches,
    placement,
    memoryLimit: shape.memoryLimit ?? chunks * microbatches,
    stageOf: Int32Array.from({ length: stages * chunks }, (_, i) =>
      virtualStageOf(placement, stages, Math.floor(i / chunks), i % chunks),
    ),
    deviceOf: devices,
    cost,
    transfer,
  };
}

/** The order of passes on each device, by number. */
export type PassOrders = readonly Int32Array[];

/** Orders in numbers of passes. A whole backward becomes one of the inputs followed by that of the weights. */
export function passOrders(problem: Problem, orders: DeviceOrders): PassOrders {
  const { chunks, stageOf, virtualStages, microbatches } = problem;
  return orders.map((order, device) => {
    const own = new Set([...order].filter((task) => taskKind(task) === WEIGHT).map((task) => task - WEIGHT));
    const passes: number[] = [];
    for (const task of order) {
      const stage = stageOf[device * chunks + taskChunk(task)];
      const number = (kind: number) => (kind * virtualStages + stage) * microbatches + taskMicrobatch(task);
      passes.push(number(taskKind(task)));
      if (taskKind(task) === BACKWARD && !own.has(task - BACKWARD)) passes.push(number(WEIGHT));
    }
    return Int32Array.from(passes);
  });
}

/** The way back from {@link passOrders}. */
export function deviceOrders(problem: Problem, orders: PassOrders): DeviceOrders {
  const { chunks, stageOf, virtualStages, microbatches } = problem;
  return orders.map((order, device) => {
    const chunkOf = new Map<number, number>();
    for (let chunk = 0; chunk < chunks; chunk++) chunkOf.set(stageOf[device * chunks + chunk], chunk);
    return order.map((pass) => {
      const row = Math.floor(pass / microbatches);
      const stage = row % virtualStages;
      return packTask(Math.floor(row / virtualStages), chunkOf.get(stage) ?? 0, pass % microbatches);
    });
  });
}
