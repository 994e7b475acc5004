import { type Fault, ForetrainError } from '../../src/errors.ts';
import type { Job } from '../../src/job/job.ts';
import { readJob } from '../../src/job/readJob.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A job that every test starts from: GPT-3 175B on 120 p4d.24xlarge with SageMaker's library. */
export const goodJob = {
  name: 'GPT-3 175B on 120 p4d',
  model: 'gpt3-175b',
  cluster: { instance: 'p4d.24xlarge', count: 120 },
  stack: 'smp-v1',
  training: { sequenceLength: 2048, globalBatchSize: 1920, precision: 'fp16', optimizer: 'adam', tokens: 300e9 },
  parallelism: {
    tensor: 8,
    pipeline: 6,
    data: 20,
    context: 1,
    expert: 1,
    microBatchSize: 1,
    virtualStages: 1,
    sequenceParallel: false,
    schedule: 'smp-interleaved',
    partitioner: 'exact',
    placement: 'DPT',
    zeroStage: 1,
    shardingDegree: 20,
    recompute: 'full',
    offload: { activations: false, optimizer: false },
  },
};

/** The same on Megatron-Core, with little said. */
export const plainJob = {
  model: 'gpt3-175b',
  cluster: { instance: 'p4d.24xlarge', count: 120 },
  training: { sequenceLength: 2048, globalBatchSize: 1920 },
  parallelism: { tensor: 8, pipeline: 6 },
};

/** A small model, field by field. */
export const smallModel = {
  name: 'small',
  family: 'gpt',
  layers: 24,
  hiddenSize: 2048,
  attentionHeads: 16,
  vocabularySize: 50257,
};

/** A copy of a value with other values at dotted paths; undefined leaves the field out. */
export function changed(value: unknown, changes: Fields): unknown {
  const copy: unknown = structuredClone(value);
  for (const [path, replacement] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const holder = keys.reduce<Record<string, unknown>>(
      (inner, key) => {
        inner[key] ??= {};
        return inner[key] as Record<string, unknown>;
      },
      copy as Record<string, unknown>,
    );
    if (replacement === undefined) delete holder[last];
    else holder[last] = replacement;
  }
  return copy;
}

/** What is wrong with an input, fault by fault; empty where nothing is. */
export function faultsOf(read: () => unknown): readonly Fault[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ForetrainError) return error.faults;
    throw error;
  }
}

/** Lines as the command line prints them: `path: what is wrong, what would do`. */
export function linesOf(read: () => unknown): readonly string[] {
  return faultsOf(read).map((fault) => `${fault.path}: ${fault.message}`);
}

/** What is wrong with the job after these changes. */
export function refusals(changes: Fields, job: unknown = goodJob): readonly string[] {
  return linesOf(() => readJob(changed(job, changes)));
}

/** The job after these changes. */
export function read(changes: Fields = {}, job: unknown = plainJob): Job {
  return readJob(changed(job, changes));
}
