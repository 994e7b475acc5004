import type { DeviceMap, PipelineShape, StagePlacement } from './schedule.ts';

/** Directions of a `dual` placement, and chunks a device of a `v` placement. */
export const PAIR = 2;

/** True where a partitioner, not the schedule, says where each virtual stage sits. */
export function isDeviceMap(placement: StagePlacement): placement is DeviceMap {
  return typeof placement === 'object';
}

/** How many of the first `before` virtual stages sit on a device. */
function countOn({ devices }: DeviceMap, device: number, before: number): number {
  let count = 0;
  for (let stage = 0; stage < before; stage++) if (devices[stage] === device) count++;
  return count;
}

/** Chunks that the device with most of them runs; under `dual`, directions. */
export function chunksPerDevice(placement: StagePlacement, shape: PipelineShape): number {
  if (isDeviceMap(placement)) {
    const { devices } = placement;
    return devices.reduce((most, device) => Math.max(most, countOn(placement, device, devices.length)), 0);
  }
  switch (placement) {
    case 'linear':
      return 1;
    case 'loop':
      return shape.virtualStages;
    case 'v':
    case 'dual':
      return PAIR;
  }
}

/** Virtual stages of the whole pipeline: the length of every list of costs. */
export function virtualStageCount(placement: StagePlacement, shape: PipelineShape): number {
  if (isDeviceMap(placement)) return placement.devices.length;
  return placement === 'dual' ? shape.stages : shape.stages * chunksPerDevice(placement, shape);
}

/** Microbatches that pass through each chunk; under `dual` the two directions share the microbatches of the step. */
export function microbatchesPerChunk(placement: StagePlacement, shape: PipelineShape): number {
  return placement === 'dual' ? shape.microbatches / PAIR : shape.microbatches;
}

/** The virtual stage that a device's chunk (or direction) is; −1 where a device map gives it no such chunk. */
export function virtualStageOf(placement: StagePlacement, stages: number, device: number, chunk: number): number {
  if (isDeviceMap(placement)) {
    return placement.devices.findIndex((on, stage) => on === device && countOn(placement, device, stage) === chunk);
  }
  switch (placement) {
    case 'linear':
      return device;
    case 'loop':
      return chunk * stages + device;
    case 'v':
      return chunk === 0 ? device : PAIR * stages - 1 - device;
    case 'dual':
      return chunk === 0 ? device : stages - 1 - device;
  }
}

/** The chunk that a virtual stage is on its device; under `dual` every stage is in both directions, so name one. */
export function chunkOf(placement: StagePlacement, stages: number, virtualStage: number, direction = 0): number {
  if (isDeviceMap(placement)) return countOn(placement, placement.devices[virtualStage], virtualStage);
  return placement === 'dual' ? direction : Math.floor(virtualStage / stages);
}

/** The device that holds a virtual stage; under `dual`, that of the given direction. */
export function deviceOf(placement: StagePlacement, stages: number, virtualStage: number, direction = 0): number {
  if (isDeviceMap(placement)) return placement.devices[virtualStage];
  switch (placement) {
    case 'linear':
      return virtualStage;
    case 'loop':
      return virtualStage % stages;
    case 'v':
      return virtualStage < stages ? virtualStage : PAIR * stages - 1 - virtualStage;
    case 'dual':
      return direction === 0 ? virtualStage : stages - 1 - virtualStage;
  }
}
