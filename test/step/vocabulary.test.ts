import { expect, it } from 'vitest';
import { readJob } from '../../src/job/index.ts';
import { simulate } from '../../src/simulate.ts';

/** GPT-2 124M as karpathy/nanoGPT trains it. */
const report = (vocabularySize: number, precision = 'bf16') =>
  simulate(
    readJob({
      model: { family: 'gpt', layers: 12, hiddenSize: 768, attentionHeads: 12, vocabularySize, dropout: 0 },
      cluster: { instance: 'dgx-a100', count: 1 },
      stack: 'fsdp2',
      training: { sequenceLength: 1_024, globalBatchSize: 96, precision },
      parallelism: { microBatchSize: 12 },
    }),
  );

it('is worth padding to a multiple of 8: about 25% for a small GPT, as its author says', () => {
  const gain = report(50_257).stepTimeSeconds / report(50_304).stepTimeSeconds - 1;
  expect(gain).toBeGreaterThan(0.2);
  expect(gain).toBeLessThan(0.3);
});

it('is said to be crooked where it is, with one that is not', () => {
  expect(report(50_257).warnings.join(' ')).toContain('50,257 rows a rank, no multiple of 8');
  expect(report(50_257).warnings.join(' ')).toContain('padded to 50,264');
  expect(report(50_304).warnings.join(' ')).not.toContain('rows a rank');
  // Four elements of 32 bits are 16 bytes as well.
  expect(report(50_260).warnings.join(' ')).toContain('no multiple of 8');
  expect(report(50_260, 'fp32').warnings.join(' ')).not.toContain('rows a rank');
  expect(report(50_257, 'fp32').warnings.join(' ')).toContain('50,257 rows a rank, no multiple of 4');
});
