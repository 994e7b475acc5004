import { describe, expect, it } from 'vitest';
import { optimizerBytes } from '../../src/memory/optimizerBytes.ts';
import { precisionAwareDefaults } from '../../src/stack/precision.ts';
import { stack } from '../graph/make.ts';

const movedBy = (...args: Parameters<typeof optimizerBytes>) => optimizerBytes(...args).moved;

describe('the bytes that Adam moves for a parameter', () => {
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
