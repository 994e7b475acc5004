import { describe, expect, test } from 'vitest';
import { plainJob, refusals, smallModel } from '../jobs.ts';

type Row = readonly [string, Readonly<Record<string, unknown>>, readonly string[]];

/** Each change to the plain job (120 p4d.24xlarge, tensor 8, pipeline 6) and what is said of it. */
const tables: Readonly<Record<string, readonly Row[]>> = {
  names: [
    [
      'a misspelt instance',
      { 'cluster.instance': 'p4d.24xlrge' },
      ['cluster.instance: there is no instance "p4d.24xlrge"; did you mean p4d.24xlarge?'],
    ],
    [
      'the start of an instance',
      { 'cluster.instance': 'p4de' },
      ['cluster.instance: there is no instance "p4de"; did you mean p4de.24xlarge?'],
    ],
    [
      'an instance of nowhere',
      { 'cluster.instance': 'abacus' },
      ['cluster.instance: there is no instance "abacus"; `foretrain instances` lists what there is'],
    ],
    ['a misspelt model', { model: 'gpt3-175' }, ['model: there is no model "gpt3-175"; did you mean gpt3-175b?']],
    [
      'a misspelt stack',
      { stack: 'megatron-cor' },
      ['stack: there is no stack "megatron-cor"; did you mean megatron-core?'],
    ],
    [
      'a misspelt schedule',
      { 'parallelism.schedule': '1f1bb' },
      ['parallelism.schedule: there is no schedule "1f1bb"; did you mean 1f1b?'],
    ],
    [
      'a placement that is a word of JavaScript',
      { 'parallelism.placement': 'constructor' },
      [
        'parallelism.placement: must be the letters D, P and T once each, slowest-varying first, such as PDT; or cluster (DPT), spread (TPD) or auto; not "constructor"',
      ],
    ],
    [
      'a wrong placement',
      { 'parallelism.placement': 'PPT' },
      [
        'parallelism.placement: must be the letters D, P and T once each, slowest-varying first, such as PDT; or cluster (DPT), spread (TPD) or auto; not "PPT"',
      ],
    ],
  ],
  'a precision-aware optimizer': [
    [
      'without sharing, of another optimizer',
      {
        stack: { name: 'megatron-core', fusedOptimizer: false, precisionAwareOptimizer: { firstMoment: 'bf16' } },
        'parallelism.zeroStage': 0,
        'training.optimizer': 'lamb',
      },
      [
        'stack.precisionAwareOptimizer: steps with Adam only, and training.optimizer is lamb; adam would do',
        'stack.precisionAwareOptimizer: goes with an optimizer that replicas share, and parallelism.zeroStage is 0; 1 would do',
        'stack.precisionAwareOptimizer: is one kernel, and stack.fusedOptimizer is false; true would do',
      ],
    ],
    [
      'in fp32',
      { stack: { name: 'megatron-core', precisionAwareOptimizer: true }, 'training.precision': 'fp32' },
      [
        'stack.precisionAwareOptimizer: keeps states of 16-bit parameters, and training.precision is fp32; bf16 would do',
      ],
    ],
    [
      'in a format of nobody',
      { stack: { name: 'megatron-core', precisionAwareOptimizer: { masters: 'bf16' } } },
      ['stack.precisionAwareOptimizer.masters: must be one of fp32, fp16, not "bf16"'],
    ],
  ],
  tensor: [
    [
      'that does not divide the heads',
      { 'parallelism.tensor': 7 },
      ['parallelism.tensor: 7 does not divide the 96 attention heads; 1, 2, 3, 4, 6, 8, … do'],
    ],
    [
      'that neither divides nor repeats the key–value heads',
      { model: { ...smallModel, attentionHeads: 18, headSize: 128, keyValueHeads: 6 }, parallelism: { tensor: 9 } },
      ['parallelism.tensor: 9 does not divide the 6 key–value heads, nor is it a multiple of them; 1, 2 do'],
    ],
    [
      'that does not divide the feed-forward size',
      { model: { ...smallModel, feedForwardSize: 5460 }, parallelism: { tensor: 8 } },
      ['parallelism.tensor: 8 does not divide the feed-forward size of 5,460; 1, 2, 4 do'],
    ],
  ],
  devices: [
    [
      'with too much data',
      { 'parallelism.data': 21 },
      [
        'parallelism.data: tensor 8 · pipeline 6 · data 21 = 1,008 devices, but 120 x p4d.24xlarge have 960; data 20 would do',
      ],
    ],
    [
      'that the degrees do not divide',
      { 'parallelism.pipeline': 7 },
      [
        'parallelism.pipeline: tensor 8 · pipeline 7 = 56 devices a replica do not divide the 960 devices of 120 x p4d.24xlarge; pipeline 6 or 8 would',
      ],
    ],
    [
      'fewer than one replica',
      { 'cluster.count': 1, parallelism: { tensor: 24, sequenceParallel: false } },
      [
        'parallelism.tensor: tensor 24 · pipeline 1 = 24 devices a replica are more than the 8 devices of 1 x p4d.24xlarge; a tensor degree of 1, 2, 4, 8 would',
      ],
    ],
    [
      'of a part of the cluster',
      { cluster: { instance: 'p4d.24xlarge', devices: 950 }, 'parallelism.data': 20 },
      [
        'parallelism.data: tensor 8 · pipeline 6 · data 20 = 960 devices, but the job has 950; cluster.devices 960 would do',
      ],
    ],
    [
      'more than the instances have',
      { 'cluster.devices': 970 },
      [
        'cluster.devices: 970 devices are more than 120 instances of p4d.24xlarge (8 devices each) have; count 122 would do',
      ],
    ],
  ],
  batch: [
    [
      'that the replicas do not divide',
      { 'training.globalBatchSize': 1921 },
      [
        'training.globalBatchSize: 1,921 is not divisible by data 20 · microBatchSize 1 = 20; 1,920 is the nearest that is',
      ],
    ],
    [
      'smaller than one microbatch a replica',
      { 'training.globalBatchSize': 5, 'parallelism.microBatchSize': 2 },
      ['training.globalBatchSize: 5 is not divisible by data 20 · microBatchSize 2 = 40; 40 is the nearest that is'],
    ],
    [
      'of more passes than can be forecast',
      { 'training.globalBatchSize': 2e10 },
      [
        'training.globalBatchSize: makes 6,000,000,000 passes of a microbatch through a virtual stage in one step (1,000,000,000 microbatches); at most 5,000,000 are forecast',
      ],
    ],
  ],
  sequence: [
    [
      'that tensor ranks cannot share',
      { 'training.sequenceLength': 2047 },
      [
        'training.sequenceLength: 2,047 is not divisible by tensor 8, as sequenceParallel needs; 2,048 is the nearest that is',
      ],
    ],
    [
      'longer than the learned positions',
      { 'training.sequenceLength': 4096 },
      ['training.sequenceLength: 4,096 is more than the 2,048 learned positions of gpt3-175b; at most 2,048 would do'],
    ],
  ],
  stages: [
    [
      'more than units to cut',
      { 'parallelism.pipeline': 120 },
      [
        'parallelism.pipeline: pipeline 120 · virtualStages 1 = 120 virtual stages are more than the 98 units there are to cut (96 layers, embedding and head); pipeline 98 or less would do',
      ],
    ],
    [
      'more chunks than units to cut',
      { 'parallelism.virtualStages': 20 },
      [
        'parallelism.virtualStages: pipeline 6 · virtualStages 20 = 120 virtual stages are more than the 98 units there are to cut (96 layers, embedding and head); virtualStages 16 or less would do',
      ],
    ],
    [
      'more than uniform has layers for',
      { 'parallelism.pipeline': 30, 'parallelism.virtualStages': 4, 'parallelism.partitioner': 'uniform' },
      [
        'parallelism.virtualStages: pipeline 30 · virtualStages 4 = 120 virtual stages are more than the 96 layers that partitioner uniform hands out; virtualStages 3 or less would do',
      ],
    ],
    [
      'with layers that do not sum',
      { 'parallelism.stageLayers': [16, 16, 16, 16, 16, 17] },
      ['parallelism.stageLayers: sums to 97 layers, 1 more than the 96 of the model'],
    ],
    [
      'with layers for others, or none in between',
      { 'parallelism.stageLayers': [16, 0, 48, 16, 16] },
      [
        'parallelism.stageLayers: has 5 numbers, but there are pipeline 6 · virtualStages 1 = 6 virtual stages; write one number for each',
        'parallelism.stageLayers: has 0 layers in virtual stage 1, which leaves nothing there; only the first and the last may have 0',
      ],
    ],
    [
      'by hand without the numbers',
      { 'parallelism.partitioner': 'layers' },
      ['parallelism.stageLayers: is missing; partitioner layers needs the layers of each virtual stage'],
    ],
    [
      'by hand and by partitioner',
      { 'parallelism.partitioner': 'exact', 'parallelism.stageLayers': [16, 16, 16, 16, 16, 16] },
      ['parallelism.stageLayers: stands beside partitioner exact; it goes with partitioner layers'],
    ],
  ],
  schedule: [
    [
      'of one chunk with two',
      { 'parallelism.schedule': '1f1b', 'parallelism.virtualStages': 2 },
      [
        'parallelism.schedule: 1f1b takes virtualStages 1, not 2; interleaved and breadth-first take more, zb-v, v-half, v-min and dualpipe-v take 2',
      ],
    ],
    [
      'of several chunks with one',
      { 'parallelism.schedule': 'interleaved' },
      ['parallelism.virtualStages: interleaved takes 2 virtual stages a device or more, not 1; for 1 there is 1f1b'],
    ],
    [
      'with a number for another',
      { 'parallelism.microbatchGroupSize': 12 },
      ['parallelism.microbatchGroupSize: 12 has no effect with schedule 1f1b: it is for interleaved; leave it out'],
    ],
  ],
  sharding: [
    [
      'in unequal groups',
      { 'parallelism.shardingDegree': 3 },
      ['parallelism.shardingDegree: 3 does not divide the 20 data replicas; 1, 2, 4, 5, 10, 20 would do'],
    ],
  ],
  recompute: [
    [
      'by two rules',
      { 'parallelism.recompute': { mode: 'full', every: 2, layers: 3 } },
      ['parallelism.recompute: has layers and every, each of which says which layers are recomputed; keep one'],
    ],
    [
      'of some layers of none',
      { 'parallelism.recompute': { mode: 'none', every: 2 } },
      ['parallelism.recompute.every: goes with mode full, not with none; leave it out'],
    ],
  ],
  hardware: [
    [
      'without the precision',
      { 'cluster.instance': 'p3dn.24xlarge', 'training.precision': 'bf16' },
      ['training.precision: v100-sxm2-32 has no known peak in bf16; fp32 or fp16 would do'],
    ],
    [
      'without the kernel of the stack',
      { 'cluster.instance': 'p3dn.24xlarge', stack: 'megatron-2023', 'parallelism.zeroStage': 0 },
      [
        'stack: flash2 attention needs an Ampere GPU or a later one, which v100-sxm2-32 is not; megatron-2021, or attention fused-softmax, would do',
      ],
    ],
    [
      'without the kernel of the job',
      { 'cluster.instance': 'p3dn.24xlarge', stack: { attention: 'flash1' } },
      [
        'stack.attention: flash1 attention needs an Ampere GPU or a later one, which v100-sxm2-32 is not; fused-softmax or unfused would do',
      ],
    ],
    [
      'before Hopper',
      { stack: { attention: 'flash3' } },
      [
        'stack.attention: flash3 attention needs a Hopper GPU or a later one, which a100-sxm4-40 is not; flash2 would do',
      ],
    ],
    [
      'of another maker',
      { 'cluster.instance': 'trn1.32xlarge', stack: 'smp-v1' },
      ['stack: smp-v1 trains on accelerators of NVIDIA, not on trainium1; neuronx-distributed would do'],
    ],
  ],
  length: [
    [
      'said twice',
      { 'training.tokens': 300e9, 'training.steps': 100 },
      ['training.tokens: stands beside training.steps, and either says how long the run is; leave one out'],
    ],
  ],
};

for (const [subject, rows] of Object.entries(tables)) {
  describe(subject, () => {
    test.each(rows)('%s', (_, changes, lines) => {
      expect(refusals(changes, plainJob)).toEqual(lines);
    });
  });
}

test('every fault of a job is told, those of single fields first', () => {
  const changes = {
    model: 'gpt3-175',
    'cluster.instance': 'p4d.24xlrge',
    'training.precision': 'fp7',
    'training.globalBatchSize': 1921,
    'parallelism.data': 20,
    'parallelism.placement': 'X',
    'parallelism.colour': 'red',
    'parallelism.expert': 2,
  };
  const paths = refusals(changes, plainJob).map((line) => line.slice(0, line.indexOf(':')));
  expect(paths).toEqual([
    'training.precision',
    'parallelism.colour',
    'model',
    'cluster.instance',
    'parallelism.placement',
    'parallelism.expert',
    'training.globalBatchSize',
  ]);
});

describe('cuts', () => {
  test.each<readonly [Readonly<Record<string, unknown>>, string]>([
    [
      { 'parallelism.partitioner': 'uniform', 'parallelism.cutAt': 'operator' },
      'parallelism.cutAt: operator does not go with partitioner uniform, which counts layers; exact would do',
    ],
    [
      { 'parallelism.partitioner': 'uniform', 'parallelism.cutsAfter': ['layer.3'] },
      'parallelism.cutsAfter: goes with partitioner exact, not with uniform; leave one out',
    ],
    [
      { 'parallelism.cutsAfter': ['layer.96'] },
      'parallelism.cutsAfter: names "layer.96", but the 96 layers of the model are layer.0 to layer.95',
    ],
    [
      { 'parallelism.cutsAfter': ['head'] },
      'parallelism.cutsAfter: names "head", after which the model ends; leave it out',
    ],
    [
      { 'parallelism.cutsAfter': ['layer.1', 'layer.2', 'layer.3', 'layer.4', 'layer.5', 'layer.6'] },
      'parallelism.cutsAfter: asks for 6 cuts, but between the virtual stages there are only 5 cuts; name 5 or fewer',
    ],
    [
      { 'parallelism.partitioner': 'tree', 'parallelism.schedule': '1f1b' },
      'parallelism.partitioner: tree runs on smp-interleaved and smp-simple, not on 1f1b; either, or exact, would do',
    ],
    [
      { 'parallelism.partitioner': 'tree', 'parallelism.cutAt': 'layer' },
      'parallelism.cutAt: layer does not go with partitioner tree, which cuts at modules; leave it out',
    ],
    [
      { 'parallelism.memoryWeight': 0.5 },
      'parallelism.memoryWeight: stands beside partitioner exact; it goes with partitioner tree',
    ],
  ])('%j', (changes, line) => {
    expect(refusals(changes)).toEqual([line]);
  });
});
