import { defineModel, type ModelEntry } from './define.ts';

/** GPT-J. */
export const gptj: readonly ModelEntry[] = [
  defineModel(
    {
      name: 'gpt-j-6b',
      family: 'gpt',
      layers: 28,
      hiddenSize: 4_096,
      attentionHeads: 16,
      vocabularySize: 50_400,
      maxSequenceLength: 2_048,
      positions: 'rope',
      tiedEmbeddings: false,
    },
    'R: Wang and Komatsuzaki 2021, GPT-J-6B. D: two norms a layer and biases on attention, where GPT-J has one norm for its two parallel branches and biases only on the feed-forward and the head: 0.01% more than its 6,050,882,784 parameters',
    ['gpt-j', 'gptj-6b'],
  ),
];
