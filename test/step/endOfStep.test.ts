import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/index.ts';
import { rankLayout } from '../../src/partition/placement.ts';
import { endOfStep } from '../../src/step/endOfStep.ts';
import type { StageProfile } from '../../src/step/stageProfile.ts';

describe('gradients that are averaged beside the last backward pass', () => {
  const pass = 10;
  /** When 2 GB of gradients are averaged among 16 replicas, of whose last pass so much is products. */
  const reducedAt = (instance: string, stack: string, products: number) => {
    const job = readJob({
      model: 'gpt3-1.3b',
      cluster: { instance, count: 2 },
      stack: { name: stack, gradientReduceDtype: 'bf16' },
      training: { sequenceLength: 2048, globalBatchSize: 32, precision: 'bf16' },
      parallelism: { data: 16 },
    });
    const stage = { parameters: 1e9, backwardProducts: products } as StageProfile;
    return endOfStep(job, rankLayout('PDT', job.parallelism.degrees))([{ start: 0, end: pass, stage }]).reducedAt;
  };

  it('make products on an H100 late by half of what all buckets but the last take', () => {
    const still = reducedAt('dgx-h100', 'megatron-core', 0);
    const buckets = Math.ceil(2e9 / 160e6);
    const bucketSeconds = still - pass;
    const late = reducedAt('dgx-h100', 'megatron-core', pass) - still;
    expect(late).toBeCloseTo(0.5 * bucketSeconds * (buckets - 1), 9);
  });

  it('leave the pass alone where they wait for its end', () => {
    expect(reducedAt('dgx-a100', 'megatron-2021', pass)).toBe(reducedAt('dgx-a100', 'megatron-2021', 0));
  });
});
