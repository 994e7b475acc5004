import type { Fault } from '../../errors.ts';
import { checks } from '../../job/checks/index.ts';
import type { Draft, DraftedParallelism } from '../../job/draft.ts';
import { collectFaults, type FaultList } from '../../job/faults.ts';
import type { Job } from '../../job/job.ts';
import { readCluster } from '../../job/readCluster.ts';
import { readModel } from '../../job/readModel.ts';
import { readStack } from '../../job/readStack.ts';
import { readTraining } from '../../job/readTraining.ts';
import { refuseNotModelled } from '../../job/refuseNotModelled.ts';
import { readFields } from '../../job/schema/job.ts';
import type { WrittenCluster } from './clusters.ts';
import type { RequestInput } from './schema.ts';
import type { WrittenTraining } from './trainings.ts';

/** A job as it is written, without parallelism: what every plan of one kind and number of instances shares. */
export interface WrittenBase {
  readonly name?: string;
  readonly model: unknown;
  readonly cluster: { readonly instance: unknown; readonly count: number; readonly usdPerHour?: number };
  readonly stack?: unknown;
  readonly training: unknown;
}

/** One kind and number of instances, one batch and sequence length: the job without its parallelism. */
export interface Cell {
  /** Where it stands in the request. */
  readonly index: number;
  /** What tells it from the others, for people: `64 p5.48xlarge, batch 1,024`. */
  readonly title: string;
  readonly written: WrittenBase;
  readonly base: Omit<Job, 'parallelism'>;
}

const noParallelism: DraftedParallelism = {
  tensor: undefined,
  pipeline: undefined,
  context: undefined,
  expert: undefined,
  expertTensor: undefined,
  data: undefined,
  sequenceParallel: undefined,
  microBatchSize: undefined,
  microbatches: undefined,
  virtualStages: undefined,
  microbatchGroupSize: undefined,
  activeMicrobatches: undefined,
  schedule: undefined,
  partitioner: undefined,
  cutAt: undefined,
  cutsAfter: undefined,
  placement: undefined,
  zeroStage: undefined,
  shardingDegree: undefined,
  recompute: undefined,
  offload: undefined,
};

/** A job without parallelism, read and checked as the door of jobs does. */
export function readCell(
  input: RequestInput,
  { instance, count, usdPerHour, paths: clusterPaths }: WrittenCluster,
  { training: writtenTraining, says, paths: trainingPaths }: WrittenTraining,
  faults: FaultList,
): Omit<Cell, 'index'> | undefined {
  const written: WrittenBase = {
    ...(input.name === undefined ? {} : { name: input.name }),
    model: input.model,
    cluster: { instance, count, ...(usdPerHour === undefined ? {} : { usdPerHour }) },
    ...(input.stack === undefined ? {} : { stack: input.stack }),
    training: writtenTraining,
  };
  const own = collectFaults();
  const fields = readFields(written, own);
  const model = readModel(fields.model, fields.training?.sequenceLength, own);
  const cluster = readCluster(fields.cluster, own);
  const accelerator = cluster.instance?.accelerator;
  const training = readTraining(fields.training, accelerator, own);
  const stack = readStack(fields.stack, accelerator, training.precision, own);
  const draft: Draft = { input: fields, model, cluster, stack, training, parallelism: noParallelism, notes: [] };
  refuseNotModelled(draft, own);
  for (const check of checks) check(draft, own);
  for (const fault of own.faults) addOnce(faults, placed(fault, { ...clusterPaths, ...trainingPaths }));
  if (own.faults.length > 0 || model === undefined || stack === undefined || cluster.instance === undefined) {
    return undefined;
  }
  const { sequenceLength, globalBatchSize, precision, optimizer, tokens, steps } = training;
  if (sequenceLength === undefined || globalBatchSize === undefined) return undefined;
  if (precision === undefined || optimizer === undefined || cluster.devices === undefined) return undefined;
  const base = {
    name: input.name ?? `${model.name} on ${count} ${cluster.instance.name}`,
    model,
    cluster: {
      instance: cluster.instance,
      count,
      devices: cluster.devices,
      ...(usdPerHour === undefined ? {} : { usdPerHour }),
    },
    stack,
    training: {
      sequenceLength,
      globalBatchSize,
      precision,
      optimizer,
      ...(tokens === undefined ? {} : { tokens }),
      ...(steps === undefined ? {} : { steps }),
      stochasticRounding: training.stochasticRounding ?? false,
    },
  };
  return { title: `${count} ${cluster.instance.name}${says}`, written, base };
}

/** A fault at the path where the request has the field. */
function placed(fault: Fault, paths: Readonly<Record<string, string>>): Fault {
  const [from, to] = Object.entries(paths).find(([path]) => isWithin(fault.path, path)) ?? ['', ''];
  return { ...fault, path: `${to}${fault.path.slice(from.length)}` };
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`);
}

/** The same model stands in every cell: its faults are told once. */
export function addOnce(faults: FaultList, { path, message, code }: Fault): void {
  if (!faults.faults.some((known) => known.path === path && known.message === message)) faults.add(path, message, code);
}
