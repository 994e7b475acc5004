import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { modelStates } from '../../src/memory/states.ts';
import { simulate } from '../../src/simulate.ts';
import { precisionAwareDefaults } from '../../src/stack/precision.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { model, stack } from '../graph/make.ts';

/** Parameters on one rank of each stage of GPT-3 175B, 8 tensor ranks and 8 stages of 12 layers, vocabulary 51,200. */
const parameters = [
  2_822_731_776, 2_718_922_752, 2_718_922_752, 2_718_922_752, 2_718_922_752, 2_718_922_752, 2_718_922_752,
  2_797_590_528,
];

/** Parameters, gradients and optimizer states of each stage, bytes, with 16 replicas. */
function statesOf(zeroStage: 0 | 1, changes: Partial<Stack> = {}): number[] {
  const job = readJob({
    model: 'gpt3-175b',
    cluster: { instance: 'p4d.24xlarge', count: 128 },
    stack: 'megatron-2021',
    training: { sequenceLength: 2048, globalBatchSize: 1536, precision: 'bf16' },
    parallelism: { tensor: 8, pipeline: 8, data: 16, zeroStage, recompute: 'full', partitioner: 'uniform' },
  });
  const { stages } = simulate({ ...job, stack: { ...job.stack, ...changes } }).memory;
  return stages.map(({ parametersBytes, gradientsBytes, optimizerBytes }) => {
    return parametersBytes + gradientsBytes + optimizerBytes;
  });
}

const shard = (count: number) => Math.ceil(count / 16);

describe('model states of GPT-3 175B on tensor 8, pipeline 8, data 16', () => {
  it('are 18 bytes a parameter with fp32 gradients', () => {
    const bytes = statesOf(0);
    expect(bytes).toEqual(parameters.map((count) => 18 * count));
    expect([bytes[0], bytes[1], bytes[7]]).toEqual([50_809_171_968, 48_940_609_536, 50_356_629_504]);
  });

  // Megatron-LM's documentation of its distributed optimizer: 6 + 12/d.
  it('are 6 bytes and a sixteenth of 12 with the optimizer sharded', () => {
    const bytes = statesOf(1);
    expect(bytes).toEqual(parameters.map((count) => 6 * count + 12 * shard(count)));
    expect([bytes[0], bytes[1], bytes[7]]).toEqual([19_053_439_488, 18_352_728_576, 18_883_736_064]);
  });

  // arXiv 1910.02054: 16, or 4 + 12/d.
  it('are 16 bytes, or 4 and a sixteenth of 12, with 2-byte gradients', () => {
    const twoBytes = { gradientAccumulationDtype: 'fp16', gradientCopyForStep: false } as const;
    expect(statesOf(0, twoBytes)[0]).toBe(45_163_708_416);
    expect(statesOf(1, twoBytes)[0]).toBe(13_407_975_936);
    expect(statesOf(0, twoBytes)).toEqual(parameters.map((count) => 16 * count));
    expect(statesOf(1, twoBytes)).toEqual(parameters.map((count) => 4 * count + 12 * shard(count)));
  });
});

const whole = { zeroStage: 0, replicas: 1 } as const;
const bytesOf = (states: ReturnType<typeof modelStates>) =>
  states.parametersBytes + states.gradientsBytes + states.optimizerBytes + states.stepBytes;

describe('modelStates', () => {
  // Megatron-LM's documentation again: 20, or 4 + 16/d, the fp32 copy of the gradients being there for the step only.
  it('are 20 bytes, or 4 and a sixteenth of 16, while fp16 gradients and their fp32 copy are there', () => {
    const fp16 = stack('megatron-2021', { gradientAccumulationDtype: 'fp16', gradientCopyForStep: true });
    for (const count of parameters) {
      const statesAt = (zeroStage: 0 | 1) => modelStates(count, fp16, 'fp16', 'adam', { zeroStage, replicas: 16 });
      expect(bytesOf(statesAt(0))).toBe(20 * count);
      expect(bytesOf(statesAt(1))).toBe(4 * count + 16 * shard(count));
      expect(statesAt(0).stepBytes).toBe(4 * count);
    }
    expect(20 * parameters[0]!).toBe(56_454_635_520);
    expect(4 * parameters[0]! + 16 * shard(parameters[0]!)).toBe(14_113_658_880);
  });

  // arXiv 2205.05198 figure 1: 18 · 12h²L / (tp).
  it.each([
    ['korthikanti-22b', 1, 48_922_361_856],
    ['korthikanti-175b', 8, 48_922_361_856],
    ['korthikanti-530b', 35, 33_973_862_400],
    ['korthikanti-1t', 64, 35_389_440_000],
  ])('of the matrices of %s on 8 × %d devices are %d bytes', (name, pipeline, bytes) => {
    const { layers, hiddenSize } = model(name);
    const matrices = (12 * hiddenSize ** 2 * layers) / (8 * pipeline);
    expect(bytesOf(modelStates(matrices, stack('megatron-2021'), 'fp16', 'adam', whole))).toBe(bytes);
  });

  // arXiv 1910.02054 section 5, with fp32 gradients and with those of 2 bytes.
  it.each([
    [0, 'fp32', 50_809_171_968],
    [1, 'fp32', 19_053_439_488],
    [2, 'fp32', 8_468_195_328],
    [3, 'fp32', 3_175_573_248],
    [0, 'fp16', 45_163_708_416],
    [1, 'fp16', 13_407_975_936],
    [2, 'fp16', 8_115_353_856],
    [3, 'fp16', 2_822_731_776],
  ] as const)(
    'of the first stage of GPT-3 175B at ZeRO stage %d with %s gradients are %d bytes',
    (zeroStage, dtype, bytes) => {
      const software = stack('megatron-2021', { gradientAccumulationDtype: dtype, gradientCopyForStep: false });
      const states = modelStates(parameters[0]!, software, 'fp16', 'adam', { zeroStage, replicas: 16 });
      expect(bytesOf(states)).toBe(bytes);
    },
  );

  it('are 16 bytes a parameter in fp32, of which 8 can be shared', () => {
    expect(bytesOf(modelStates(1024, stack('megatron-2021'), 'fp32', 'adam', whole))).toBe(16 * 1024);
    const shared = modelStates(1024, stack('megatron-2021'), 'fp32', 'adam', { zeroStage: 1, replicas: 8 });
    expect(bytesOf(shared)).toBe(8 * 1024 + 8 * 128);
  });

  // Neuron documentation, bf16SR: parameters and gradients in bf16, moments in bf16, no masters.
  it('are 4 bytes a parameter and a share of 4 with stochastic rounding', () => {
    const sharding = { zeroStage: 1, replicas: 8, stochasticRounding: true } as const;
    const states = modelStates(8000, stack('neuronx-distributed'), 'bf16', 'adam', sharding);
    expect(bytesOf(states)).toBe(4 * 8000 + 4 * 1000);
  });

  // Megatron-LM, distributed optimizer with bf16 gradients: an fp32 copy of a rank's shard while it steps, 4 + 16/d;
  // precision-aware, none: 4 + 12/d, with bf16 moments 4 + 8/d; remainders in the place of masters, 2/d less.
  const fp32States = { masters: 'fp32', remainders: false, firstMoment: 'fp32', secondMoment: 'fp32' } as const;
  const bf16Moments = { firstMoment: 'bf16', secondMoment: 'bf16' } as const;
  it.each([
    ['without it', undefined, 16],
    ['with fp32 states', fp32States, 12],
    ['with bf16 moments', { ...fp32States, ...bf16Moments }, 8],
    ['by default, with remainders', precisionAwareDefaults, 10],
    ['with remainders and bf16 moments', { ...precisionAwareDefaults, ...bf16Moments }, 6],
    [
      'with fp16 masters, and moments of fp8 and fp16',
      { masters: 'fp16', remainders: true, firstMoment: 'fp8', secondMoment: 'fp16' },
      5,
    ],
  ] as const)('of a precision-aware optimizer, %s, are 4 bytes and a share of those of %j: %d', (_, aware, shared) => {
    const software = stack('megatron-core', aware === undefined ? {} : { precisionAwareOptimizer: aware });
    for (const count of parameters) {
      const states = modelStates(count, software, 'bf16', 'adam', { zeroStage: 1, replicas: 16 });
      expect(bytesOf(states)).toBe(4 * count + shared * shard(count));
      expect(states.stepBytes).toBe(aware === undefined ? 4 * shard(count) : 0);
    }
  });

  it('of a precision-aware optimizer are 6 bytes and a share of 12 with fp32 gradients', () => {
    const software = stack('megatron-core', { gradientAccumulationDtype: 'fp32', precisionAwareOptimizer: fp32States });
    const states = modelStates(parameters[0]!, software, 'bf16', 'adam', { zeroStage: 1, replicas: 16 });
    expect(bytesOf(states)).toBe(6 * parameters[0]! + 12 * shard(parameters[0]!));
  });

  // Megatron-Core keeps fp32 masters itself there, and casts gradients to fp32 for them.
  it('of a precision-aware optimizer have the fp32 copy under fp8 recipes other than delayed scaling', () => {
    const statesOf = (precisionRecipe: 'delayed' | 'current', masters: 'fp32' | 'fp16') => {
      const aware = { ...precisionAwareDefaults, masters };
      const software = stack('megatron-core', { precisionRecipe, precisionAwareOptimizer: aware });
      return modelStates(16_000, software, 'fp8', 'adam', { zeroStage: 1, replicas: 16 });
    };
    expect(statesOf('current', 'fp32')).toMatchObject({ stepBytes: 4000, optimizerBytes: 12_000 });
    expect(statesOf('current', 'fp16')).toMatchObject({ stepBytes: 0, optimizerBytes: 10_000 });
    expect(statesOf('delayed', 'fp32')).toMatchObject({ stepBytes: 0, optimizerBytes: 10_000 });
  });

  it('round a shard up: some rank has the odd parameter', () => {
    const { optimizerBytes } = modelStates(1001, stack('megatron-2021'), 'bf16', 'adam', { zeroStage: 1, replicas: 4 });
    expect(optimizerBytes).toBe(12 * 251);
  });
});
