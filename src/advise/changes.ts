import type { Job, Parallelism } from '../job/job.ts';
import type { Recompute } from '../memory/recompute.ts';
import { findSchedule } from '../pipeline/schedules/index.ts';

/** One change to how a job is spread, in words and as the job it gives. */
export interface Change {
  readonly words: string;
  readonly job: Job;
}

type Changed = (job: Job) => Change | undefined;

/** Single changes that take memory off a device, each undefined where it is not possible or already so. */
export const changes: readonly Changed[] = [
  recomputing({ mode: 'selective' }),
  recomputing({ mode: 'selective-op' }),
  recomputing({ mode: 'full' }),
  recomputing({ mode: 'auto' }),
  sharding(1),
  sharding(2),
  sharding(3),
  splitSequence,
  halfMicrobatch,
  twice('tensor'),
  twice('pipeline'),
  twice('context'),
  offloadActivations,
  offloadOptimizer,
];

function changed(job: Job, words: string, parallelism: Partial<Parallelism>): Change {
  return { words, job: { ...job, parallelism: { ...job.parallelism, ...parallelism } } };
}

function recomputing(recompute: Recompute): Changed {
  return (job) =>
    job.parallelism.recompute.mode === recompute.mode || isGraph(job)
      ? undefined
      : changed(job, `recompute ${recompute.mode}`, { recompute });
}

/** A model given as a graph has no layers to recompute, and nothing says how its operators would be split. */
function isGraph({ model }: Job): boolean {
  return model.graph !== undefined;
}

/** Stacks that shard gradients and parameters as well as optimizer states. */
const shardsAll: ReadonlySet<string> = new Set(['deepspeed', 'fsdp1', 'fsdp2', 'smp-v2']);

function sharding(zeroStage: 1 | 2 | 3): Changed {
  return (job) => {
    const { zeroStage: before, degrees } = job.parallelism;
    if (before >= zeroStage || degrees.data * degrees.context === 1) return undefined;
    if (zeroStage > 1 && (!shardsAll.has(job.stack.name) || degrees.pipeline > 1)) return undefined;
    return changed(job, `zeroStage ${zeroStage}`, { zeroStage });
  };
}

function splitSequence(job: Job): Change | undefined {
  const { degrees } = job.parallelism;
  if (degrees.sequenceParallel || degrees.tensor === 1 || job.stack.name === 'smp-v1') return undefined;
  return changed(job, 'sequenceParallel true', { degrees: { ...degrees, sequenceParallel: true } });
}

function halfMicrobatch(job: Job): Change | undefined {
  const microBatchSize = job.parallelism.microBatchSize / 2;
  if (!Number.isInteger(microBatchSize)) return undefined;
  return legal(
    changed(job, `microBatchSize ${microBatchSize}`, {
      microBatchSize,
      microbatches: 2 * job.parallelism.microbatches,
    }),
  );
}

/** Twice the degree for half the replicas. */
function twice(dimension: 'tensor' | 'pipeline' | 'context'): Changed {
  return (job) => {
    const { parallelism, model, training } = job;
    const { degrees, partitioner, shardingDegree, microbatches } = parallelism;
    const degree = 2 * degrees[dimension];
    const data = degrees.data / 2;
    if (!Number.isInteger(data) || (dimension !== 'pipeline' && isGraph(job))) return undefined;
    const parts: Readonly<Record<typeof dimension, readonly number[]>> = {
      tensor: [model.attentionHeads, model.hiddenSize, model.feedForwardSize],
      pipeline: [],
      context: [training.sequenceLength],
    };
    if (parts[dimension].some((size) => size % degree !== 0)) return undefined;
    if (dimension === 'tensor' && degree > job.cluster.instance.ranks) return undefined;
    if (
      dimension === 'pipeline' &&
      (partitioner.kind === 'layers' ||
        degree * parallelism.virtualStages > (model.graph?.nodes.length ?? model.layers))
    ) {
      return undefined;
    }
    return legal(
      changed(job, `${dimension} ${degree} (data ${data})`, {
        degrees: { ...degrees, [dimension]: degree, data },
        shardingDegree: Math.min(shardingDegree, data),
        microbatches: 2 * microbatches,
        ...(dimension === 'pipeline' ? inPipeline(parallelism, degree) : {}),
      }),
    );
  };
}

/** What follows the number of stages where the job does not say otherwise. */
function inPipeline({ degrees, microbatchGroupSize, activeMicrobatches }: Parallelism, pipeline: number) {
  return {
    microbatchGroupSize: microbatchGroupSize === degrees.pipeline ? pipeline : microbatchGroupSize,
    activeMicrobatches: activeMicrobatches + pipeline - degrees.pipeline,
  };
}

function offloadActivations(job: Job): Change | undefined {
  const { offload, recompute } = job.parallelism;
  const { activations, horizon } = job.stack.offloads;
  if (isGraph(job) || activations === 'none' || offload !== undefined || !hasHostLink(job)) return undefined;
  if (activations === 'checkpoints' && recompute.mode !== 'full') return undefined;
  return changed(job, 'offload.activations true', {
    offload: { activations: 1, optimizer: 0, parameters: 0, horizon },
  });
}

function offloadOptimizer(job: Job): Change | undefined {
  const { offloads } = job.stack;
  if (!offloads.optimizer || job.parallelism.offload !== undefined || !hasHostLink(job)) return undefined;
  const { horizon } = offloads;
  return changed(job, 'offload.optimizer true', { offload: { activations: 0, optimizer: 1, parameters: 0, horizon } });
}

function hasHostLink({ cluster }: Job): boolean {
  const { hostLinkBytesPerSecond, measuredHostLinkBytesPerSecond } = cluster.instance;
  return hostLinkBytesPerSecond !== undefined || measuredHostLinkBytesPerSecond !== undefined;
}

/** The change where its schedule can run it. */
function legal(change: Change): Change | undefined {
  const { schedule, degrees, virtualStages, microbatches, microbatchGroupSize, activeMicrobatches } =
    change.job.parallelism;
  const shape = { stages: degrees.pipeline, virtualStages, microbatches, microbatchGroupSize, activeMicrobatches };
  return findSchedule(schedule).illegal(shape) === undefined ? change : undefined;
}
