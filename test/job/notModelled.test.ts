import { describe, expect, test } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { changed, faultsOf, goodJob, plainJob, smallModel } from './jobs.ts';

/** What is known and not modelled yet, and how it is refused. */
const rows: readonly (readonly [Readonly<Record<string, unknown>>, string, string])[] = [
  [
    { model: { model_type: 'llama' } },
    'model.model_type',
    'llama is not modelled yet; a catalogue name or a model described field by field is',
  ],
  [
    { model: { ...smallModel, family: 't5' } },
    'model.family',
    't5 is not modelled yet; gpt, llama, bert and graph are',
  ],
  [
    { model: { ...smallModel, experts: { count: 8, topK: 2 } } },
    'model.experts',
    'is not modelled yet; dense feed-forward layers are',
  ],
  [
    { model: { ...smallModel, latentAttention: { keyValueRank: 512 } } },
    'model.latentAttention',
    'is not modelled yet; attention with keyValueHeads is',
  ],
  [
    { model: { ...smallModel, slidingWindow: { size: 4096 } } },
    'model.slidingWindow',
    'is not modelled yet; attention to the whole sequence is',
  ],
  [{ model: { ...smallModel, predictionLayers: 1 } }, 'model.predictionLayers', '1 is not modelled yet; 0 is'],
  [
    { model: { ...smallModel, trainable: ['head'] } },
    'model.trainable',
    'is not modelled yet; training all parameters is',
  ],
  [
    { stack: { name: 'megatron-2023', cudaGraphs: true } },
    'stack.cudaGraphs',
    'true is not modelled for megatron-2023; false is',
  ],
  [
    { stack: { name: 'deepspeed', fusedGradientAccumulation: true } },
    'stack.fusedGradientAccumulation',
    'true is not modelled for deepspeed; false is',
  ],
  [
    { stack: { name: 'fsdp1', fusedLoss: false } },
    'stack.fusedLoss',
    'false is not modelled for fsdp1; for megatron-core it is',
  ],
  [
    { stack: { name: 'megatron-core', asyncTensorParallel: true } },
    'stack.asyncTensorParallel',
    'true is not modelled for megatron-core; false is',
  ],
  [
    { stack: { name: 'fsdp2', tensorOverlap: 'weight-gradient' } },
    'stack.tensorOverlap',
    'weight-gradient is not modelled for fsdp2; none is',
  ],
  [
    { stack: { name: 'megatron-2023', tensorOverlap: 'pipelined' } },
    'stack.tensorOverlap',
    'pipelined is not modelled for megatron-2023; none and weight-gradient are',
  ],
  [
    { stack: { name: 'megatron-2023', precisionAwareOptimizer: true } },
    'stack.precisionAwareOptimizer',
    'true is not modelled for megatron-2023; false is',
  ],
  [
    { stack: { name: 'fsdp2', precisionAwareOptimizer: { firstMoment: 'bf16' } } },
    'stack.precisionAwareOptimizer',
    'is not modelled for fsdp2; false is',
  ],
  [
    { stack: { name: 'fsdp2', mostLiveParameters: 1e8 } },
    'stack.mostLiveParameters',
    '100000000 is not modelled for fsdp2; it gathers layer by layer; for megatron-deepspeed, deepspeed, smp-v1 it is',
  ],
  [
    { 'training.stochasticRounding': true },
    'training.stochasticRounding',
    'true is not modelled for megatron-core; false is',
  ],
  [{ 'parallelism.expert': 2 }, 'parallelism.expert', '2 is not modelled yet; 1 is'],
  [{ 'parallelism.expertTensor': 2 }, 'parallelism.expertTensor', '2 is not modelled yet; 1 is'],
  [
    { 'cluster.instance': 'mi300x-platform' },
    'cluster.instance',
    'training on mi300x (AMD) is not modelled yet; on GPUs of NVIDIA and on Trainium it is',
  ],
];

test.each(rows)('%j is refused by name', (changes, path, message) => {
  const faults = faultsOf(() => readJob(changed(plainJob, changes)));
  expect(faults).toContainEqual({ path, message, code: 'not-modelled' });
  expect(new Set(faults.map((fault) => fault.code))).toEqual(new Set(['not-modelled']));
});

describe('what is not used is not refused', () => {
  test.each([
    { 'parallelism.offload': { activations: false, optimizer: 0, parameters: false } },
    { 'parallelism.context': 1, 'parallelism.expert': 1, 'parallelism.expertTensor': 1 },
    { 'parallelism.cutAt': 'layer' },
    { stack: { name: 'megatron-core', cudaGraphs: false, asyncTensorParallel: false, tensorOverlap: 'none' } },
    { stack: { name: 'megatron-core', fusedLoss: true, fusedGradientAccumulation: true } },
    { stack: { name: 'deepspeed', fusedGradientAccumulation: false } },
    { stack: { name: 'fsdp2', tensorOverlap: 'none' } },
    { model: { ...smallModel, predictionLayers: 0 } },
  ])('%j', (changes) => {
    expect(faultsOf(() => readJob(changed(plainJob, changes)))).toEqual([]);
  });
});

test('what one stack lacks is refused for that stack', () => {
  const changes = { 'parallelism.sequenceParallel': true };
  expect(faultsOf(() => readJob(changed(goodJob, changes)))).toEqual([
    {
      path: 'parallelism.sequenceParallel',
      message: 'true is not modelled for smp-v1, which has no sequence parallelism; false is',
      code: 'not-modelled',
    },
  ]);
  const fp8 = { 'training.precision': 'fp8', 'cluster.instance': 'p5.48xlarge' };
  expect(faultsOf(() => readJob(changed(goodJob, fp8))).map((fault) => fault.message)).toEqual([
    'fp8 is not modelled for smp-v1; fp32, fp16 and bf16 are; for megatron-core it is',
  ]);
});
