import type { Job } from '../job/job.ts';
import { oncePerObject } from '../keep.ts';
import { communicatorCount, frameworkMemory } from '../memory/framework.ts';
import type { PipelinePlan } from '../pipeline/plan.ts';
import type { Stack } from '../stack/stack.ts';
import { type DeviceMemory, deviceMemory, hostBytes } from './deviceMemory.ts';
import { type PassPeak, passPeaks } from './passPeak.ts';
import type { StageMemory } from './report.ts';
import { chunksByDevice, largestTransferBytes, type StageProfile } from './stageProfile.ts';

/** Bytes of a device by what they are for; with the framework's they sum to what the driver would show. */
export type MemoryParts = Pick<
  StageMemory,
  'parametersBytes' | 'gradientsBytes' | 'optimizerBytes' | 'activationsBytes' | 'temporaryBytes' | 'communicationBytes'
>;

/** The same bytes as tensors, as blocks of the allocator and as the driver would show them. */
export type MemoryTotals = Pick<StageMemory, 'peakBytes' | 'allocatedBytes' | 'reservedBytes' | 'frameworkBytes'>;

/** A pipeline rank at its fullest moment. */
export interface DevicePeak {
  readonly totals: MemoryTotals;
  readonly parts: MemoryParts;
  readonly held: DeviceMemory;
  /** The pass that runs then; undefined where the optimizer's step is the fullest moment. */
  readonly pass: PassPeak | undefined;
}

/** What a step needs of memory, and whether there is so much. */
export interface MemoryNeed {
  /** One a pipeline rank. */
  readonly devices: readonly DevicePeak[];
  /** Of the fullest device, as the driver would show it. */
  readonly peakBytes: number;
  readonly capacityBytes: number;
  /** Of the host of one instance. */
  readonly hostBytes: number;
  readonly hostCapacityBytes: number;
  readonly fits: boolean;
}

/** Memory of every pipeline rank at its fullest moment, during a pass or while its optimizer steps; and of a host. */
export function memoryNeed(job: Job, plan: PipelinePlan, stages: readonly StageProfile[]): MemoryNeed {
  const { instance } = job.cluster;
  const peakOf = devicePeaks(job, plan, stages);
  const devices = Array.from({ length: plan.stages }, (_, device) => peakOf(device));
  const peakBytes = Math.max(...devices.map(({ totals }) => totals.peakBytes));
  const capacityBytes = instance.accelerator.usableMemoryBytes;
  const onHost = hostBytes(job, plan, stages);
  const hostCapacityBytes = instance.hostMemoryBytes ?? Number.POSITIVE_INFINITY;
  const fits = peakBytes <= capacityBytes && onHost <= hostCapacityBytes;
  return { devices, peakBytes, capacityBytes, hostBytes: onHost, hostCapacityBytes, fits };
}

/** What finds a pipeline rank at its fullest moment. */
export function devicePeaks(
  job: Job,
  plan: PipelinePlan,
  stages: readonly StageProfile[],
): (device: number) => DevicePeak {
  const boundaryBytes = largestTransferBytes(stages);
  const communicators = communicatorCount(job.parallelism.degrees, job.model.tiedEmbeddings);
  const heldBy = oncePerObject((chunks: readonly StageProfile[]) => ({
    held: deviceMemory(job, chunks, boundaryBytes),
    temporaryBytes: temporaryKinds(chunks),
  }));
  const chunksOf = chunksByDevice(plan, stages);
  const passes = passPeaks(plan, stages);
  return (device) => {
    const { held, temporaryBytes } = heldBy(chunksOf[device]!);
    const pass = passes[device]!;
    const isPass = held.gatheredBytes + pass.savedBytes + pass.transientBytes >= held.states.stepBytes;
    const parts = isPass ? duringPass(held, pass) : duringStep(held);
    const totals = totalsOf(job.stack, communicators, held, allocated(parts), pass.mostSavedBytes + temporaryBytes);
    return { totals, parts, held, pass: isPass ? pass : undefined };
  };
}

/** Temporary tensors of a device's chunks, the largest of the layers and of the loss. */
function temporaryKinds(chunks: readonly StageProfile[]): number {
  let layer = 0;
  let loss = 0;
  for (const chunk of chunks) {
    layer = Math.max(layer, chunk.backwardTransientBytes);
    loss = Math.max(loss, chunk.lossTransientBytes);
  }
  return layer + loss;
}

function duringPass(held: DeviceMemory, pass: PassPeak): MemoryParts {
  const { parametersBytes, gradientsBytes, optimizerBytes } = held.states;
  return {
    parametersBytes,
    gradientsBytes,
    optimizerBytes,
    activationsBytes: pass.savedBytes,
    temporaryBytes: pass.transientBytes + held.workspaceBytes,
    communicationBytes: held.bufferBytes + held.gatheredBytes,
  };
}

function duringStep({ states, workspaceBytes, bufferBytes }: DeviceMemory): MemoryParts {
  return {
    parametersBytes: states.parametersBytes,
    gradientsBytes: states.gradientsBytes + states.stepBytes,
    optimizerBytes: states.optimizerBytes,
    activationsBytes: 0,
    temporaryBytes: workspaceBytes,
    communicationBytes: bufferBytes,
  };
}

const allocated = (parts: MemoryParts): number =>
  parts.parametersBytes +
  parts.gradientsBytes +
  parts.optimizerBytes +
  parts.activationsBytes +
  parts.temporaryBytes +
  parts.communicationBytes;

/**
 * What is allocated at the fullest moment, and what the allocator has taken by the end of a step.
 * @param passBytes blocks for all that passes save at most, and for the temporary tensors of each kind
 */
function totalsOf(
  stack: Stack,
  communicators: number,
  { states, bufferBytes, workspaceBytes, gatheredBytes }: DeviceMemory,
  allocatedBytes: number,
  passBytes: number,
): MemoryTotals {
  const { parametersBytes, gradientsBytes, optimizerBytes, stepBytes } = states;
  const steadyBytes = parametersBytes + gradientsBytes + optimizerBytes + bufferBytes + workspaceBytes;
  const passes = { steadyBytes: steadyBytes + gatheredBytes, transientBytes: passBytes };
  // The blocks of the passes serve the step as well.
  const step = { steadyBytes, transientBytes: Math.max(stepBytes, passBytes) };
  const ofPasses = frameworkMemory(stack, passes, communicators);
  const ofStep = frameworkMemory(stack, step, communicators);
  const { reservedBytes, deviceBytes } = ofPasses.reservedBytes >= ofStep.reservedBytes ? ofPasses : ofStep;
  return { peakBytes: deviceBytes, allocatedBytes, reservedBytes, frameworkBytes: deviceBytes - allocatedBytes };
}
