import type { Job } from '../job/job.ts';
import { communicatorCount, frameworkMemory } from '../memory/framework.ts';
import type { PipelineTimeline } from '../pipeline/run.ts';
import { type DeviceMemory, deviceMemory } from './deviceMemory.ts';
import { largestAlive, type PassPeak } from './largestAlive.ts';
import { type Pass, visitPasses } from './passes.ts';
import type { StageMemory } from './report.ts';
import { largestTransferBytes, type StageProfile, stagesOf } from './stageProfile.ts';

/**
 * Walks a device's tasks in order, and says of each what is held while it runs: bytes saved for backward passes, and
 * bytes that only this task needs; then what it leaves behind. A forward pass adds what its stage saves for a
 * microbatch; the passes that read it last (both halves of a split backward pass) take it away.
 */
export function walkMemory(
  { plan }: PipelineTimeline,
  device: number,
  stages: readonly StageProfile[],
  visit: (task: number, savedBytes: number, transientBytes: number, leftBytes: number) => void,
): void {
  let held = 0;
  let freed = 0;
  let transient = 0;
  const visitPass = (pass: Pass, lane: number) => {
    const stage = stages[lane % plan.virtualStages]!;
    switch (pass) {
      case 'forward':
        held += stage.savedBytes;
        return;
      case 'backward':
        transient += Math.max(stage.backwardTransientBytes, stage.lossTransientBytes);
        freed += stage.savedBytes;
        return;
      case 'backward-input':
        transient += Math.max(stage.backwardTransientBytes, stage.lossTransientBytes);
        freed += stage.savedBytes - stage.weightBytes;
        return;
      case 'backward-weight':
        freed += stage.weightBytes;
    }
  };
  for (let index = plan.deviceOffset[device]!; index < plan.deviceOffset[device + 1]!; index++) {
    const task = plan.deviceTasks[index]!;
    freed = 0;
    transient = 0;
    visitPasses(plan, task, visitPass);
    visit(task, held, transient, held - freed);
    held -= freed;
  }
}

/** The moment at which a device holds most for backward passes and for the task at work. */
export function passPeak(timeline: PipelineTimeline, device: number, stages: readonly StageProfile[]): PassPeak {
  let savedMost = 0;
  let transientMost = 0;
  let fullest = -1;
  walkMemory(timeline, device, stages, (task, savedBytes, transientBytes) => {
    if (savedBytes + transientBytes > savedMost + transientMost) {
      savedMost = savedBytes;
      transientMost = transientBytes;
      fullest = task;
    }
  });
  return { savedBytes: savedMost, transientBytes: transientMost, task: fullest };
}

/** Temporary tensors of a device's chunks, the largest of the layers and of the loss. */
function temporaryKinds(stages: readonly StageProfile[]): number {
  let layer = 0;
  let loss = 0;
  for (const stage of stages) {
    layer = Math.max(layer, stage.backwardTransientBytes);
    loss = Math.max(loss, stage.lossTransientBytes);
  }
  return layer + loss;
}

/**
 * Memory of every pipeline rank at its fullest moment, its parts summing to what the driver would show: during a pass,
 * or while the optimizer steps.
 * @param stepsAt when each device's optimizer starts
 */
export function stageMemory(
  job: Job,
  timeline: PipelineTimeline,
  stages: readonly StageProfile[],
  stepsAt: (device: number) => number,
): StageMemory[] {
  const { pipeline } = job.parallelism.degrees;
  return Array.from({ length: pipeline }, (_, device) => {
    const chunks = stagesOf(timeline.plan, stages, device);
    const memory = deviceMemory(job, chunks, largestTransferBytes(stages));
    const peak = passPeak(timeline, device, stages);
    const passes = memory.gatheredBytes + peak.savedBytes + peak.transientBytes;
    return passes >= memory.states.stepBytes
      ? duringPass(job, timeline, stages, device, memory, peak, temporaryKinds(chunks))
      : duringStep(job, device, memory, stepsAt(device), peak.savedBytes + temporaryKinds(chunks));
  });
}

function duringPass(
  job: Job,
  timeline: PipelineTimeline,
  stages: readonly StageProfile[],
  device: number,
  memory: DeviceMemory,
  peak: PassPeak,
  temporaryBytes: number,
): StageMemory {
  const parts = {
    parametersBytes: memory.states.parametersBytes,
    gradientsBytes: memory.states.gradientsBytes,
    optimizerBytes: memory.states.optimizerBytes,
    activationsBytes: peak.savedBytes,
    temporaryBytes: peak.transientBytes + memory.workspaceBytes,
    communicationBytes: memory.bufferBytes + memory.gatheredBytes,
  };
  const transientBytes = peak.savedBytes + peak.transientBytes;
  const idleBytes = Math.max(0, temporaryBytes - peak.transientBytes);
  return {
    stage: device,
    ...summed(job, parts, transientBytes, idleBytes),
    peakAtSeconds: peak.task < 0 ? 0 : timeline.start[peak.task]!,
    ...parts,
    largest: largestAlive(timeline.plan, device, stages, memory, peak),
  };
}

function duringStep(
  job: Job,
  device: number,
  memory: DeviceMemory,
  atSeconds: number,
  transientMost: number,
): StageMemory {
  const parts = {
    parametersBytes: memory.states.parametersBytes,
    gradientsBytes: memory.states.gradientsBytes + memory.states.stepBytes,
    optimizerBytes: memory.states.optimizerBytes,
    activationsBytes: 0,
    temporaryBytes: memory.workspaceBytes,
    communicationBytes: memory.bufferBytes,
  };
  // The blocks of the passes serve the step as well.
  const idleBytes = Math.max(0, transientMost - memory.states.stepBytes);
  return {
    stage: device,
    ...summed(job, parts, memory.states.stepBytes, idleBytes),
    peakAtSeconds: atSeconds,
    ...parts,
    largest: largestAlive(undefined, device, [], memory, undefined),
  };
}

type Parts = Pick<
  StageMemory,
  'parametersBytes' | 'gradientsBytes' | 'optimizerBytes' | 'activationsBytes' | 'temporaryBytes' | 'communicationBytes'
>;

function summed(job: Job, parts: Parts, transientBytes: number, idleBytes: number) {
  const allocatedBytes =
    parts.parametersBytes +
    parts.gradientsBytes +
    parts.optimizerBytes +
    parts.activationsBytes +
    parts.temporaryBytes +
    parts.communicationBytes;
  const communicators = communicatorCount(job.parallelism.degrees, job.model.tiedEmbeddings);
  const tensors = { steadyBytes: allocatedBytes - transientBytes, transientBytes, idleBytes };
  const { reservedBytes, deviceBytes } = frameworkMemory(job.stack, tensors, communicators);
  return { peakBytes: deviceBytes, allocatedBytes, reservedBytes, frameworkBytes: deviceBytes - allocatedBytes };
}
