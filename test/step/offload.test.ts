import { describe, expect, it } from 'vitest';
import { ForetrainError } from '../../src/errors.ts';
import { readJob } from '../../src/job/readJob.ts';
import { simulate } from '../../src/simulate.ts';
import { exposedOffloadSeconds } from '../../src/step/offloadedPass.ts';

const unit = (copy: number) => ({ forward: 1, backward: 2, toHost: copy, toDevice: copy });
const layers = (count: number, copy: number) => Array.from({ length: count }, () => unit(copy));

describe('copies beside a forward and a backward pass', () => {
  it('cost nothing where they are shorter than the work of a layer', () => {
    const { forwardOffload, backwardOffload } = exposedOffloadSeconds(layers(8, 0.5), 2);
    expect(forwardOffload).toBeCloseTo(0, 12);
    expect(backwardOffload).toBeCloseTo(0, 12);
  });

  it('hold up a forward pass that makes tensors faster than they leave', () => {
    const { forwardOffload } = exposedOffloadSeconds(layers(8, 1.5), 1);
    expect(forwardOffload).toBeGreaterThan(0);
    expect(exposedOffloadSeconds(layers(8, 1.5), 8).forwardOffload).toBeLessThan(forwardOffload);
  });

  it('take as long as the copies of one direction where the link is all that counts', () => {
    const { forwardOffload, backwardOffload } = exposedOffloadSeconds(layers(8, 100), 2);
    const period = forwardOffload + backwardOffload + 8 * 3;
    expect(period).toBeGreaterThanOrEqual(800);
    expect(period).toBeLessThanOrEqual(1600 + 24);
  });

  it('never cost less with a shorter horizon', () => {
    const cost = (window: number) => {
      const { forwardOffload, backwardOffload } = exposedOffloadSeconds(layers(12, 1.2), window);
      return forwardOffload + backwardOffload;
    };
    for (let window = 1; window < 12; window++) expect(cost(window)).toBeGreaterThanOrEqual(cost(window + 1) - 1e-9);
  });
});

function job(stack: string, parallelism: object, cluster: object = { instance: 'p4d.24xlarge', count: 32 }) {
  return readJob({
    model: 'gpt3-175b',
    cluster,
    stack,
    training: { sequenceLength: 2048, globalBatchSize: 512 },
    parallelism: { tensor: 8, pipeline: 8, partitioner: 'uniform', ...parallelism },
  });
}

describe('offloading', () => {
  const kept = simulate(job('smp-v1', { zeroStage: 1, recompute: 'full' }));
  const moved = simulate(job('smp-v1', { zeroStage: 1, recompute: 'full', offload: { activations: true } }));

  it("keeps the checkpointed inputs of SageMaker's library on the host, but for four tasks", () => {
    const [before, after] = [kept.memory.stages[0]!, moved.memory.stages[0]!];
    expect(after.activationsBytes).toBeLessThan(before.activationsBytes);
    expect(after.peakBytes).toBeLessThan(before.peakBytes);
    expect(moved.memory.hostBytes).toBeGreaterThan(0);
    expect(kept.memory.hostBytes).toBe(0);
  });

  it('takes its time from the step, in a part of its own', () => {
    expect(moved.stepTimeSeconds).toBeGreaterThanOrEqual(kept.stepTimeSeconds);
    const slow = simulate(
      job('megatron-core', { offload: { activations: true } }, { instance: 'p5.48xlarge', count: 32 }),
    );
    expect(slow.breakdownSeconds.offload).toBeGreaterThan(0);
  });

  it('moves masters and moments, which the host then steps', () => {
    const cluster = { instance: 'p5.48xlarge', count: 32 };
    const [before, half, all] = [0, 0.5, 1].map((optimizer) =>
      simulate(job('megatron-core', optimizer === 0 ? {} : { offload: { optimizer } }, cluster)),
    );
    expect(half!.memory.stages[0]!.optimizerBytes).toBe(before!.memory.stages[0]!.optimizerBytes / 2);
    expect(all!.memory.stages[0]!.optimizerBytes).toBe(0);
    expect(half!.stepTimeSeconds).toBeGreaterThan(before!.stepTimeSeconds);
    expect(all!.stepTimeSeconds).toBeGreaterThan(half!.stepTimeSeconds);
  });
});

describe('offloading that cannot be', () => {
  it.each([
    [
      'smp-v1',
      { offload: { activations: true } },
      'parallelism.offload.activations: smp-v1 moves only the inputs of recomputed layers, and there are none; recompute full would do',
    ],
    [
      'megatron-2021',
      { offload: { optimizer: true } },
      'parallelism.offload.optimizer: megatron-2021 keeps optimizer states on the device; megatron-core, megatron-deepspeed, deepspeed, fsdp1, fsdp2 can move them',
    ],
    [
      'deepspeed',
      { pipeline: 1, zeroStage: 1, offload: { parameters: true } },
      'parallelism.offload.parameters: true needs parameters that are sharded, and zeroStage is 1; 3 would do',
    ],
  ])('%s with %j is a fault', (stack, parallelism, line) => {
    expect(linesOf(() => job(stack, parallelism))).toEqual([line]);
  });

  it('is a host too small, in one sentence', () => {
    const cluster = { instance: 'p4d.24xlarge', count: 2 };
    const lines = linesOf(() =>
      job('deepspeed', { tensor: 1, pipeline: 1, zeroStage: 3, offload: { optimizer: true } }, cluster),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^parallelism\.offload: puts .* of model states on each host, and one of p4d\.24xlarge has 1\.13 TiB; /,
    );
  });
});

function linesOf(read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof ForetrainError)) throw error;
    return error.faults.map(({ path, message }) => `${path}: ${message}`);
  }
}
