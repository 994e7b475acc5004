import fc from 'fast-check';
import { ForetrainError } from '../src/errors.ts';
import { findModel } from '../src/graph/catalogue.ts';
import { findInstance } from '../src/hardware/catalogue.ts';
import { readJob } from '../src/job/readJob.ts';

/** A job as a person writes it, as far as the tests change it. */
export interface WrittenJob {
  readonly model: string;
  readonly cluster: { readonly instance: unknown; readonly devices: number };
  readonly stack: unknown;
  readonly training: Readonly<Record<string, unknown>> & { readonly globalBatchSize: number };
  readonly parallelism: Readonly<Record<string, unknown>> & { readonly data: number; readonly pipeline: number };
}

const modelNames = [
  'gpt2-124m',
  'gpt3-1.3b',
  'gpt3-6.7b',
  'gpt3-175b',
  'megatron-7.5b',
  'korthikanti-22b',
  'gpt-j-6b',
  'llama2-7b',
  'llama3-8b',
  'llama3-70b',
  'llama3.2-1b',
  'bert-large',
];

/** Instances with the stacks that train on them; the accelerators of a name are known by the catalogue. */
const software: readonly (readonly [string, readonly string[]])[] = [
  ['p3dn.24xlarge', ['megatron-2021', 'megatron-deepspeed', 'smp-v1']],
  [
    'p4d.24xlarge',
    ['megatron-2021', 'megatron-2023', 'megatron-deepspeed', 'aleph-alpha-scaling', 'deepspeed', 'smp-v1'],
  ],
  ['p5.48xlarge', ['megatron-2023', 'megatron-core', 'deepspeed', 'smp-v1']],
  ['p6-b200.48xlarge', ['megatron-core', 'deepspeed']],
  ['trn1.32xlarge', ['neuronx-distributed']],
];

/** Schedules whose order does not depend on how long anything takes. */
export const fixedSchedules = [
  'gpipe',
  '1f1b',
  '1f1b-eager',
  'interleaved',
  'breadth-first',
  'smp-simple',
  'zb-h1',
  'zb-h2',
  'zb-v',
  'v-half',
  'v-min',
];
const looped = new Set(['interleaved', 'breadth-first']);
const folded = new Set(['zb-v', 'v-half', 'v-min']);

interface Choices {
  readonly partitioners: readonly string[];
  readonly schedules: readonly string[];
}

const mostLayersToProve = 24;

const powersTo = (most: number) => fc.integer({ min: 0, max: Math.log2(most) }).map((power) => 2 ** power);

/** Jobs that the door lets in, small and large, over every instance, stack and schedule that a step can run. */
export function anyJob(choices: Partial<Choices> = {}): fc.Arbitrary<WrittenJob> {
  const { partitioners = ['exact', 'uniform'], schedules = [...fixedSchedules, 'smp-interleaved'] } = choices;
  return fc
    .record({
      model: fc.constantFrom(...modelNames),
      place: fc.constantFrom(...software.flatMap(([instance, stacks]) => stacks.map((stack) => ({ instance, stack })))),
      schedule: fc.constantFrom(...schedules),
      partitioner: fc.constantFrom(...partitioners),
      tensor: powersTo(8),
      pipeline: powersTo(8),
      chunks: fc.integer({ min: 2, max: 3 }),
      data: fc.constantFrom(1, 2, 3, 4, 8, 16),
      microBatchSize: fc.constantFrom(1, 2, 3),
      rounds: fc.integer({ min: 1, max: 4 }),
      precision: fc.constantFrom('fp16', 'bf16', 'fp32'),
      zeroStage: fc.constantFrom(0, 1),
      sequenceParallel: fc.boolean(),
      sequenceLength: fc.constantFrom(512, 1024, 2048),
      placement: fc.constantFrom('PDT', 'DPT', 'TPD'),
      recompute: fc.constantFrom('none', 'selective', 'full', { mode: 'full', every: 2 }, { mode: 'full', layers: 1 }),
      tokens: fc.constantFrom(undefined, 1e9),
    })
    .map((draw): WrittenJob => {
      const virtualStages = looped.has(draw.schedule) ? draw.chunks : folded.has(draw.schedule) ? 2 : 1;
      const microbatches = draw.pipeline * draw.rounds;
      const { maxSequenceLength, layers } = findModel(draw.model)!;
      // The best cuts of many layers into several chunks a device can take seconds to prove.
      const partitioner = virtualStages > 1 && layers > mostLayersToProve ? 'uniform' : draw.partitioner;
      return {
        model: draw.model,
        cluster: { instance: draw.place.instance, devices: draw.tensor * draw.pipeline * draw.data },
        stack: draw.place.stack,
        training: {
          sequenceLength: Math.min(draw.sequenceLength, maxSequenceLength),
          globalBatchSize: microbatches * draw.data * draw.microBatchSize,
          precision: draw.precision,
          ...(draw.tokens === undefined ? {} : { tokens: draw.tokens }),
        },
        parallelism: {
          tensor: draw.tensor,
          pipeline: draw.pipeline,
          data: draw.data,
          microBatchSize: draw.microBatchSize,
          virtualStages,
          sequenceParallel: draw.sequenceParallel && draw.tensor > 1,
          schedule: draw.schedule,
          partitioner,
          placement: draw.placement,
          zeroStage: draw.zeroStage,
          recompute: draw.recompute,
        },
      };
    })
    .filter(isLegal);
}

function isLegal(job: WrittenJob): boolean {
  try {
    readJob(job);
    return true;
  } catch (error) {
    if (error instanceof ForetrainError) return false;
    throw error;
  }
}

/** How many times as fast as in the catalogue; 1 leaves it alone. */
export interface Speedup {
  readonly network: number;
  readonly flops: number;
  readonly memory: number;
}

/** The same job on an instance with a faster network, more FLOP/s and more memory bandwidth. */
export function onFasterHardware(job: WrittenJob, { network, flops, memory }: Speedup): WrittenJob {
  const base = findInstance(String(job.cluster.instance))!;
  const { accelerator } = base;
  const rates = Object.entries(accelerator.flopsPerSecond).map(([format, rate]) => [format, rate * flops] as const);
  const instance = {
    extends: base.name,
    networkBytesPerSecond: base.networkBytesPerSecond * network,
    accelerator: {
      extends: accelerator.name,
      memoryBytesPerSecond: accelerator.memoryBytesPerSecond * memory,
      flopsPerSecond: Object.fromEntries(rates),
    },
  };
  return { ...job, cluster: { ...job.cluster, instance } };
}
