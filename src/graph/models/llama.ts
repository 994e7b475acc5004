import { defineModel, type ModelEntry } from './define.ts';

interface LlamaShape {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly attentionHeads: number;
  readonly keyValueHeads: number;
  readonly feedForwardSize: number;
  readonly tiedEmbeddings?: boolean;
}

const shape8b: LlamaShape = {
  layers: 32,
  hiddenSize: 4_096,
  attentionHeads: 32,
  keyValueHeads: 8,
  feedForwardSize: 14_336,
};
const shape70b: LlamaShape = {
  layers: 80,
  hiddenSize: 8_192,
  attentionHeads: 64,
  keyValueHeads: 8,
  feedForwardSize: 28_672,
};
const shape405b: LlamaShape = {
  layers: 126,
  hiddenSize: 16_384,
  attentionHeads: 128,
  keyValueHeads: 8,
  feedForwardSize: 53_248,
};

const llama2Source = 'R: Touvron et al. 2023, Llama 2 (arXiv 2307.09288), and the released configurations';
const herd = 'Grattafiori et al. 2024, The Llama 3 Herd of Models (arXiv 2407.21783), table 3';

function llama2Of(size: string, llama: LlamaShape): ModelEntry {
  return defineModel(
    { name: `llama2-${size}`, family: 'llama', vocabularySize: 32_000, maxSequenceLength: 4_096, ...llama },
    llama2Source,
    [`llama-2-${size}`],
  );
}

function llama3Of(
  version: '3' | '3.1' | '3.2',
  size: string,
  llama: LlamaShape,
  source: string,
  aliases: readonly string[] = [],
): ModelEntry {
  return defineModel(
    {
      name: `llama${version}-${size}`,
      family: 'llama',
      vocabularySize: 128_256,
      maxSequenceLength: version === '3' ? 8_192 : 131_072,
      ...llama,
    },
    source,
    [`llama-${version}-${size}`, ...aliases],
  );
}

/** Llama 2 and 3. */
export const llama: readonly ModelEntry[] = [
  llama2Of('7b', {
    layers: 32,
    hiddenSize: 4_096,
    attentionHeads: 32,
    keyValueHeads: 32,
    feedForwardSize: 11_008,
  }),
  llama2Of('13b', {
    layers: 40,
    hiddenSize: 5_120,
    attentionHeads: 40,
    keyValueHeads: 40,
    feedForwardSize: 13_824,
  }),
  llama2Of('70b', shape70b),
  llama3Of('3', '8b', shape8b, `V: the checkpoint's own 8,030,261,248 parameters; ${herd}`),
  llama3Of('3', '70b', shape70b, `V: the checkpoint's own 70,553,706,496 parameters; ${herd}`),
  llama3Of('3.1', '8b', shape8b, `R: the shape of Llama 3 8B, a context of 131,072; ${herd}`),
  llama3Of('3.1', '70b', shape70b, `R: the shape of Llama 3 70B, a context of 131,072; ${herd}`, [
    'llama3.3-70b',
    'llama-3.3-70b',
  ]),
  llama3Of('3.1', '405b', shape405b, `V: the checkpoint's own 405,853,388,800 parameters; ${herd}`, [
    'llama3-405b',
    'llama-3-405b',
  ]),
  llama3Of(
    '3.2',
    '1b',
    {
      layers: 16,
      hiddenSize: 2_048,
      attentionHeads: 32,
      keyValueHeads: 8,
      feedForwardSize: 8_192,
      tiedEmbeddings: true,
    },
    'R: released configuration of Llama 3.2 1B',
  ),
  llama3Of(
    '3.2',
    '3b',
    {
      layers: 28,
      hiddenSize: 3_072,
      attentionHeads: 24,
      keyValueHeads: 8,
      feedForwardSize: 8_192,
      tiedEmbeddings: true,
    },
    'R: released configuration of Llama 3.2 3B',
  ),
];
