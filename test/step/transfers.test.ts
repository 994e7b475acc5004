import { expect, it } from 'vitest';
import { collectiveSeconds, groupOf } from '../../src/hardware/collectives/index.ts';
import { type Job, readJob } from '../../src/job/index.ts';
import { simulate, simulateDetailed } from '../../src/simulate.ts';
import type { Stack, StackName } from '../../src/stack/stack.ts';

const job = (stack: StackName, virtualStages: number) =>
  readJob({
    model: 'gpt3-6.7b',
    cluster: { instance: 'dgx-a100', count: 1 },
    stack,
    training: { sequenceLength: 1_024, globalBatchSize: 64, precision: 'bf16' },
    parallelism: { pipeline: 4, data: 2, microBatchSize: 2, virtualStages },
  });

/** So many launches, where a layer's forward pass has 25. */
const wait = ({ stack }: Job, launches: number) => (launches / 25) * stack.hostSecondsPerLayer.forward;

const firstTransfer = (read: Job, hostWaitsForTransfers: Stack['hostWaitsForTransfers']) =>
  simulateDetailed({ ...read, stack: { ...read.stack, hostWaitsForTransfers } }).transferSeconds[0]!;

it('stands still after a transfer that the host of Megatron-LM waits for', () => {
  for (const virtualStages of [1, 2]) {
    const read = job('megatron-2023', virtualStages);
    expect(firstTransfer(read, 'all') - firstTransfer(read, 'none')).toBeCloseTo(wait(read, 9), 12);
    expect(read.stack.hostWaitsForTransfers).toBe('all');
  }
});

it('goes on under the transfers of Megatron-Core where chunks are interleaved, and only there', () => {
  const [plain, interleaved] = [job('megatron-core', 1), job('megatron-core', 2)];
  expect(plain.stack.hostWaitsForTransfers).toBe('plain');
  expect(firstTransfer(plain, 'plain') - firstTransfer(plain, 'none')).toBeCloseTo(wait(plain, 9), 12);
  expect(firstTransfer(interleaved, 'plain')).toBe(firstTransfer(interleaved, 'none'));
});

it("gathers an output that DeepSpeed's engine kept in parts again when its gradient comes back", () => {
  const whole = job('megatron-deepspeed', 1);
  const { degrees } = whole.parallelism;
  const cut = { ...whole, parallelism: { ...whole.parallelism, degrees: { ...degrees, tensor: 2, data: 1 } } };
  const seconds = (keepsPipelineOutputs: boolean, scattersPipelineTransfers = true) =>
    simulateDetailed({ ...cut, stack: { ...cut.stack, keepsPipelineOutputs, scattersPipelineTransfers } })
      .transferSeconds[0]!;
  const bytes = 2 * 1_024 * whole.model.hiddenSize * whole.parallelism.microBatchSize;
  const gather = collectiveSeconds('all-gather', bytes, groupOf(cut.cluster.instance, 2, 1, cut.cluster.devices));
  expect(seconds(true) - seconds(false)).toBeCloseTo(gather / 2, 12);
  expect(seconds(true, false)).toBe(seconds(false, false));
});

it('stands still before each forward pass for which the host reads the sizes of a batch back', () => {
  const read = job('megatron-2023', 1);
  const forward = (hostWaitsForBatches: boolean) =>
    simulate({ ...read, stack: { ...read.stack, hostWaitsForBatches } }).partition.stages.map(
      ({ forwardSeconds }) => forwardSeconds,
    );
  const without = forward(false);
  forward(true).forEach((seconds, stage) => {
    expect(seconds - without[stage]!).toBeCloseTo(wait(read, 16), 12);
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
