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
    const moment = isPass ? duringPass(held, pass, temporaryBytes) : duringStep(held, pass.savedBytes + temporaryBytes);
    const totals = totalsOf(job.stack, communicators, moment);
    return { totals, parts: moment.parts, held, pass: isPass ? pass : undefined };
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

/** What is alive at a moment: of it what comes and goes, and temporary tensors of other moments. */
interface Moment {
  readonly parts: MemoryParts;
  readonly transientBytes: number;
  readonly idleBytes: number;
}

function duringPass(held: DeviceMemory, pass: PassPeak, temporaryBytes: number): Moment {
  const parts = {
    parametersBytes: held.states.parametersBytes,
    gradientsBytes: held.states.gradientsBytes,
    optimizerBytes: held.states.optimizerBytes,
    activationsBytes: pass.savedBytes,
    temporaryBytes: pass.transientBytes + held.workspaceBytes,
    communicationBytes: held.bufferBytes + held.gatheredBytes,
  };
  const transientBytes = pass.savedBytes + pass.transientBytes;
  const idleBytes = Math.max(0, temporaryBytes - pass.transientBytes);
  return { parts, transientBytes, idleBytes };
}

function duringStep(held: DeviceMemory, transientMost: number): Moment {
  const { states } = held;
  const parts = {
    parametersBytes: states.parametersBytes,
    gradientsBytes: states.gradientsBytes + states.stepBytes,
    optimizerBytes: states.optimizerBytes,
    activationsBytes: 0,
    temporaryBytes: held.workspaceBytes,
    communicationBytes: held.bufferBytes,
  };
  // The blocks of the passes serve the step as well.
  const idleBytes = Math.max(0, transientMost - states.stepBytes);
  return { parts, transientBytes: states.stepBytes, idleBytes };
}

function totalsOf(stack: Stack, communicators: number, { parts, transientBytes, idleBytes }: Moment): MemoryTotals {
  const allocatedBytes =
    parts.parametersBytes +
    parts.gradientsBytes +
    parts.optimizerBytes +
    parts.activationsBytes +
    parts.temporaryBytes +
    parts.communicationBytes;
  const tensors = { steadyBytes: allocatedBytes - transientBytes, transientBytes, idleBytes };
  const { reservedBytes, deviceBytes } = frameworkMemory(stack, tensors, communicators);
  return { peakBytes: deviceBytes, allocatedBytes, reservedBytes, frameworkBytes: deviceBytes - allocatedBytes };
}
