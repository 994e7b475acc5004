import { describe, expect, it } from 'vitest';
import { type Explanation, plan } from '../../src/planner/index.ts';

async function explained(changes: object): Promise<Explanation> {
  const request = {
    model: 'gpt3-6.7b',
    cluster: { instance: 'p4d.24xlarge', count: 2 },
    stack: 'megatron-core',
    training: { sequenceLength: 1024, globalBatchSize: 64, precision: 'bf16', tokens: 1e9 },
    search: { tensor: [1, 2, 4], context: [1], microBatchSize: [1, 2, 4], placement: ['PDT'], offload: [{}] },
    ...changes,
  };
  return (await plan(request, { top: 1 })).explanation!;
}

const changeOf = ({ sensitivity }: Explanation, of: string) => sensitivity.find((one) => one.of === of)?.change;

describe('the neighbours of the best plan', () => {
  it.each([{}, { model: 'gpt3-1.3b' }, { constraints: { memoryMarginFraction: 0.3 } }])(
    'are five, the nearest first, and none that fits is faster: %j',
    async (changes) => {
      const { alternatives } = await explained(changes);
      expect(alternatives).toHaveLength(5);
      const losses = alternatives.map(({ loss }) => Math.abs(loss));
      expect(losses).toEqual(losses.toSorted((a, b) => a - b));
      for (const { fits, loss, overBytes } of alternatives) {
        if (fits) expect(loss).toBeGreaterThanOrEqual(0);
        expect(overBytes > 0).toBe(!fits);
      }
    },
  );

  it('reach tensor 1, where sequences cannot be split among tensor ranks', async () => {
    const search = { tensor: [1, 2], pipeline: [1], context: [1], microBatchSize: [4], sequenceParallel: [true] };
    const { alternatives } = await explained({ search: { ...search, offload: [{}], recompute: ['none'] } });
    expect(alternatives.map(({ change }) => change)).toContain('tensor 1 instead of 2');
  });
});

describe('sensitivity', () => {
  it('tells latencies beside rates: that of the network only where the network is used', async () => {
    // One sequence of 128 tokens a replica: collectives are all latency.
    const training = { sequenceLength: 128, globalBatchSize: 16, precision: 'bf16', tokens: 1e9 };
    const search = { tensor: [8], pipeline: [1], context: [1], microBatchSize: [1], recompute: ['none'] };
    const small = { model: 'gpt3-1.3b', training, search };
    const one = await explained({ ...small, cluster: { instance: 'p4d.24xlarge', count: 1 } });
    expect(changeOf(one, 'networkLatency')).toBe(0);
    expect(changeOf(one, 'network')).toBe(0);
    expect(changeOf(one, 'linkLatency')).toBeLessThan(changeOf(one, 'links')!);
    const two = await explained(small);
    expect(changeOf(two, 'networkLatency')).toBeLessThan(0);
    expect(changeOf(two, 'price')).toBeCloseTo(0.1, 12);
  });

  it('tells what memory would change for the best plan of the same degrees', async () => {
    const search = { tensor: [2], pipeline: [1], context: [1], microBatchSize: [1, 2, 4, 8], placement: ['PDT'] };
    const onGigabytes = (gigabytes: number) =>
      plan(
        {
          model: 'gpt3-6.7b',
          cluster: {
            instance: {
              extends: 'p4d.24xlarge',
              accelerator: { extends: 'a100-sxm4-40', memoryBytes: gigabytes * 1e9 },
            },
            count: 2,
          },
          stack: 'megatron-core',
          training: { sequenceLength: 1024, globalBatchSize: 64, precision: 'bf16' },
          search: { ...search, offload: [{}] },
        },
        { top: 1 },
      );
    const own = await onGigabytes(30);
    const larger = await onGigabytes(33);
    const [before, after] = [own.plans[0]!.report, larger.plans[0]!.report];
    expect(after.memory.capacityBytes / before.memory.capacityBytes).toBeCloseTo(1.1, 6);
    expect(changeOf(own.explanation!, 'memory')).toBeLessThan(-0.04);
    expect(changeOf(own.explanation!, 'memory')).toBeCloseTo(after.stepTimeSeconds / before.stepTimeSeconds - 1, 12);
  });
});
