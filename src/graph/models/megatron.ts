import { defineModel, type ModelEntry } from './define.ts';

const narayanan =
  'Narayanan et al. 2021, Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM (arXiv 2104.04473), table 1';
const korthikantiPaper =
  'Korthikanti et al. 2022, Reducing Activation Recomputation in Large Transformer Models (arXiv 2205.05198), table 3';

function megatronGpt(
  name: string,
  [layers, hiddenSize, attentionHeads]: readonly [number, number, number],
  source: string,
  aliases: readonly string[] = [],
): ModelEntry {
  return defineModel(
    {
      name,
      family: 'gpt',
      layers,
      hiddenSize,
      attentionHeads,
      vocabularySize: 51_200,
      maxSequenceLength: 2_048,
    },
    source,
    aliases,
  );
}

/** The GPTs of the weak-scaling table, 1.7 billion to one trillion parameters; the vocabulary is padded already. */
export const megatron: readonly ModelEntry[] = [
  megatronGpt('megatron-1.7b', [24, 2_304, 24], `R: ${narayanan}`),
  megatronGpt('megatron-3.6b', [30, 3_072, 32], `R: ${narayanan}`),
  megatronGpt('megatron-7.5b', [36, 4_096, 32], `R: ${narayanan}`),
  megatronGpt('megatron-18.4b', [40, 6_144, 48], `R: ${narayanan}`),
  megatronGpt('megatron-39.1b', [48, 8_192, 64], `R: ${narayanan}`),
  megatronGpt('megatron-76.1b', [60, 10_240, 80], `R: ${narayanan}`),
  megatronGpt('megatron-145.6b', [80, 12_288, 96], `R: ${narayanan}`),
  megatronGpt('megatron-310.1b', [96, 16_384, 128], `R: ${narayanan}`),
  megatronGpt('megatron-529.6b', [105, 20_480, 128], `R: ${narayanan}`),
  megatronGpt('megatron-1008b', [128, 25_600, 160], `R: ${narayanan}`, ['megatron-1008.0b', 'megatron-1t']),
];

/** The four GPTs of selective recomputation and sequence parallelism; the vocabulary is padded already. */
export const korthikanti: readonly ModelEntry[] = [
  megatronGpt('korthikanti-22b', [48, 6_144, 64], `R: ${korthikantiPaper}`),
  megatronGpt('korthikanti-175b', [96, 12_288, 96], `R: ${korthikantiPaper}`),
  megatronGpt('korthikanti-530b', [105, 20_480, 128], `R: ${korthikantiPaper}`),
  megatronGpt('korthikanti-1t', [128, 25_600, 160], `R: ${korthikantiPaper}`),
];
