import { describe, expect, it } from 'vitest';
import { graphOf, stack } from './make.ts';

describe('attention with a causal mask', () => {
  const core = (model: string, software: ReturnType<typeof stack>) =>
    graphOf(model, { sequenceLength: 1024 }, software).units[1]!.operators.find(({ kind }) => kind === 'attention')!;

  it('leaves out what the mask hides where the software does, under FSDP1 for models with rotary positions', () => {
    const leftOut = (model: string, software: ReturnType<typeof stack>) => {
      const { causal, visibleShare } = core(model, software).attention!;
      // A flash kernel still computes the blocks on the diagonal.
      if (causal) expect(visibleShare).toBeLessThan(0.6);
      else expect(visibleShare).toBe(1);
      return causal;
    };
    expect(leftOut('llama2-7b', stack('fsdp1'))).toBe(true);
    expect(leftOut('gpt3-6.7b', stack('fsdp1'))).toBe(false);
    expect(leftOut('gpt3-6.7b', stack('fsdp2'))).toBe(true);
    expect(leftOut('llama2-7b', stack('fsdp2', { attentionSkipsMasked: 'none' }))).toBe(false);
    expect(leftOut('bert-large', stack('megatron-2021'))).toBe(false);
  });
});
