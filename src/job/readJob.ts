import { checks } from './checks/index.ts';
import type { Draft, Drafted } from './draft.ts';
import { collectFaults, type FaultList } from './faults.ts';
import type { Cluster, Job, Parallelism, Training } from './job.ts';
import { readCluster } from './readCluster.ts';
import { readModel } from './readModel.ts';
import { readParallelism } from './readParallelism.ts';
import { readStack } from './readStack.ts';
import { readTraining } from './readTraining.ts';
import { refuseNotModelled } from './refuseNotModelled.ts';
import { type JobInput, readFields } from './schema/job.ts';
import { pathsOf, withoutSmp } from './smp/index.ts';
import { counted } from './words.ts';

/**
 * The door: a job as a person or a program wrote it, with every default filled in, every name looked up and every
 * number known to fit the others.
 * @param value any value, such as JSON.parse gives
 * @throws {ForetrainError} with all faults found: first those of single fields, then those of fields together
 */
export function readJob(value: unknown): Job {
  const faults = collectFaults(pathsOf(value));
  const draft = draftJob(readFields(value, faults), faults);
  refuseNotModelled(draft, faults);
  for (const check of checks) check(draft, faults);
  faults.throwIfAny();
  return finish(draft);
}

function draftJob(written: JobInput, faults: FaultList): Draft {
  const model = readModel(written.model, written.training?.sequenceLength, faults);
  const cluster = readCluster(written.cluster, faults);
  const { input, notes } = withoutSmp(written, cluster, faults);
  const accelerator = cluster.instance?.accelerator;
  const training = readTraining(input.training, accelerator, faults);
  const stack = readStack(input.stack, accelerator, training.precision, faults);
  const parallelism = readParallelism(input.parallelism, { cluster, stack, training }, faults);
  return { input, model, cluster, stack, training, parallelism, notes };
}

/** The job of a draft without faults. */
function finish(draft: Draft): Job {
  const model = settled(draft.model, 'model');
  const cluster = finishCluster(draft.cluster);
  return {
    name: draft.input.name ?? `${model.name} on ${nameOf(cluster)}`,
    model,
    cluster,
    stack: settled(draft.stack, 'stack'),
    training: finishTraining(draft.training),
    parallelism: finishParallelism(draft),
    ...(draft.notes.length === 0 ? {} : { notes: draft.notes }),
  };
}

function nameOf({ instance, count, devices }: Cluster): string {
  if (devices === count * instance.ranks) return `${count} ${instance.name}`;
  return `${counted(devices, 'device')} of ${count} ${instance.name}`;
}

function finishCluster({ instance, count, devices, usdPerHour }: Drafted<Cluster>): Cluster {
  return {
    instance: settled(instance, 'cluster.instance'),
    count: settled(count, 'cluster.count'),
    devices: settled(devices, 'cluster.devices'),
    ...(usdPerHour === undefined ? {} : { usdPerHour }),
  };
}

function finishTraining({ tokens, steps, ...training }: Drafted<Training>): Training {
  return {
    sequenceLength: settled(training.sequenceLength, 'training.sequenceLength'),
    globalBatchSize: settled(training.globalBatchSize, 'training.globalBatchSize'),
    precision: settled(training.precision, 'training.precision'),
    optimizer: settled(training.optimizer, 'training.optimizer'),
    ...(tokens === undefined ? {} : { tokens }),
    ...(steps === undefined ? {} : { steps }),
    stochasticRounding: training.stochasticRounding ?? false,
  };
}

function finishParallelism({ parallelism }: Draft): Parallelism {
  const { tensor, pipeline, data, context, expert, expertTensor, sequenceParallel } = parallelism;
  return {
    degrees: {
      tensor: settled(tensor, 'parallelism.tensor'),
      pipeline: settled(pipeline, 'parallelism.pipeline'),
      data: settled(data, 'parallelism.data'),
      context: settled(context, 'parallelism.context'),
      expert: settled(expert, 'parallelism.expert'),
      expertTensor: settled(expertTensor, 'parallelism.expertTensor'),
      sequenceParallel: settled(sequenceParallel, 'parallelism.sequenceParallel'),
    },
    microBatchSize: settled(parallelism.microBatchSize, 'parallelism.microBatchSize'),
    microbatches: settled(parallelism.microbatches, 'parallelism.microbatches'),
    virtualStages: settled(parallelism.virtualStages, 'parallelism.virtualStages'),
    microbatchGroupSize: settled(parallelism.microbatchGroupSize, 'parallelism.microbatchGroupSize'),
    activeMicrobatches: settled(parallelism.activeMicrobatches, 'parallelism.activeMicrobatches'),
    schedule: settled(parallelism.schedule, 'parallelism.schedule').name,
    partitioner: settled(parallelism.partitioner, 'parallelism.partitioner'),
    cutAt: settled(parallelism.cutAt, 'parallelism.cutAt'),
    cutsAfter: settled(parallelism.cutsAfter, 'parallelism.cutsAfter'),
    placement: settled(parallelism.placement, 'parallelism.placement'),
    zeroStage: settled(parallelism.zeroStage, 'parallelism.zeroStage'),
    shardingDegree: settled(parallelism.shardingDegree, 'parallelism.shardingDegree'),
    recompute: settled(parallelism.recompute, 'parallelism.recompute'),
    ...(parallelism.offload === undefined ? {} : { offload: parallelism.offload }),
  };
}

/** @throws Error where a value is missing although no fault says so: a mistake in this folder, not in the input. */
function settled<T>(value: T | undefined, path: string): T {
  if (value === undefined) throw new Error(`the job has no ${path}, and no fault says why`);
  return value;
}
