import { fail } from '../errors.ts';
import { bertTokenTypes, isGated, isPostNorm, type ModelSpec } from './model.ts';
import { graphParameters } from './operatorGraph.ts';

/** Where parameters are counted for a vocabulary that is not the model's own. */
export interface CountOptions {
  /** Rows of the embedding (and of an untied head): the padded vocabulary. By default the model's own. */
  readonly vocabularySize?: number | undefined;
}

/**
 * Parameters of the whole model, to the last one. A GPT of standard shape has L(12h² + 13h) + 2h + Vh + sh, a Llama
 * L(2·h·a·d + 2·h·g·d + 3·h·F + 2h) + h + 2Vh.
 * @param model the shape
 * @param options a padded vocabulary
 * @throws ForetrainError for t5
 * @source Brown et al. 2020, table 2.1; Narayanan et al. 2021, equation 2; Llama checkpoints' own totals
 */
export function parameterCount(model: ModelSpec, options: CountOptions = {}): number {
  if (model.family === 't5') fail('model.family', 't5 is not modelled yet; gpt, llama and bert are', 'not-modelled');
  if (model.graph !== undefined) return graphParameters(model.graph);
  return embeddingParameters(model, options) + model.layers * layerParameters(model) + outputParameters(model, options);
}

/** What comes before the first layer: token, position and token-type tables and BERT's norm on their sum. */
export function embeddingParameters(model: ModelSpec, options: CountOptions = {}): number {
  const h = model.hiddenSize;
  const tokens = (options.vocabularySize ?? model.vocabularySize) * h;
  const positions = model.positions === 'learned' ? model.maxSequenceLength * h : 0;
  const tokenTypes = model.family === 'bert' ? bertTokenTypes * h : 0;
  const norm = isPostNorm(model) ? normParameters(model) : 0;
  return tokens + positions + tokenTypes + norm;
}

/** One transformer layer: attention, feed-forward and their norms. */
export function layerParameters(model: ModelSpec): number {
  return attentionParameters(model) + feedForwardParameters(model) + 2 * normParameters(model);
}

/** Projections of query, key, value and output; with `queryKeyNorm` one scale of `headSize` for queries and one for keys. */
export function attentionParameters(model: ModelSpec): number {
  const { hiddenSize: h, headSize } = model;
  const queries = model.attentionHeads * headSize;
  const keysAndValues = 2 * model.keyValueHeads * headSize;
  const weights = h * (queries + keysAndValues) + queries * h;
  const biases = model.bias ? queries + keysAndValues + h : 0;
  return weights + biases + (model.queryKeyNorm ? 2 * headSize : 0);
}

/** Both matrices of the feed-forward, and the gate where there is one. */
export function feedForwardParameters(model: ModelSpec): number {
  const { hiddenSize: h, feedForwardSize: f } = model;
  const inward = isGated(model) ? 2 * f : f;
  return h * inward + f * h + (model.bias ? inward + h : 0);
}

/** One norm over the hidden size: a scale, and for layernorm a shift. */
export function normParameters(model: ModelSpec): number {
  return model.norm === 'layernorm' ? 2 * model.hiddenSize : model.hiddenSize;
}

/** What comes after the last layer: the final norm, an untied head, BERT's pooler. */
export function outputParameters(model: ModelSpec, options: CountOptions = {}): number {
  const h = model.hiddenSize;
  const norm = isPostNorm(model) ? 0 : normParameters(model);
  const head = model.tiedEmbeddings ? 0 : (options.vocabularySize ?? model.vocabularySize) * h;
  const pooler = model.family === 'bert' ? h * h + h : 0;
  return norm + head + pooler;
}
