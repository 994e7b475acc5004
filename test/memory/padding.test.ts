import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operator } from '../../src/graph/operator.ts';
import { paddingElements } from '../../src/memory/padding.ts';
import { graphOf, stack } from '../graph/make.ts';

/** Operators with so many parameters each. */
const tensors = (...sizes: readonly number[]) => sizes.map((parameters) => ({ kind: 'norm', parameters }) as Operator);
const matrix = (n: number, k: number) => ({ kind: 'matmul', parameters: n * k, gemm: { m: 1, n, k } }) as Operator;
const padding = (
  name: Parameters<typeof stack>[0],
  units: readonly (readonly Operator[])[],
  replicas: number,
  zeroStage: 0 | 1 | 2 | 3 = 1,
) => paddingElements(stack(name), { units, hiddenSize: 8, zeroStage, replicas });

describe('elements added so that ranks have equal shares', () => {
  it('are none where nothing is shared', () => {
    expect(padding('megatron-core', [tensors(7, 9)], 16, 0)).toBe(0);
    expect(padding('fsdp2', [tensors(7, 9)], 1, 3)).toBe(0);
  });

  // Megatron-LM core/optimizer/param_layout.py, by hand: starts at multiples of 64, ends at multiples of lcm(12, 128).
  it('align every tensor of a bucket to 64, and its end to the replicas and 128', () => {
    expect(padding('megatron-core', [tensors(100, 10)], 12)).toBe(54 + (384 - 164));
    expect(padding('megatron-core', [tensors(128, 256)], 12)).toBe(0);
  });

  it('come once for each bucket of at least 40 million elements, or a million a replica', () => {
    const large = tensors(4e7 + 1, 4e7 + 1);
    expect(padding('megatron-core', [large], 16)).toBe(2 * 127);
    // 64 replicas: the first is not full yet when the second begins, at the next multiple of 64.
    expect(padding('megatron-core', [large], 64)).toBe(63 + 63);
    // Not overlapped, they are one bucket.
    expect(padding('megatron-2021', [large], 16)).toBe(63 + 63);
  });

  it('are rows of a matrix in FSDP2, whole numbers of them for each rank', () => {
    expect(padding('fsdp2', [[matrix(10, 6)]], 4, 3)).toBe(2 * 6);
    expect(padding('fsdp2', [[matrix(12, 6)], tensors(9)], 4, 3)).toBe(3);
    expect(padding('fsdp2', [[{ kind: 'embedding', parameters: 13 * 8 } as Operator]], 4, 3)).toBe(3 * 8);
  });

  it('are those of each unit in FSDP1, and of each tensor or all together in DeepSpeed', () => {
    const units = [tensors(5, 6), tensors(7)];
    expect(padding('fsdp1', units, 4, 3)).toBe(1 + 1);
    expect(padding('deepspeed', units, 4, 3)).toBe(3 + 2 + 1);
    expect(padding('deepspeed', units, 4, 1)).toBe(24 - 18);
  });

  // 128,256 rows of the embedding and of the head divide by 64, not by 512 (250.5); 8,192 of a layer not by 96.
  it('are nothing for Llama 3 70B on 64 ranks, half a row a rank of its embeddings on 512, and 0.1 to 1% of it on 96', () => {
    const graph = graphOf('llama3-70b', { sequenceLength: 8192 }, stack('fsdp2'));
    const units = graph.units.map(({ operators }) => operators);
    const on = (replicas: number) =>
      paddingElements(stack('fsdp2'), { units, hiddenSize: 8192, zeroStage: 3, replicas });
    expect(on(64)).toBe(0);
    expect(on(512)).toBe(2 * 256 * 8192);
    expect(on(96) / 70_553_706_496).toBeGreaterThan(0.001);
    expect(on(96) / 70_553_706_496).toBeLessThan(0.01);
  });

  it('make the whole divide evenly, and are less than a share of every tensor', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 1e8 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 2, max: 1024 }), (counts, replicas) => {
        const parameters = counts.reduce((sum, count) => sum + count, 0);
        for (const name of ['megatron-core', 'megatron-2021', 'fsdp1', 'fsdp2', 'deepspeed'] as const) {
          const added = padding(name, [tensors(...counts)], replicas, 3);
          expect((parameters + added) % replicas).toBe(0);
          expect(added).toBeGreaterThanOrEqual(0);
          expect(added).toBeLessThan(counts.length * (128 * replicas + 64));
        }
      }),
    );
  });
});
