import { expect, it } from 'vitest';
import { type Job, readJob } from '../../src/job/index.ts';
import { simulate, simulateDetailed } from '../../src/simulate.ts';
import type { Stack, StackName } from '../../src/stack/stack.ts';

const job = (stack: StackName, virtualStages: number, tensor = 1) =>
  readJob({
    model: 'gpt3-6.7b',
    cluster: { instance: 'dgx-a100', count: 1 },
    stack,
    training: { sequenceLength: 1_024, globalBatchSize: 64, precision: 'bf16' },
    parallelism: { tensor, pipeline: 4, data: 2 / tensor, microBatchSize: 2, virtualStages },
  });

/** Twelve of the 25 launches of a layer's forward pass. */
const wait = ({ stack }: Job) => 0.48 * stack.hostSecondsPerLayer.forward;

const firstTransfer = (read: Job, hostWaitsForTransfers: Stack['hostWaitsForTransfers']) =>
  simulateDetailed({ ...read, stack: { ...read.stack, hostWaitsForTransfers } }).transferSeconds[0]!;

it('stands still after a transfer that the host of Megatron-LM waits for', () => {
  for (const virtualStages of [1, 2]) {
    const read = job('megatron-2023', virtualStages);
    expect(firstTransfer(read, 'all') - firstTransfer(read, 'none')).toBeCloseTo(wait(read), 12);
    expect(read.stack.hostWaitsForTransfers).toBe('all');
  }
});

it('goes on under the transfers of Megatron-Core where chunks are interleaved, and only there', () => {
  const [plain, interleaved] = [job('megatron-core', 1), job('megatron-core', 2)];
  expect(plain.stack.hostWaitsForTransfers).toBe('plain');
  expect(firstTransfer(plain, 'plain') - firstTransfer(plain, 'none')).toBeCloseTo(wait(plain), 12);
  expect(firstTransfer(interleaved, 'plain')).toBe(firstTransfer(interleaved, 'none'));
});

it("waits under DeepSpeed's engine for transfers that are cut among tensor ranks, and for no others", () => {
  const whole = job('megatron-deepspeed', 1);
  expect(firstTransfer(whole, 'scattered')).toBe(firstTransfer(whole, 'none'));
  const cut = job('megatron-deepspeed', 1, 2);
  expect(firstTransfer(cut, 'scattered') - firstTransfer(cut, 'none')).toBeCloseTo(wait(cut), 12);
});

it('stands still before each forward pass for which the host reads the sizes of a batch back', () => {
  const read = job('megatron-2023', 1);
  const forward = (hostWaitsForBatches: boolean) =>
    simulate({ ...read, stack: { ...read.stack, hostWaitsForBatches } }).partition.stages.map(
      ({ forwardSeconds }) => forwardSeconds,
    );
  forward(true).forEach((seconds, stage) => {
    expect(seconds - forward(false)[stage]!).toBeCloseTo(wait(read), 12);
  });
});

it('stands still for no batch where passes are replayed from graphs', () => {
  const read = job('megatron-2023', 1);
  const graphs = { ...read, stack: { ...read.stack, cudaGraphs: true } };
  const without = { ...graphs, stack: { ...graphs.stack, hostWaitsForBatches: false } };
  expect(simulate(graphs).stepTimeSeconds).toBe(simulate(without).stepTimeSeconds);
});

it('hides what the job says that tensor collectives hide under', () => {
  const seconds = (tensorOverlap: string) =>
    simulate(
      readJob({
        model: 'gpt3-6.7b',
        cluster: { instance: 'dgx-a100', count: 1 },
        stack: { name: 'megatron-deepspeed', tensorOverlap },
        training: { sequenceLength: 2_048, globalBatchSize: 16, precision: 'bf16' },
        parallelism: { tensor: 8, microBatchSize: 4 },
      }),
    ).stepTimeSeconds;
  expect(seconds('weight-gradient')).toBeLessThan(0.97 * seconds('none'));
});

it('is said to be uncertain on the one pipeline engine whose runs were slower than forecast', () => {
  const cautions = (stack: string, pipeline: number) =>
    simulate(
      readJob({
        model: 'gpt3-6.7b',
        cluster: { instance: 'dgx-a100', count: 2 },
        stack,
        training: { sequenceLength: 2_048, globalBatchSize: 64, precision: 'bf16' },
        parallelism: { tensor: 4, pipeline },
      }),
    ).warnings.filter((warning) => warning.includes('pipeline engine'));
  expect(cautions('megatron-deepspeed', 4)).toHaveLength(1);
  expect(cautions('megatron-deepspeed', 1)).toEqual([]);
  for (const stack of ['megatron-2023', 'megatron-core', 'fsdp2']) expect(cautions(stack, 4)).toEqual([]);
});
