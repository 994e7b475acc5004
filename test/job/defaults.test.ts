import { describe, expect, test } from 'vitest';
import { goodJob, plainJob, read, smallModel } from './jobs.ts';

describe('a job as design has it', () => {
  const job = read({}, goodJob);

  test('keeps what it says', () => {
    expect(job.name).toBe('GPT-3 175B on 120 p4d');
    expect(job.model.layers).toBe(96);
    expect(job.cluster).toMatchObject({ count: 120, devices: 960 });
    expect(job.stack.name).toBe('smp-v1');
    expect(job.training).toEqual({ ...goodJob.training, stochasticRounding: false });
  });

  test('gets its microbatches and the defaults of its schedule', () => {
    expect(job.parallelism).toEqual({
      degrees: { tensor: 8, pipeline: 6, data: 20, context: 1, expert: 1, expertTensor: 1, sequenceParallel: false },
      microBatchSize: 1,
      microbatches: 96,
      virtualStages: 1,
      microbatchGroupSize: 6,
      activeMicrobatches: 8,
      schedule: 'smp-interleaved',
      partitioner: { kind: 'exact' },
      cutAt: 'layer',
      cutsAfter: [],
      placement: 'DPT',
      zeroStage: 1,
      shardingDegree: 20,
      recompute: { mode: 'full' },
    });
  });
});

describe('defaults', () => {
  test('of a job that says little', () => {
    const job = read();
    expect(job.name).toBe('gpt3-175b on 120 p4d.24xlarge');
    expect(job.stack.name).toBe('megatron-core');
    expect(job.training).toMatchObject({ precision: 'bf16', optimizer: 'adam', stochasticRounding: false });
    expect(job.parallelism).toMatchObject({
      degrees: { data: 20, sequenceParallel: true },
      microBatchSize: 1,
      schedule: '1f1b',
      partitioner: { kind: 'exact' },
      placement: 'PDT',
      zeroStage: 1,
      shardingDegree: 20,
      recompute: { mode: 'none' },
    });
  });

  test('without parallelism: data parallel over all devices', () => {
    const job = read({ parallelism: undefined });
    expect(job.parallelism.degrees).toMatchObject({ tensor: 1, pipeline: 1, data: 960, sequenceParallel: false });
    expect(job.parallelism.microbatches).toBe(2);
  });

  test.each([
    ['p4d.24xlarge', 'megatron-core', 'bf16'],
    ['p3dn.24xlarge', 'megatron-2021', 'fp16'],
    ['trn1.32xlarge', 'neuronx-distributed', 'bf16'],
  ])('on %s: stack %s in %s', (instance, stack, precision) => {
    const job = read({ cluster: { instance, devices: 96 }, 'training.globalBatchSize': 64 });
    expect(job.stack.name).toBe(stack);
    expect(job.training.precision).toBe(precision);
  });

  test('of smp-v1: its dynamic schedule, cluster placement, no sharding', () => {
    const { parallelism } = read({ stack: 'smp-v1' });
    expect(parallelism).toMatchObject({ schedule: 'smp-interleaved', placement: 'DPT', zeroStage: 0 });
    expect(parallelism.degrees.sequenceParallel).toBe(false);
  });

  test('sequence parallelism is off at tensor 1, whatever the job says', () => {
    const changes = { 'parallelism.tensor': 1, 'parallelism.sequenceParallel': true };
    expect(read(changes).parallelism.degrees.sequenceParallel).toBe(false);
  });

  test('several chunks a device: interleaved, in groups of the pipeline degree', () => {
    const { parallelism } = read({ 'parallelism.virtualStages': 4 });
    expect(parallelism).toMatchObject({ schedule: 'interleaved', microbatchGroupSize: 6 });
  });

  test('a V schedule takes its two chunks from the job', () => {
    const changes = { 'parallelism.schedule': 'zb-v', 'parallelism.virtualStages': 2 };
    expect(read(changes).parallelism.schedule).toBe('zb-v');
  });

  test('cluster and spread are names of placements', () => {
    expect(read({ 'parallelism.placement': 'cluster' }).parallelism.placement).toBe('DPT');
    expect(read({ 'parallelism.placement': 'spread' }).parallelism.placement).toBe('TPD');
  });

  test('stageLayers alone says that the partitioner is layers', () => {
    const stageLayers = [15, 16, 16, 16, 16, 17];
    expect(read({ 'parallelism.stageLayers': stageLayers }).parallelism.partitioner).toEqual({
      kind: 'layers',
      stageLayers,
    });
  });

  test('a module tree with the memory weight of SageMaker', () => {
    const changes = { 'parallelism.partitioner': 'tree', 'parallelism.schedule': 'smp-simple' };
    expect(read(changes).parallelism.partitioner).toEqual({ kind: 'tree', memoryWeight: 0.8 });
    expect(read({ ...changes, 'parallelism.memoryWeight': 0.2 }).parallelism.partitioner).toEqual({
      kind: 'tree',
      memoryWeight: 0.2,
    });
  });

  test('cuts between operators, and cuts that must be', () => {
    const changes = {
      'parallelism.cutAt': 'operator',
      'parallelism.cutsAfter': ['embedding', 'layer.7.attention.core'],
    };
    expect(read(changes).parallelism).toMatchObject({
      cutAt: 'operator',
      cutsAfter: ['embedding', 'layer.7.attention.core'],
    });
  });

  test('recompute as an object', () => {
    const recompute = { mode: 'full', every: 2 };
    expect(read({ 'parallelism.recompute': recompute }).parallelism.recompute).toEqual(recompute);
  });
});

describe('the model', () => {
  test('described field by field has the longest sequence of the job', () => {
    const { model } = read({ model: smallModel, 'training.sequenceLength': 4096 });
    expect(model).toMatchObject({ name: 'small', feedForwardSize: 8192, keyValueHeads: 16, maxSequenceLength: 4096 });
  });

  test('key–value heads fewer than tensor ranks are replicated', () => {
    expect(read({ model: { ...smallModel, keyValueHeads: 4 } }).parallelism.degrees.tensor).toBe(8);
  });
});

describe('the cluster', () => {
  test('a leading ml. is ignored', () => {
    expect(read({ 'cluster.instance': 'ml.p4d.24xlarge' }).cluster.instance.name).toBe('p4d.24xlarge');
  });

  test('devices in place of count fill instances in order', () => {
    const job = read({ cluster: { instance: 'dgx-a100', devices: 12 }, parallelism: { tensor: 2 } });
    expect(job.cluster).toMatchObject({ count: 2, devices: 12 });
    expect(job.name).toBe('gpt3-175b on 12 devices of 2 dgx-a100');
  });

  test('an instance and an accelerator may extend others', () => {
    const instance = {
      extends: 'dgx-h100',
      name: 'ours',
      accelerator: { extends: 'h100-sxm5-80', name: 'H100 96GB', memoryBytes: 96 * 2 ** 30 },
      networkBytesPerSecond: 100e9,
    };
    const { cluster } = read({ 'cluster.instance': instance });
    expect(cluster.instance).toMatchObject({ name: 'ours', ranks: 8, networkBytesPerSecond: 100e9 });
    expect(cluster.instance.accelerator).toMatchObject({
      name: 'H100 96GB',
      memoryBytes: 96 * 2 ** 30,
      generation: 'hopper',
    });
  });

  test('an instance and an accelerator may be described whole', () => {
    const accelerator = {
      name: 'G1',
      vendor: 'NVIDIA',
      generation: 'hopper',
      memoryBytes: 64e9,
      memoryBytesPerSecond: 2e12,
      flopsPerSecond: { bf16: 500e12 },
      link: { name: 'L1', bytesPerSecond: 200e9 },
    };
    const instance = {
      name: 'box',
      accelerator,
      ranks: 8,
      topology: { kind: 'switched' },
      networkBytesPerSecond: 50e9,
      networkCards: 4,
      fabric: 'roce',
    };
    const { cluster } = read({ 'cluster.instance': instance, 'cluster.usdPerHour': 20 });
    expect(cluster.instance).toMatchObject({ ...instance, topology: { kind: 'switched', inNetworkReduction: false } });
    expect(cluster.instance.accelerator.usableMemoryBytes).toBeLessThanOrEqual(64e9);
    expect(cluster.usdPerHour).toBe(20);
  });
});

describe('the stack', () => {
  test('fields that differ take the place of its own', () => {
    const stack = { name: 'megatron-2021', attention: 'flash2', fusedNorm: false, gradientReduceDtype: 'bf16' };
    expect(read({ stack }).stack).toMatchObject({ ...stack, overlapsGradients: false });
  });

  test('gradients are of the type of the parameters in fp16 and fp32 in bf16, unless a job says otherwise', () => {
    const dtypesOf = (precision: string, stack: object) => {
      const { gradientReduceDtype, gradientAccumulationDtype } = read({ stack, 'training.precision': precision }).stack;
      return [gradientReduceDtype, gradientAccumulationDtype];
    };
    expect(dtypesOf('fp16', { name: 'megatron-2023' })).toEqual(['fp16', 'fp16']);
    expect(dtypesOf('bf16', { name: 'megatron-2023' })).toEqual(['fp32', 'fp32']);
    expect(dtypesOf('fp16', { name: 'megatron-2023', gradientAccumulationDtype: 'fp32' })).toEqual(['fp16', 'fp32']);
    expect(dtypesOf('fp16', { name: 'fsdp2' })[0]).toBe('fp32');
  });

  test('masked blocks of attention are left out as the software does, unless a job says otherwise', () => {
    const skippedBy = (stack: object) => read({ stack }).stack.attentionSkipsMasked;
    expect(skippedBy({ name: 'fsdp1' })).toBe('rope');
    expect(skippedBy({ name: 'fsdp1', attentionSkipsMasked: true })).toBe('all');
    expect(skippedBy({ name: 'fsdp2', attentionSkipsMasked: false })).toBe('none');
  });

  test('products add to gradients themselves unless a job says otherwise', () => {
    const additionOf = (stack: object) => read({ stack }).stack.gradientAccumulation;
    expect(additionOf({ name: 'megatron-2021' })).toBe('fused');
    expect(additionOf({ name: 'megatron-2021', fusedGradientAccumulation: false })).toBe('separate');
  });

  test('a loss that is not fused is that of Megatron itself', () => {
    const lossOf = (stack: object) => read({ stack }).stack.lossBytesPerLogit;
    expect(lossOf({ name: 'megatron-core', fusedLoss: false })).toEqual(lossOf({ name: 'megatron-2023' }));
    expect(lossOf({ name: 'megatron-core', fusedLoss: true })).toEqual(lossOf({ name: 'megatron-core' }));
    expect(lossOf({ name: 'megatron-core' })).not.toEqual(lossOf({ name: 'megatron-2023' }));
  });

  test('differences without a name are those from the default', () => {
    expect(read({ stack: { compiled: true } }).stack).toMatchObject({ name: 'megatron-core', compiled: true });
  });

  test('FlashAttention 3 is FlashAttention 2 before Hopper', () => {
    expect(read().stack.attention).toBe('flash2');
    expect(read({ 'cluster.instance': 'p5.48xlarge' }).stack.attention).toBe('flash3');
  });
});

test('reading changes nothing of what was written', () => {
  const before = structuredClone(plainJob);
  read();
  expect(plainJob).toEqual(before);
});
