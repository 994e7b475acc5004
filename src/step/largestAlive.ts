import type { PipelinePlan } from '../pipeline/plan.ts';
import type { DeviceMemory } from './deviceMemory.ts';
import { type Pass, visitPasses } from './passes.ts';
import type { PassPeak } from './passPeak.ts';
import type { StageMemory } from './report.ts';
import type { StageProfile, UnitProfile } from './stageProfile.ts';

/** How many of the largest things a report names. */
const most = 5;

/**
 * The largest things alive on a device at its fullest moment, the largest first. Saved tensors of one name count
 * together over layers and microbatches.
 * @param peak the fullest moment of its passes; undefined where the optimizer's step is fuller
 */
export function largestAlive(
  plan: PipelinePlan,
  device: number,
  stages: readonly StageProfile[],
  memory: DeviceMemory,
  peak: PassPeak | undefined,
): StageMemory['largest'] {
  const bytes = new Map<string, number>([
    ['parameters', memory.states.parametersBytes],
    ['gradients', memory.states.gradientsBytes],
    ['optimizer states', memory.states.optimizerBytes],
    ['transfer buffers, buckets and copies under way', memory.bufferBytes],
    ['workspaces', memory.workspaceBytes],
  ]);
  if (peak === undefined) bytes.set('fp32 copies while the optimizer steps', memory.states.stepBytes);
  else {
    bytes.set('gathered parameters and their gradients', memory.gatheredBytes);
    bytes.set('temporary tensors of the pass', peak.transientBytes);
    addSaved(bytes, plan, device, stages, peak.task);
  }
  return [...bytes]
    .map(([name, size]) => ({ name, bytes: size }))
    .filter((item) => item.bytes > 0)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, most);
}

/** Adds the saved tensors of the microbatches that are in flight while a task runs. */
function addSaved(
  bytes: Map<string, number>,
  plan: PipelinePlan,
  device: number,
  stages: readonly StageProfile[],
  fullest: number,
): void {
  const held = new Float64Array(plan.virtualStages);
  let running = true;
  const count = (pass: Pass, lane: number) => {
    if (pass === 'forward') held[lane % plan.virtualStages]! += 1;
    else if (!running) return;
    else if (pass !== 'backward-input') held[lane % plan.virtualStages]! -= 1;
  };
  for (let index = plan.deviceOffset[device]!; running && index < plan.deviceOffset[device + 1]!; index++) {
    const task = plan.deviceTasks[index]!;
    if (task === fullest) running = false;
    visitPasses(plan, task, count);
  }
  stages.forEach(({ profiles, hostBytes }, stage) => {
    if (held[stage]! === 0) return;
    const left = 1 - offloadedFraction(profiles, hostBytes);
    // Equal layers follow one another, and are one and the same profile.
    for (let at = 0, times = 1; at < profiles.length; at += times, times = 1) {
      const { unit, memory } = profiles[at]!;
      while (profiles[at + times] === profiles[at]) times += 1;
      const moved = unit.kind === 'layer' ? (1 - left) * (memory.offloadableBytes / Math.max(1, memory.savedBytes)) : 0;
      const copies = times * held[stage]! * (1 - moved);
      for (const tensor of memory.kept) {
        bytes.set(tensor.name, (bytes.get(tensor.name) ?? 0) + tensor.bytes * copies);
      }
    }
  });
}

/** Which part of what a stage's layers can offload is on the host. */
function offloadedFraction(profiles: readonly UnitProfile[], hostBytes: number): number {
  if (hostBytes === 0) return 0;
  const offloadable = profiles.reduce((sum, { unit, memory }) => {
    return unit.kind === 'layer' ? sum + memory.offloadableBytes : sum;
  }, 0);
  return hostBytes / offloadable;
}
