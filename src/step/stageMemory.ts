import type { PipelineTimeline } from '../pipeline/run.ts';
import { type FinishedStep, optimizerStart } from './finishStep.ts';
import { largestAlive } from './largestAlive.ts';
import type { DevicePeak } from './memoryNeed.ts';
import type { StageMemory } from './report.ts';
import type { StageProfile } from './stageProfile.ts';

/** Every pipeline rank at its fullest moment as a report tells it: when that is, and what the largest things are. */
export function stageMemory(
  timeline: PipelineTimeline,
  stages: readonly StageProfile[],
  step: FinishedStep,
  devices: readonly DevicePeak[],
): StageMemory[] {
  return devices.map(({ totals, parts, held, pass }, device) => ({
    stage: device,
    ...totals,
    peakAtSeconds: pass === undefined ? optimizerStart(step, device) : pass.task < 0 ? 0 : timeline.start[pass.task]!,
    ...parts,
    largest: largestAlive(timeline.plan, device, stages, held, pass),
  }));
}
