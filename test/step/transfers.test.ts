import { expect, it } from 'vitest';
import { readJob } from '../../src/job/index.ts';
import { simulate, simulateDetailed } from '../../src/simulate.ts';
import type { StackName } from '../../src/stack/stack.ts';

const job = (stack: StackName, virtualStages: number) =>
  readJob({
    model: 'gpt3-6.7b',
    cluster: { instance: 'dgx-a100', count: 1 },
    stack,
    training: { sequenceLength: 1_024, globalBatchSize: 64, precision: 'bf16' },
    parallelism: { pipeline: 4, data: 2, microBatchSize: 2, virtualStages },
  });

const firstTransfer = (stack: StackName, virtualStages: number, waits: number) => {
  const read = job(stack, virtualStages);
  const hostSecondsPerTransfer = { plain: waits, interleaved: waits };
  const changed = { ...read, stack: { ...read.stack, hostSecondsPerTransfer } };
  return [simulateDetailed(read).transferSeconds[0]!, simulateDetailed(changed).transferSeconds[0]!] as const;
};

it('stands still after a transfer that the host of Megatron-LM waits for', () => {
  for (const virtualStages of [1, 2]) {
    const [waiting, without] = firstTransfer('megatron-2023', virtualStages, 0);
    expect(waiting - without).toBeCloseTo(0.55e-3, 12);
  }
});

it('goes on under the transfers of Megatron-Core where chunks are interleaved, and only there', () => {
  const [plain, withoutPlain] = firstTransfer('megatron-core', 1, 0);
  expect(plain - withoutPlain).toBeCloseTo(0.2e-3, 12);
  const [interleaved, withoutInterleaved] = firstTransfer('megatron-core', 2, 0);
  expect(interleaved).toBe(withoutInterleaved);
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
