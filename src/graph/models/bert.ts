import { defineModel, type ModelEntry } from './define.ts';

const paper = 'Devlin et al. 2018, BERT (arXiv 1810.04805), section 3';

/** BERT with its pooler, without the heads of pretraining. */
export const bert: readonly ModelEntry[] = [
  defineModel(
    {
      name: 'bert-base',
      family: 'bert',
      layers: 12,
      hiddenSize: 768,
      attentionHeads: 12,
      vocabularySize: 30_522,
      maxSequenceLength: 512,
    },
    `V: the uncased checkpoint's own 109,482,240 parameters; ${paper}`,
    ['bert-base-uncased'],
  ),
  defineModel(
    {
      name: 'bert-large',
      family: 'bert',
      layers: 24,
      hiddenSize: 1_024,
      attentionHeads: 16,
      vocabularySize: 30_522,
      maxSequenceLength: 512,
    },
    `R: ${paper}; the uncased checkpoint has 335,141,888 parameters`,
    ['bert-large-uncased'],
  ),
];
