import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/job/job.ts';
import { readJob } from '../../src/job/readJob.ts';
import { changed, faultsOf, linesOf } from './jobs.ts';

/** The configuration that AWS prints, as a SageMaker user has it. */
const printed = {
  pipeline_parallel_degree: 2,
  microbatches: 4,
  placement_strategy: 'spread',
  pipeline: 'interleaved',
  optimize: 'speed',
  ddp: true,
};
const job = {
  model: 'gpt2-1.5b',
  cluster: { instance: 'ml.p3.16xlarge', count: 1 },
  training: { sequenceLength: 1024, globalBatchSize: 32, precision: 'fp16' },
  smp: { parameters: printed, mpi: { processes_per_host: 8 } },
};
/** 64 A100s with tensor parallelism, as AWS's reference configurations have it. */
const wide = {
  model: 'gpt3-175b',
  cluster: { instance: 'ml.p4d.24xlarge', count: 8 },
  training: { sequenceLength: 2048, globalBatchSize: 128 },
  smp: {
    parameters: {
      tensor_parallel_degree: 8,
      pipeline_parallel_degree: 2,
      microbatches: 4,
      ddp: true,
      optimize: 'speed',
      prescaled_batch: true,
      shard_optimizer_state: true,
      bf16: true,
    },
  },
};
/** The second version: FSDP with context parallelism. */
const second = {
  model: 'llama-3-8b',
  cluster: { instance: 'ml.p4d.24xlarge', count: 4 },
  training: { sequenceLength: 8192, globalBatchSize: 64, precision: 'bf16' },
  smp: { parameters: { hybrid_shard_degree: 16, context_parallel_degree: 2, tensor_parallel_degree: 2 } },
};
/** Sharded data parallelism of the first version. */
const sharded = {
  model: 'gpt3-13b',
  cluster: { instance: 'ml.p4d.24xlarge', count: 2 },
  training: { sequenceLength: 2048, globalBatchSize: 64, precision: 'fp16' },
  smp: { parameters: { ddp: true, sharded_data_parallel_degree: 16, microbatches: 1 } },
};

const p = (key: string) => `smp.parameters.${key}`;
const read = (base: unknown, changes: Readonly<Record<string, unknown>> = {}): Job => readJob(changed(base, changes));
const lines = (base: unknown, changes: Readonly<Record<string, unknown>>) => linesOf(() => read(base, changes));

describe('the configuration that AWS prints', () => {
  test('reads as printed', () => {
    const { stack, training, parallelism, notes } = read(job);
    expect([stack.name, training.precision]).toEqual(['smp-v1', 'fp16']);
    expect(parallelism).toMatchObject({
      degrees: { tensor: 1, pipeline: 2, data: 4, context: 1 },
      microBatchSize: 2,
      microbatches: 4,
      schedule: 'smp-interleaved',
      activeMicrobatches: 4,
      partitioner: { kind: 'tree', memoryWeight: 0.2 },
      placement: 'TPD',
      zeroStage: 0,
      recompute: { mode: 'none' },
    });
    expect(notes).toBeUndefined();
  });

  test('is one process a device', () => {
    expect(lines(job, { 'smp.mpi.processes_per_host': 4 })).toEqual([
      'smp.mpi.processes_per_host: 4 processes a host do not match: p3.16xlarge has 8 devices, one process each; 8 would do',
    ]);
    const half = { cluster: { instance: 'p3.16xlarge', devices: 4 }, 'smp.mpi.processes_per_host': 4 };
    expect(read(job, half).cluster.devices).toBe(4);
  });
});

describe('every key of version 1', () => {
  test.each<readonly [Readonly<Record<string, unknown>>, object]>([
    [{ [p('pipeline_parallel_degree')]: undefined, [p('partitions')]: 4 }, { degrees: { pipeline: 4, data: 2 } }],
    [{ [p('partitions')]: 2 }, { degrees: { pipeline: 2 } }],
    [{ [p('microbatches')]: undefined }, { microbatches: 1, microBatchSize: 8 }],
    [{ [p('pipeline')]: 'simple' }, { schedule: 'smp-simple' }],
    [{ [p('optimize')]: 'memory' }, { partitioner: { kind: 'tree', memoryWeight: 0.8 } }],
    [{ [p('optimize')]: undefined }, { partitioner: { kind: 'tree', memoryWeight: 0.8 } }],
    [{ [p('memory_weight')]: 0.5 }, { partitioner: { kind: 'tree', memoryWeight: 0.5 } }],
    [{ [p('placement_strategy')]: 'cluster' }, { placement: 'DPT' }],
    [{ [p('placement_strategy')]: undefined }, { placement: 'DPT' }],
    [{ [p('placement_strategy')]: 'PTD' }, { placement: 'PTD' }],
    [{ [p('active_microbatches')]: 3 }, { activeMicrobatches: 3 }],
    [{ [p('shard_optimizer_state')]: true }, { zeroStage: 1, shardingDegree: 4 }],
    [{ [p('checkpoint_attentions')]: true }, { recompute: { mode: 'selective' } }],
    [{ [p('auto_partition')]: true, [p('default_partition')]: 1 }, { partitioner: { kind: 'tree' } }],
    [{ [p('pipeline_parallel_degree')]: 1, [p('auto_partition')]: false }, { partitioner: { kind: 'exact' } }],
    [
      {
        [p('deterministic_server')]: true,
        [p('skip_tracing')]: true,
        [p('static_mode')]: false,
        [p('fast_mode')]: false,
        [p('horovod')]: false,
        [p('_match_weights')]: false,
        [p('offload_activations')]: false,
        [p('activation_loading_horizon')]: 4,
        [p('sdp_max_live_parameters')]: 5,
      },
      { degrees: { pipeline: 2 } },
    ],
  ])('%j', (changes, expected) => {
    expect(read(job, changes).parallelism).toMatchObject(expected);
  });

  test('precision follows fp16, bf16 and fp16_params where the job names none', () => {
    const none = { 'training.precision': undefined };
    expect(read(job, { ...none, [p('fp16')]: true }).training.precision).toBe('fp16');
    expect(read(wide).training.precision).toBe('bf16');
    expect(read(job, { ...none, [p('fp16_params')]: true }).training.precision).toBe('fp16');
  });

  test('gradients are added up in fp32 where the parameters say so', () => {
    expect(read(job).stack.gradientAccumulationDtype).toBe('fp16');
    expect(read(job, { [p('_fp32_grad_accumulation')]: true }).stack.gradientAccumulationDtype).toBe('fp32');
  });

  test('what sharded data parallelism gathers at once is limited as the parameters say', () => {
    const limits = { [p('sdp_max_live_parameters')]: 2e8, [p('sdp_param_persistence_threshold')]: 1e4 };
    const limited = read(sharded, limits);
    expect(limited.stack.gathers).toEqual({
      mostLiveParameters: 2e8,
      persistenceThreshold: 1e4,
      bucketElements: 5e8,
    });
    expect(limited.notes?.join()).toContain('sdp_max_live_parameters counts for memory');
    expect(read(sharded).stack.gathers).toMatchObject({ mostLiveParameters: 1e9, persistenceThreshold: 1e6 });
    expect(read(sharded).notes?.join() ?? '').not.toContain('sdp_max_live_parameters');
    // Without sharding they mean nothing.
    expect(read(job, limits).stack.gathers).toMatchObject({ mostLiveParameters: 1e9 });
  });

  test('checkpoints are offloaded, and come back as early as the parameters say', () => {
    const offload = { [p('offload_activations')]: true, 'parallelism.recompute': 'full' };
    expect(read(job, offload).parallelism.offload).toMatchObject({ activations: 1, horizon: 4 });
    const early = { ...offload, [p('activation_loading_horizon')]: 6 };
    expect(read(job, early).parallelism.offload).toMatchObject({ activations: 1, horizon: 6 });
    const faults = faultsOf(() => read(job, { [p('offload_activations')]: true }));
    expect(faults.map(({ path }) => path)).toEqual([p('offload_activations')]);
  });

  test('tensor ranks share what a group takes', () => {
    const { parallelism } = read(wide);
    expect(parallelism).toMatchObject({
      degrees: { tensor: 8, pipeline: 2, data: 4 },
      microBatchSize: 8,
      microbatches: 4,
      zeroStage: 1,
    });
    expect(read(wide, { [p('prescaled_batch')]: false }).parallelism.microBatchSize).toBe(8);
  });

  test('sharded data parallelism is ZeRO 3 in groups', () => {
    expect(read(sharded).parallelism).toMatchObject({ zeroStage: 3, shardingDegree: 16, microbatches: 1 });
    expect(read(sharded).notes).toEqual([expect.stringContaining('SMDDP')]);
    expect(read(sharded, { [p('ddp_dist_backend')]: 'nccl' }).notes).toBeUndefined();
  });

  test('what the library would do otherwise by default is said', () => {
    expect(read(wide, { [p('optimize')]: undefined }).notes).toEqual([expect.stringContaining('optimize "speed"')]);
  });
});

describe('every key of version 2', () => {
  test('shards among hybrid_shard_degree ranks, context ranks among them; one microbatch', () => {
    const { stack, parallelism } = read(second);
    expect(stack.name).toBe('smp-v2');
    expect(parallelism).toMatchObject({
      degrees: { tensor: 2, context: 2, pipeline: 1, data: 8 },
      microBatchSize: 8,
      microbatches: 1,
      zeroStage: 3,
      shardingDegree: 8,
    });
  });

  test.each<readonly [Readonly<Record<string, unknown>>, object]>([
    [{ [p('hybrid_shard_degree')]: 0 }, { shardingDegree: 8 }],
    [
      { [p('hybrid_shard_degree')]: 1, [p('context_parallel_degree')]: 1 },
      { shardingDegree: 1, zeroStage: 3 },
    ],
    [
      {
        [p('sm_activation_offloading')]: true,
        [p('activation_loading_horizon')]: 2,
        [p('fsdp_cache_flush_warnings')]: false,
        [p('allow_empty_shards')]: true,
        [p('random_seed')]: 12345,
        [p('expert_parallel_degree')]: 1,
      },
      { shardingDegree: 8 },
    ],
  ])('%j', (changes, expected) => {
    expect(read(second, changes).parallelism).toMatchObject(expected);
  });

  test('a script offloads, and comes back as early as the parameters say', () => {
    const changes = {
      'parallelism.offload': { activations: true },
      'parallelism.recompute': 'full',
      [p('activation_loading_horizon')]: 3,
    };
    expect(read(second, changes).parallelism.offload).toMatchObject({ activations: 1, horizon: 3 });
  });

  test('an empty dictionary is version 1, or what the stack says', () => {
    const empty = { [p('pipeline_parallel_degree')]: undefined };
    expect(read({ ...second, smp: { parameters: {} }, stack: 'smp-v2' }).parallelism.zeroStage).toBe(3);
    expect(read(job, { ...empty, smp: { parameters: { ddp: true } } }).stack.name).toBe('smp-v1');
  });
});

describe('faults', () => {
  test.each<readonly [unknown, Readonly<Record<string, unknown>>, string]>([
    [
      job,
      { [p('microbatchs')]: 4 },
      `${p('microbatchs')}: is not a field of the SMP parameters; did you mean microbatches?`,
    ],
    [job, { [p('ddp')]: false }, `${p('ddp')}: must be true with 4 replicas of the model; true would do`],
    [
      wide,
      { [p('ddp')]: undefined },
      `${p('ddp')}: must be true with tensor_parallel_degree 8: tensor ranks are data-parallel ranks`,
    ],
    [
      job,
      { [p('microbatches')]: 3 },
      `${p('microbatches')}: 3 does not divide the 8 sequences of a replica (globalBatchSize 32 ÷ 4); a number that divides them would do`,
    ],
    [
      wide,
      { [p('prescaled_batch')]: false, [p('microbatches')]: 8 },
      `${p('microbatches')}: 8 leaves 4 sequences a microbatch for the 8 ranks of a tensor group, which without prescaled_batch take equal shares; fewer microbatches, or prescaled_batch true, would do`,
    ],
    [
      job,
      { [p('pipeline_parallel_degree')]: 3 },
      `${p('pipeline_parallel_degree')}: tensor 1 · pipeline 3 = 3 devices a replica do not divide the 8 devices of 1 x p3.16xlarge; pipeline 2 or 4 would`,
    ],
    [
      job,
      { [p('partitions')]: 4 },
      `${p('partitions')}: 4 is the older name of pipeline_parallel_degree, which says 2; leave one out`,
    ],
    [
      wide,
      { [p('tensor_parallel_degree')]: 64 },
      `${p('tensor_parallel_degree')}: 64 does not divide the 96 attention heads; 1, 2, 3, 4, 6, 8, … do`,
    ],
    [job, { [p('bf16')]: true }, `${p('bf16')}: true stands beside training.precision fp16; bf16 there would do`],
    [
      sharded,
      { [p('shard_optimizer_state')]: true },
      `${p('sharded_data_parallel_degree')}: 16 shards the optimizer too, so that shard_optimizer_state must be false`,
    ],
    [
      sharded,
      { [p('sharded_data_parallel_degree')]: 12 },
      `${p('sharded_data_parallel_degree')}: 12 does not divide the 16 data replicas; 1, 2, 4, 8, 16 would do`,
    ],
    [job, { [p('default_partition')]: 2 }, `${p('default_partition')}: 2 is none of the partitions; 0 to 1 would do`],
    [
      job,
      { [p('hybrid_shard_degree')]: 8 },
      `${p('hybrid_shard_degree')}: is a key of version 2 of the library, but pipeline_parallel_degree stands beside it, of version 1; leave one out`,
    ],
    [
      job,
      { stack: 'megatron-core' },
      'stack: "megatron-core" does not read SMP parameters; smp-v1 would do, or leave stack out',
    ],
    [
      second,
      { [p('context_parallel_degree')]: 32 },
      `${p('context_parallel_degree')}: 16 is less than context_parallel_degree 32, whose ranks share shards; 16 or less would do`,
    ],
    [
      job,
      { 'parallelism.tensor': 2 },
      "parallelism: has tensor beside smp; its parameters say it in the library's own words, and recompute, offload, partitioner, stageLayers, cutsAfter, cutAt may stand here",
    ],
    [
      job,
      { 'smp.parameters': undefined },
      'smp.parameters: is missing; write the parameters that go to the library, such as { "pipeline_parallel_degree": 2, "ddp": true }',
    ],
  ])('%#', (base, changes, line) => {
    expect(lines(base, changes)).toContain(line);
  });

  test.each<readonly [unknown, string, unknown, string]>([
    [job, 'pipeline', '_only_forward', '"_only_forward" is not modelled yet; interleaved and simple are'],
    [wide, 'optimize', 'memory', '"memory" is not modelled yet; with tensor parallelism speed is'],
    [job, 'auto_partition', false, 'false is not modelled yet; true is'],
    [job, 'contiguous', true, 'true is not modelled yet; it is for TensorFlow'],
    [job, 'horovod', true, 'true is not modelled yet; it is for TensorFlow'],
    [job, 'static_mode', true, 'true is not modelled yet; false is'],
    [job, 'fast_mode', true, 'true is not modelled yet; false is'],
    [job, '_match_weights', true, 'true is not modelled yet; false is'],
    [sharded, 'sdp_reduce_bucket_size', 1e8, '100,000,000 is not modelled yet; 500,000,000 elements are'],
    [sharded, 'sdp_hierarchical_allgather', false, 'false is not modelled yet; true is'],
  ])('%#: a value that is not modelled is refused by name', (base, key, value, message) => {
    const faults = faultsOf(() => read(base, { [p(key)]: value }));
    expect(faults.map(({ path, code }) => [path, code])).toEqual([[p(key), 'not-modelled']]);
    expect(faults[0]?.message).toContain(message);
  });
});

test('a value of the wrong type is one fault, and nothing is concluded from it', () => {
  const wrong = {
    tensor_parallel_degree: '8',
    microbatches: 2.5,
    ddp: 'yes',
    partitions: null,
    pipeline_parallel_degree: [],
  };
  for (const [key, value] of Object.entries(wrong)) {
    expect(faultsOf(() => read(wide, { [p(key)]: value })).map(({ path }) => path)).toEqual([p(key)]);
  }
  for (const key of ['hybrid_shard_degree', 'context_parallel_degree', 'tensor_parallel_degree']) {
    expect(faultsOf(() => read(second, { [p(key)]: 'many' })).map(({ path }) => path)).toEqual([p(key)]);
  }
});

describe('beside smp', () => {
  test('a script recomputes, and another partitioner may be asked for', () => {
    expect(read(job, { 'parallelism.recompute': 'full' }).parallelism.recompute).toEqual({ mode: 'full' });
    expect(read(job, { 'parallelism.partitioner': 'exact' }).parallelism.partitioner).toEqual({ kind: 'exact' });
    expect(read(job, { 'parallelism.stageLayers': [23, 25] }).parallelism.partitioner).toEqual({
      kind: 'layers',
      stageLayers: [23, 25],
    });
  });
});
