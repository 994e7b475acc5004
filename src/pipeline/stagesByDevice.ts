import { oncePerObject } from '../keep.ts';
import type { PipelinePlan } from './pipelinePlan.ts';
import { deviceOf } from './placement.ts';

/** The virtual stages that each device holds, by chunk; where microbatches enter at both ends, one for either direction. */
export const stagesByDevice = oncePerObject(({ placement, stages, virtualStages }: PipelinePlan) => {
  const held = Array.from({ length: stages }, (): number[] => []);
  for (let stage = 0; stage < virtualStages; stage++) {
    const device = deviceOf(placement, stages, stage);
    held[device]!.push(stage);
    const mirror = placement === 'dual' ? deviceOf(placement, stages, stage, 1) : device;
    if (mirror !== device) held[mirror]!.push(stage);
  }
  return held;
});
