import * as v from 'valibot';
import {
  anything,
  choose,
  dropoutRate,
  fields,
  flag,
  nameOr,
  oneOf,
  positiveNumber,
  type Read,
  text,
  wholeNumber,
} from './fields.ts';

export const families = ['gpt', 'llama', 'bert', 't5', 'graph'] as const;
const activations = ['gelu', 'swiglu', 'geglu', 'relu', 'squared-relu'] as const;
const norms = ['layernorm', 'rmsnorm'] as const;
const positions = ['learned', 'rope', 'alibi', 'none'] as const;

/** Deeper models have not been trained, and each layer costs time to forecast. */
const mostLayers = 10_000;

const slidingWindow = fields('slidingWindow', { size: wholeNumber(), every: wholeNumber() });
const experts = fields('experts', {
  count: wholeNumber(),
  topK: wholeNumber(),
  feedForwardSize: wholeNumber(),
  shared: wholeNumber(0),
  denseLayers: wholeNumber(0),
  capacityFactor: positiveNumber(),
});
const latentAttention = fields('latentAttention', {
  queryRank: wholeNumber(),
  keyValueRank: wholeNumber(),
  nopeHeadSize: wholeNumber(),
  ropeHeadSize: wholeNumber(),
  valueHeadSize: wholeNumber(),
});

const inlineModel = fields('a model', {
  name: text('GPT-3 175B'),
  family: oneOf(families),
  layers: wholeNumber(1, mostLayers),
  encoderLayers: wholeNumber(1, mostLayers),
  hiddenSize: wholeNumber(),
  attentionHeads: wholeNumber(),
  keyValueHeads: wholeNumber(),
  headSize: wholeNumber(),
  feedForwardSize: wholeNumber(),
  vocabularySize: wholeNumber(),
  maxSequenceLength: wholeNumber(),
  activation: oneOf(activations),
  norm: oneOf(norms),
  positions: oneOf(positions),
  bias: flag(),
  tiedEmbeddings: flag(),
  dropout: dropoutRate(),
  queryKeyNorm: flag(),
  slidingWindow,
  experts,
  latentAttention,
  predictionLayers: wholeNumber(0),
  trainable: anything(),
  graph: anything(),
});

/** A model described field by field. */
export type InlineModel = Read<typeof inlineModel>;

/** A Hugging Face `config.json`: an object with a `model_type`. */
export interface HuggingFaceConfig {
  readonly model_type: unknown;
}

/** True for the object of a Hugging Face `config.json`. */
export function isHuggingFace(value: unknown): value is HuggingFaceConfig {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'model_type');
}

/** A catalogue name, a model described field by field, or a Hugging Face configuration. */
export const modelReader = nameOr(
  'gpt3-175b',
  choose(isHuggingFace, v.custom<HuggingFaceConfig>(isHuggingFace), inlineModel),
);
