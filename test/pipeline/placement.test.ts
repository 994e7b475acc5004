import { expect, it } from 'vitest';
import { chunkOf, chunksPerDevice, deviceOf, virtualStageCount, virtualStageOf } from '../../src/pipeline/placement.ts';
import { laneOf } from '../../src/pipeline/plan.ts';
import { pipelineShape } from '../../src/pipeline/shape.ts';

it('puts every virtual stage on one device and chunk, and finds it there', () => {
  const shape = pipelineShape({ stages: 4, virtualStages: 3, microbatches: 8 });
  for (const placement of ['linear', 'loop', 'v', 'dual'] as const) {
    const lanes = new Set<number>();
    for (let device = 0; device < shape.stages; device++) {
      for (let chunk = 0; chunk < chunksPerDevice(placement, shape); chunk++) {
        const stage = virtualStageOf(placement, shape.stages, device, chunk);
        expect(stage).toBeLessThan(virtualStageCount(placement, shape));
        expect(deviceOf(placement, shape.stages, stage, chunk)).toBe(device);
        expect(chunkOf(placement, shape.stages, stage, chunk)).toBe(chunk);
        lanes.add(laneOf(placement, shape.stages, device, chunk));
      }
    }
    expect(lanes.size).toBe(shape.stages * chunksPerDevice(placement, shape));
  }
});

it('gives the first and the last stage of a V to the first device', () => {
  expect([0, 1].map((chunk) => virtualStageOf('v', 4, 0, chunk))).toEqual([0, 7]);
  expect([3, 4].map((stage) => deviceOf('v', 4, stage))).toEqual([3, 3]);
});
