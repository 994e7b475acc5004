import { parameterReplicas } from '../graph/degrees.ts';
import { collectiveSeconds, groupOf } from '../hardware/collectives/index.ts';
import { memoryBoundSeconds } from '../hardware/kernels/memoryBound.ts';
import type { Job } from '../job/job.ts';
import type { RankLayout } from '../partition/placement.ts';
import { elementBytes, gradientBytes } from '../stack/precision.ts';
import { stateSharding } from './profiles.ts';
import { deviceParameters, type StageProfile } from './stageProfile.ts';

/** When the last backward pass of a device's chunk runs, and the chunk. */
export interface LastBackward {
  readonly start: number;
  readonly end: number;
  readonly stage: StageProfile;
}

/** What a device does between its last backward pass and the next step, seconds. */
export interface EndOfStep {
  /** When its gradients are averaged. */
  readonly reducedAt: number;
  readonly optimizer: number;
  /** Gathering updated parameters where nothing hides it. */
  readonly gather: number;
}

/**
 * Bytes that Adam moves for a parameter it owns: reads the gradient, the master copy and both moments in fp32, writes
 * the last three and the parameter itself.
 */
const adamBytes = 4 * 4 + 3 * 4;
/** Passes over all gradients: their norm, and zeroing them for the next step; 16 bits also check for overflow. */
const gradientPasses = 3;

/** Reduces a device's gradients chunk by chunk, steps its optimizer and gathers what it changed. */
export function endOfStep(job: Job, layout: RankLayout, chunks: readonly LastBackward[]): EndOfStep {
  const { stack } = job;
  const { instance, devices } = job.cluster;
  const { degrees } = job.parallelism;
  const replicas = parameterReplicas(degrees);
  const stride = degrees.context > 1 ? layout.context : layout.data;
  const group = groupOf(instance, replicas, stride, devices);
  const { zeroStage, replicas: shards } = stateSharding(job);
  const parameterBytes = elementBytes(job.training.precision);
  const reduceBytes = job.training.precision === 'fp32' ? 4 : gradientBytes(stack.gradientReduceDtype);

  let free = 0;
  const parameters = deviceParameters(chunks.map(({ stage }) => stage));
  for (const { start, end, stage } of chunks) {
    const bytes = stage.parameters * reduceBytes;
    const buckets = Math.max(1, Math.ceil(bytes / stack.gradientBucketBytes));
    const kind = zeroStage === 0 ? 'all-reduce' : 'reduce-scatter';
    const reduction = buckets * collectiveSeconds(kind, bytes / buckets, group);
    free = stack.overlapsGradients
      ? overlappedEnd(free, start, end, reduction, buckets)
      : Math.max(free, chunks[chunks.length - 1]!.end) + reduction;
  }
  const last = chunks[chunks.length - 1]!.end;
  const owned = zeroStage === 0 ? parameters : Math.ceil(parameters / shards);
  const passes = gradientPasses * gradientBytes(stack.gradientAccumulationDtype);
  const optimizer = memoryBoundSeconds(
    instance.accelerator,
    owned * (adamBytes + parameterBytes) + parameters * passes,
  );
  const gathered = zeroStage === 0 ? 0 : collectiveSeconds('all-gather', parameters * parameterBytes, group);
  return {
    reducedAt: Math.max(last, free),
    optimizer,
    gather: stack.overlapsParameters
      ? exposedGather(gathered, parameters * parameterBytes, chunks, stack.gradientBucketBytes)
      : gathered,
  };
}

/**
 * When `buckets` equal reductions end that become ready one by one during a backward pass and run one by one: either
 * the first one starts the queue, or the last one ends it. Equal to running each as a task on a stream of its own.
 */
function overlappedEnd(free: number, start: number, end: number, reduction: number, buckets: number): number {
  const first = start + (end - start) / buckets;
  return Math.max(Math.max(free, first) + reduction, end + reduction / buckets);
}

/** What the first forward pass waits for: the first bucket, and whatever is longer than that pass. */
function exposedGather(seconds: number, bytes: number, chunks: readonly LastBackward[], bucketBytes: number): number {
  const buckets = Math.max(1, Math.ceil(bytes / bucketBytes));
  const forward = chunks.reduce((sum, { stage }) => sum + stage.forward + stage.forwardTensorComm, 0);
  return Math.max(seconds / buckets, seconds - forward * (1 - 1 / buckets));
}

/** Averaging the gradients of tied embeddings between the two ends of a pipeline. */
export function tiedReductionSeconds(job: Job, layout: RankLayout, parameters: number): number {
  const { instance, devices } = job.cluster;
  const distance = layout.pipeline * (job.parallelism.degrees.pipeline - 1);
  const bytes = parameters * gradientBytes(job.stack.gradientReduceDtype);
  return collectiveSeconds('all-reduce', bytes, groupOf(instance, 2, Math.min(distance, devices), devices));
}
