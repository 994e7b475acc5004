import { perPlan } from './perPlan.ts';
import { deviceOf } from './placement.ts';

/** The virtual stages that each device holds, by chunk; where microbatches enter at both ends, one for either direction. */
export const stagesByDevice = perPlan(({ placement, stages, virtualStages }) => {
  const held = Array.from({ length: stages }, (): number[] => []);
  for (let stage = 0; stage < virtualStages; stage++) {
    const device = deviceOf(placement, stages, stage);
    held[device]!.push(stage);
    const mirror = placement === 'dual' ? deviceOf(placement, stages, stage, 1) : device;
    if (mirror !== device) held[mirror]!.push(stage);
  }
  return held;
});
