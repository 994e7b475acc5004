import { defineModel, type ModelEntry } from './define.ts';

function gpt2Of(
  size: string,
  [layers, hiddenSize, attentionHeads]: readonly [number, number, number],
  aliases: readonly string[],
  source: string,
): ModelEntry {
  return defineModel(
    {
      name: `gpt2-${size}`,
      family: 'gpt',
      layers,
      hiddenSize,
      attentionHeads,
      vocabularySize: 50_257,
      maxSequenceLength: 1_024,
    },
    source,
    aliases,
  );
}

const paper =
  'Radford et al. 2019, Language Models are Unsupervised Multitask Learners, table 2, and the released files';

/** GPT-2, all four sizes. */
export const gpt2: readonly ModelEntry[] = [
  gpt2Of('124m', [12, 768, 12], ['gpt2'], `V: the checkpoint's own 124,439,808 parameters; ${paper}`),
  gpt2Of('355m', [24, 1_024, 16], ['gpt2-medium'], `R: ${paper}`),
  gpt2Of('774m', [36, 1_280, 20], ['gpt2-large'], `R: ${paper}`),
  gpt2Of('1.5b', [48, 1_600, 25], ['gpt2-xl'], `R: ${paper}`),
];
