import { describe, expect, it } from 'vitest';
import { narrowFormat } from '../../src/hardware/kernels/narrow.ts';
import { readJob } from '../../src/job/index.ts';
import { simulate } from '../../src/simulate.ts';

describe('formats of fewer than 16 bits', () => {
  it('read an element and write it twice, along rows and along columns, with the scales of its block', () => {
    expect(narrowFormat('fp8', 'delayed')).toMatchObject({ operandBytes: 1, castBytes: 2 + 1 + 1 });
    expect(narrowFormat('fp8', 'current')).toMatchObject({ operandBytes: 1, castBytes: 2 + 2 + 1 + 1 });
    expect(narrowFormat('fp8', 'blockwise')?.castBytes).toBe(2 + 2 * (1 + 1 / 32));
    expect(narrowFormat('mxfp8', 'delayed')?.castBytes).toBe(2 + 2 * (1 + 1 / 32));
    expect(narrowFormat('nvfp4', 'delayed')).toMatchObject({ operandBytes: 0.5625, castBytes: 2 + 2 + 2 * 0.5625 });
    expect(narrowFormat('bf16', 'delayed')).toBeUndefined();
  });

  const seconds = (precision: string, stack: object = {}) =>
    simulate(
      readJob({
        model: 'llama-3-70b',
        cluster: { instance: 'p6-b200.48xlarge', count: 8 },
        stack: { name: 'megatron-core', ...stack },
        training: { sequenceLength: 8_192, globalBatchSize: 128, precision },
        parallelism: { tensor: 4, pipeline: 4, data: 4, virtualStages: 5 },
      }),
    ).stepTimeSeconds;

  it('make a step of a large model faster the fewer bits they have, and scales of the moment make it slower', () => {
    expect(seconds('fp8')).toBeLessThan(seconds('bf16'));
    expect(seconds('nvfp4')).toBeLessThan(seconds('mxfp8'));
    expect(seconds('fp8', { precisionRecipe: 'current' })).toBeGreaterThan(seconds('fp8'));
  });
});

describe('CUDA graphs', () => {
  const report = (cudaGraphs: boolean, sequenceLength: number, precision = 'bf16') =>
    simulate(
      readJob({
        model: 'llama-3-8b',
        cluster: { instance: 'p5.48xlarge', count: 1 },
        stack: { name: 'megatron-core', cudaGraphs },
        training: { sequenceLength, globalBatchSize: 16, precision },
        parallelism: { tensor: 8 },
      }),
    );

  it('spare small kernels the time of the host, at the price of buffers', () => {
    const [without, withGraphs] = [report(false, 512), report(true, 512)];
    expect(withGraphs.stepTimeSeconds).toBeLessThan(0.8 * without.stepTimeSeconds);
    expect(withGraphs.memory.peakBytes).toBeGreaterThan(without.memory.peakBytes + 3e9 - 1);
  });

  it('are worth the more in 8 bits, where the host launches casts and scales besides: small layers are slower than in 16', () => {
    const [wide, narrow] = ['bf16', 'fp8'].map((precision) => report(false, 512, precision).stepTimeSeconds);
    expect(narrow! / wide!).toBeGreaterThan(2);
    // The host alone takes 2.8 times as long.
    expect(narrow! / wide!).toBeLessThan(2.8);
    expect(report(true, 512, 'fp8').stepTimeSeconds).toBeLessThan(0.4 * narrow!);
  });

  it('change little where kernels are long', () => {
    expect(report(true, 16_384).stepTimeSeconds).toBeGreaterThan(0.98 * report(false, 16_384).stepTimeSeconds);
  });
});
