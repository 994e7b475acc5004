import { chunksPerDevice, virtualStageCount, virtualStageOf } from './placement.ts';
import type { PipelineShape, StagePlacement } from './schedule.ts';

const NONE = -1;

/** The lane of a device's chunk; −1 where it has no such chunk. */
export function laneOf(placement: StagePlacement, stages: number, device: number, chunk: number): number {
  const stage = virtualStageOf(placement, stages, device, chunk);
  return placement === 'dual' ? chunk * stages + stage : stage;
}

/** Places of each lane that the planner looks up for every task. */
export type LaneTables = ReturnType<typeof laneTables>;

export function laneTables(shape: PipelineShape, placement: StagePlacement) {
  const { stages } = shape;
  const chunks = chunksPerDevice(placement, shape);
  const virtualStages = virtualStageCount(placement, shape);
  const lanes = placement === 'dual' ? chunks * stages : virtualStages;
  const ofChunk = new Int32Array(stages * chunks).fill(NONE);
  const device = new Int32Array(lanes);
  const stage = new Int32Array(lanes);
  for (let d = 0; d < stages; d++) {
    for (let c = 0; c < chunks; c++) {
      const lane = laneOf(placement, stages, d, c);
      if (lane === NONE) continue;
      ofChunk[d * chunks + c] = lane;
      device[lane] = d;
      stage[lane] = lane % virtualStages;
    }
  }
  // Class of the transfer between lane and lane + 1.
  const transfer = new Int32Array(lanes);
  for (let lane = 0; lane < lanes; lane++) {
    const s = stage[lane];
    if (s + 1 < virtualStages && device[lane + 1] !== device[lane]) transfer[lane] = 1 + s;
  }
  return { chunks, virtualStages, lanes, ofChunk, device, stage, transfer };
}
