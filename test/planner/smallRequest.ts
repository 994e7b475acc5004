import fc from 'fast-check';

/** A request whose space is small enough to simulate all of it. */
export interface SmallRequest {
  readonly model: string;
  readonly clusters: readonly { readonly instance: unknown; readonly counts: readonly number[] }[];
  readonly stack: string;
  readonly training: Readonly<Record<string, unknown>> & {
    readonly globalBatchSize: number | readonly number[];
    readonly sequenceLength: number | readonly number[];
  };
  readonly objective?: string;
  readonly search: Readonly<Record<string, readonly unknown[]>>;
  readonly constraints?: Readonly<Record<string, number>>;
}

/** Eight GPUs each; of the second kind with little memory. */
const instances: readonly unknown[] = [
  'p4d.24xlarge',
  {
    extends: 'p5.48xlarge',
    name: 'p5 of 24 GB',
    accelerator: { extends: 'h100-sxm5-80', name: 'H100 of 24 GB', memoryBytes: 24e9 },
  },
];

const some = <T>(...values: readonly T[]) => fc.subarray([...values], { minLength: 1 });

const takesFp8 = (stack: string, instance: unknown) => stack === 'megatron-core' && instance === instances[1];

/** What SageMaker's library takes of a search: its own schedules, no chunks, no split sequences. */
const ofSmp = { schedule: ['smp-interleaved', 'smp-simple'], virtualStages: [1], sequenceParallel: [false] };

/**
 * Small requests over Megatron-Core, whose space has every field, and some over SageMaker's library, whose order of
 * passes depends on their costs; memory is short in some of them.
 */
export const smallRequest: fc.Arbitrary<SmallRequest> = fc
  .record({
    stack: fc.constantFrom('megatron-core', 'megatron-core', 'megatron-core', 'smp-v1'),
    model: fc.constantFrom('gpt2-124m', 'gpt3-1.3b', 'gpt3-6.7b', 'llama3-8b'),
    instance: fc.constantFrom(...instances),
    counts: some(1, 2, 3),
    training: fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ globalBatchSize: fc.constantFrom(16, 24, 48), sequenceLength: fc.constant(512) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ globalBatchSize: some(16, 24), sequenceLength: fc.constant([512]) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ globalBatchSize: fc.constant(24), sequenceLength: some(256, 512) }),
      },
    ),
    run: fc.constantFrom<{ tokens?: number; objective?: string }>(
      {},
      { tokens: 1e9 },
      { tokens: 1e9, objective: 'timeToTrain' },
      { tokens: 1e9, objective: 'usd' },
    ),
    tensor: some(2, 4, 8),
    pipeline: some(1, 2, 3, 4),
    microBatchSize: some(1, 2, 4),
    virtualStages: some(1, 2, 3),
    sequenceParallel: some(false, true),
    zeroStage: some(0, 1),
    recompute: some<unknown>('none', 'selective', 'full', { mode: 'full', layers: 2 }),
    offload: some<unknown>({}, { optimizer: true }),
    schedule: some('1f1b', 'interleaved', 'zb-h1', 'gpipe'),
    margin: fc.constantFrom(0, 0.1),
    narrow: fc.boolean(),
  })
  .map((draw) => ({
    model: draw.model,
    clusters: [{ instance: draw.instance, counts: draw.counts }],
    stack: draw.stack,
    training: {
      ...{ ...draw.training, precision: draw.narrow && takesFp8(draw.stack, draw.instance) ? 'fp8' : 'bf16' },
      ...(draw.run.tokens === undefined ? {} : { tokens: draw.run.tokens }),
    },
    ...(draw.run.objective === undefined ? {} : { objective: draw.run.objective }),
    search: {
      tensor: draw.tensor,
      pipeline: draw.pipeline,
      context: [1],
      microBatchSize: draw.microBatchSize,
      virtualStages: draw.virtualStages,
      sequenceParallel: draw.sequenceParallel,
      zeroStage: draw.zeroStage,
      recompute: draw.recompute,
      offload: draw.offload,
      schedule: draw.schedule,
      placement: ['PDT'],
      ...(draw.stack === 'smp-v1' ? ofSmp : {}),
    },
    constraints: { memoryMarginFraction: draw.margin },
  }));
