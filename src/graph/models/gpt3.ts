import { defineModel, type ModelEntry } from './define.ts';

const table = 'Brown et al. 2020, Language Models are Few-Shot Learners (arXiv 2005.14165), table 2.1';

/** A GPT-3 by its row of the table, which gives widths and heads that do not always multiply. */
function gpt3Of(
  size: string,
  [layers, hiddenSize, attentionHeads, headSize]: readonly [number, number, number, number],
  aliases: readonly string[] = [],
  note = '',
): ModelEntry {
  return defineModel(
    {
      name: `gpt3-${size}`,
      family: 'gpt',
      layers,
      hiddenSize,
      attentionHeads,
      headSize,
      vocabularySize: 50_257,
      maxSequenceLength: 2_048,
    },
    `R: ${table}; attention dense in every layer${note}`,
    aliases,
  );
}

/** GPT-3, all eight sizes. */
export const gpt3: readonly ModelEntry[] = [
  gpt3Of('125m', [12, 768, 12, 64]),
  gpt3Of('350m', [24, 1_024, 16, 64]),
  gpt3Of('760m', [24, 1_536, 16, 96]),
  gpt3Of('1.3b', [24, 2_048, 24, 128], [], '; 24 heads of 128 are wider than 2,048, as printed'),
  gpt3Of('2.7b', [32, 2_560, 32, 80]),
  gpt3Of('6.7b', [32, 4_096, 32, 128]),
  gpt3Of('13b', [40, 5_140, 40, 128], [], '; 5,140 as printed, 40 heads of 128'),
  gpt3Of('175b', [96, 12_288, 96, 128], ['gpt3']),
];
