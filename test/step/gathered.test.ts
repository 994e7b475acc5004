import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { simulate } from '../../src/simulate.ts';

/** What a device holds to communicate, Llama 3 70B on 64 H100 under ZeRO 3. */
function communicationBytes(stack: object, model = 'llama3-70b'): number {
  const job = readJob({
    model,
    cluster: { instance: 'p5.48xlarge', count: 8 },
    stack,
    training: { sequenceLength: 8192, globalBatchSize: 64 },
    parallelism: { zeroStage: 3, recompute: 'full' },
  });
  return simulate(job).memory.stages[0]!.communicationBytes;
}

/** Reduce and all-gather buckets of 500 million 2-byte elements. */
const buckets = 2e9;
/** The embedding, or the head: the largest tensor. */
const largest = 128_256 * 8192;
/** Two norms a layer, and the last one: fewer than 100,000 elements each. */
const norms = 161 * 8192;

describe('parameters gathered at once by DeepSpeed under ZeRO 3', () => {
  // runtime/zero/config.py: a billion live parameters; the gradient of one tensor on its way to the bucket.
  it('are as many as may live, and the tensor that leads beyond them', () => {
    expect(communicationBytes({ name: 'deepspeed' })).toBe(2 * (1e9 + largest + norms + largest) + buckets);
  });

  it('follow the limit of the job, down to the one tensor at work', () => {
    const limited = { name: 'deepspeed', mostLiveParameters: 2e8 };
    expect(communicationBytes(limited)).toBe(2 * (2e8 + largest + norms + largest) + buckets);
    expect(communicationBytes({ ...limited, mostLiveParameters: 0 })).toBe(2 * (2 * largest + norms) + buckets);
  });

  it('are never more than the model has, whatever is kept whole of it', () => {
    const whole = 8_030_261_248;
    const head = 128_256 * 4096;
    const unlimited = { name: 'deepspeed', mostLiveParameters: 1e12 };
    expect(communicationBytes(unlimited, 'llama3-8b')).toBe(2 * (whole + head) + buckets);
    expect(communicationBytes({ ...unlimited, persistenceThreshold: 1e12 }, 'llama3-8b')).toBe(
      2 * (whole + head) + buckets,
    );
  });
});

describe('what FSDP gathers and scatters at its peak', () => {
  const layer = 855_654_400;
  const head = 8192 + largest;

  // Two layers gathered and one's gradient; as it is reduced, in bf16 twice in FSDP1 and in fp32 once in FSDP2.
  it('are 10 bytes a parameter of a layer in either version, and the head', () => {
    expect(communicationBytes({ name: 'fsdp1' })).toBe(layer * (3 * 2 + 2 * 2) + 2 * head);
    expect(communicationBytes({ name: 'fsdp2' })).toBe(layer * (3 * 2 + 4) + 2 * head);
  });

  it('are 8 and 14 where each reduces in the format of the other', () => {
    expect(communicationBytes({ name: 'fsdp2', gradientReduceDtype: 'bf16' })).toBe(layer * 8 + 2 * head);
    expect(communicationBytes({ name: 'fsdp1', gradientReduceDtype: 'fp32' })).toBe(layer * 14 + 2 * head);
  });
});
