import { collectiveSeconds, groupOf, type Lost, lateSeconds, lostBeside } from '../hardware/collectives/index.ts';
import { memoryBoundSeconds } from '../hardware/kernels/memoryBound.ts';
import type { Job } from '../job/job.ts';
import { once } from '../keep.ts';
import { optimizerBytes } from '../memory/optimizerBytes.ts';
import type { RankLayout } from '../partition/placement.ts';
import { gradientBytes } from '../stack/precision.ts';
import type { Stack } from '../stack/stack.ts';
import { type DataGroups, dataGroups, exchangedBytes } from './dataComm.ts';
import { hostOptimizerSeconds } from './hostOptimizer.ts';
import { exchangeStage, staysGathered } from './profiles.ts';
import { deviceParameters, forwardSeconds, type StageProfile } from './stageProfile.ts';

/** When the last backward pass of a device's chunk runs, and the chunk. */
export interface LastBackward {
  readonly start: number;
  readonly end: number;
  readonly stage: StageProfile;
}

/** Gradients on their way to their average: from when the first of them leaves until the last has arrived, seconds. */
export interface Reduction {
  readonly of: 'gradients' | 'gradients of tied embeddings' | 'gradients of both directions';
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
}

/** What a device does between its last backward pass and the next step, seconds. */
export interface EndOfStep {
  /** One a chunk, and what pipeline ranks with the same parameters exchange; those that take no time are left out. */
  readonly reductions: readonly Reduction[];
  /** When its gradients are averaged. */
  readonly reducedAt: number;
  readonly optimizer: number;
  /** Gathering updated parameters where nothing hides it. */
  readonly gather: number;
  /** All that is gathered, hidden or not. */
  readonly gatherBytes: number;
}

/** What ends the step of a device whose last backward passes are known. */
export type EndOf = (chunks: readonly LastBackward[]) => EndOfStep;

/** Passes over all gradients: their norm, and zeroing them for the next step; 16 bits also check for overflow. */
const gradientPasses = 3;

/**
 * What reduces a device's gradients chunk by chunk, steps its optimizer and gathers what it changed. What does not depend
 * on when its passes run is worked out once for devices that are alike.
 */
export function endOfStep(job: Job, layout: RankLayout): EndOf {
  const { stack } = job;
  const groups = dataGroups(job, layout);
  const bytes = exchangedBytes(job);
  const zeroStage = exchangeStage(job);
  const gathers = zeroStage === 1 || zeroStage === 2;
  // Units that stay gathered are scattered by hand, after the last pass.
  const overlapsGradients = stack.overlapsGradients && !staysGathered(job);
  const reductionOf = once((parameters: number) => {
    const gradients = parameters * bytes.gradient;
    const buckets = Math.max(1, Math.ceil(gradients / stack.gradientBucketBytes));
    return { gradients, buckets, reduction: buckets * reductionSeconds(stack, zeroStage, gradients / buckets, groups) };
  });
  // Only what is sharded works from registered buffers.
  const lost = lostBeside(zeroStage >= 2 ? groups.copies : groups.replicas, false);
  const stepOf = once((parameters: number) => {
    const gatherBytes = gathers ? parameters * bytes.parameter : 0;
    const gathered = collectiveSeconds('all-gather', gatherBytes, groups.shards);
    return { optimizer: optimizerSeconds(job, parameters, groups), gatherBytes, gathered };
  });
  return (chunks) => {
    // A device that a module tree gave no work has nothing to wait for.
    const last = chunks.at(-1)?.end ?? 0;

    const reductions: Reduction[] = [];
    let free = 0;
    let late = 0;
    for (const { start, end, stage } of chunks) {
      const { gradients, buckets, reduction } = reductionOf(stage.parameters);
      if (overlapsGradients) late += lateBackward(stage, end - start, reduction, buckets, lost);
      const first = Math.max(free, overlapsGradients ? firstBucketAt(start, end, buckets) : last);
      free = overlapsGradients ? overlappedEnd(first, end + late, reduction, buckets) : first + reduction;
      if (reduction > 0) reductions.push({ of: 'gradients', start: first, end: free, bytes: gradients });
    }
    const { optimizer, gatherBytes, gathered } = stepOf(deviceParameters(chunks.map(({ stage }) => stage)));
    return {
      reductions,
      reducedAt: Math.max(last + late, free),
      optimizer,
      gather:
        stack.overlapsParameters && gathers
          ? exposedGather(gathered, gatherBytes, chunks, stack.gradientBucketBytes, lost)
          : gathered,
      gatherBytes,
    };
  };
}

/** Stepping a device's share of so many parameters, on the device and on its host. */
function optimizerSeconds(job: Job, parameters: number, groups: DataGroups): number {
  const { stack, cluster, training } = job;
  const zeroStage = exchangeStage(job);
  const shards = groups.shards.ranks;
  const owned = zeroStage === 0 ? parameters : Math.ceil(parameters / shards);
  const kept = zeroStage < 2 ? parameters : owned;
  const passes = gradientPasses * gradientBytes(stack.gradientAccumulationDtype);
  const onHost = job.parallelism.offload?.optimizer ?? 0;
  const stepped = optimizerBytes(stack, training.precision, training.optimizer, training.stochasticRounding);
  const onDevice = memoryBoundSeconds(
    cluster.instance.accelerator,
    (1 - onHost) * owned * stepped.moved + kept * passes,
  );
  return onDevice + hostOptimizerSeconds(job, onHost * owned);
}

/**
 * What is left to average once the passes are over: everything without ZeRO or with stage 1 (scattered inside sharding
 * groups, then reduced among their copies, by most stacks), only among copies with the stages that scatter in every pass.
 */
export function reductionSeconds(
  { averagesWholeGradients }: Stack,
  zeroStage: number,
  bytes: number,
  { replicas, shards, copies }: DataGroups,
): number {
  if (zeroStage === 0 || (zeroStage === 1 && averagesWholeGradients))
    return collectiveSeconds('all-reduce', bytes, replicas);
  const among = collectiveSeconds('all-reduce', bytes / shards.ranks, copies);
  return zeroStage === 1 ? collectiveSeconds('reduce-scatter', bytes, shards) + among : among;
}

/** When the first of `buckets` buckets of gradients is complete during a backward pass that fills them one by one. */
function firstBucketAt(start: number, end: number, buckets: number): number {
  return start + (end - start) / buckets;
}

/**
 * When `buckets` equal reductions end that become ready one by one during a backward pass and run one by one: either
 * the first one starts the queue, or the last one ends it. Equal to running each as a task on a stream of its own.
 */
function overlappedEnd(first: number, end: number, reduction: number, buckets: number): number {
  return Math.max(first + reduction, end + reduction / buckets);
}

/**
 * By how much a chunk's last backward pass is late as all buckets but the last are reduced beside it. A bound on a step
 * knows no products, and not how long the pass is: for it none is late.
 */
function lateBackward(stage: StageProfile, pass: number, reduction: number, buckets: number, lost: Lost): number {
  if (stage.backwardProducts === 0) return 0;
  const products = Math.min(pass, stage.backwardProducts);
  return lateSeconds(pass, products, Math.min(reduction, pass) * (1 - 1 / buckets), lost);
}

/**
 * By how much gathering makes the first forward pass longer: it waits for the first bucket and for whatever is longer than
 * the pass, and is slower beside the rest.
 */
function exposedGather(
  seconds: number,
  bytes: number,
  chunks: readonly LastBackward[],
  bucketBytes: number,
  lost: Lost,
): number {
  const buckets = Math.max(1, Math.ceil(bytes / bucketBytes));
  const forward = chunks.reduce((sum, { stage }) => sum + forwardSeconds(stage), 0);
  const products = chunks.reduce((sum, { stage }) => sum + stage.forwardProducts, 0);
  const late = lateSeconds(forward, products, seconds * (1 - 1 / buckets), lost);
  return Math.max(seconds / buckets + late, seconds - forward * (1 - 1 / buckets));
}

/** Bytes of gradients that one of two pipeline ranks with the same parameters averages with the other. */
export function mirroredBytes(job: Job, parameters: number): number {
  const { zeroStage, shardingDegree, degrees } = job.parallelism;
  const shards = zeroStage === 0 ? 1 : shardingDegree * degrees.context;
  return (parameters * exchangedBytes(job).gradient) / shards;
}

/** Averaging `bytes` between two pipeline ranks that are `distance` stages apart. */
export function pairReductionSeconds(job: Job, layout: RankLayout, distance: number, bytes: number): number {
  const { instance, devices } = job.cluster;
  return collectiveSeconds(
    'all-reduce',
    bytes,
    groupOf(instance, 2, Math.min(distance * layout.pipeline, devices), devices),
  );
}
