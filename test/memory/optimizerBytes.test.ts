import { describe, expect, it } from 'vitest';
import { optimizerBytes } from '../../src/memory/optimizerBytes.ts';
import { precisionAwareDefaults } from '../../src/stack/precision.ts';
import { stack } from '../graph/make.ts';

const movedBy = (...args: Parameters<typeof optimizerBytes>) => optimizerBytes(...args).moved;

describe('the bytes that Adam moves for a parameter', () => {
  it('are those of eight kernels where it is not one, and a root of the second moment is there for the step', () => {
    const separate = optimizerBytes(stack('fsdp1'), 'bf16', 'adam');
    expect(separate).toMatchObject({ masters: 0, moments: 8, stepCopies: 4, moved: 80 + 2 });
    const fused = optimizerBytes(stack('fsdp1', { fusedOptimizer: true }), 'bf16', 'adam');
    expect(fused).toMatchObject({ stepCopies: 0, moved: 3 * 4 + 2 * 8 + 2 });
    expect(movedBy(stack('fsdp1'), 'bf16', 'lion')).toBe(3 * 4 + 2 * 4 + 2);
  });

  it('are an fp32 gradient read, master and moments read and written, and a parameter written', () => {
    expect(movedBy(stack('megatron-2021'), 'fp16', 'adam')).toBe(4 + 2 * 4 + 2 * 8 + 2);
  });

  it('have a 16-bit gradient cast to fp32 and that copy read, where the stack makes it', () => {
    expect(movedBy(stack('megatron-core'), 'bf16', 'adam')).toBe(2 + 2 * 4 + 2 * 4 + 2 * 8 + 2);
    expect(movedBy(stack('megatron-core', { gradientCopyForStep: false }), 'bf16', 'adam')).toBe(2 + 2 * 4 + 2 * 8 + 2);
  });

  it('are those of its formats, and the parameter read beside a remainder, where it is precision-aware', () => {
    const aware = { ...precisionAwareDefaults, firstMoment: 'bf16', secondMoment: 'fp8' } as const;
    const software = stack('megatron-core', { precisionAwareOptimizer: aware });
    expect(movedBy(software, 'bf16', 'adam')).toBe(2 + 2 * 2 + 2 * (2 + 1) + 2 * 2);
  });

  it('are half of them all with stochastic rounding, which has no masters', () => {
    expect(movedBy(stack('neuronx-distributed'), 'bf16', 'adam', true)).toBe(2 + 2 * 2 + 2 * 4);
  });
});
