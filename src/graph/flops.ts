import { isGated, type ModelSpec } from './model.ts';
import { graphFlops } from './operatorGraph.ts';

/** Parameters of the matrices of one layer, those that every token meets. */
function layerMatrixParameters(model: ModelSpec): number {
  const { hiddenSize, attentionHeads, keyValueHeads, headSize, feedForwardSize } = model;
  const attention = hiddenSize * headSize * (2 * attentionHeads + 2 * keyValueHeads);
  return attention + (isGated(model) ? 3 : 2) * hiddenSize * feedForwardSize;
}

/** FLOPs of the attention core of one sequence in one layer, forward, its causal half counted in full. */
export function attentionCoreFlops(model: ModelSpec, sequenceLength: number): number {
  return 4 * sequenceLength ** 2 * model.attentionHeads * model.headSize;
}

/** FLOPs of one sequence in one layer, forward. */
export function layerForwardFlops(model: ModelSpec, sequenceLength: number): number {
  return 2 * sequenceLength * layerMatrixParameters(model) + attentionCoreFlops(model, sequenceLength);
}

/** FLOPs of the logits of one sequence, forward. */
export function logitsForwardFlops(
  { hiddenSize, vocabularySize }: Pick<ModelSpec, 'hiddenSize' | 'vocabularySize'>,
  sequenceLength: number,
): number {
  return 2 * sequenceLength * hiddenSize * vocabularySize;
}

/**
 * Model FLOPs of one sequence, forward and backward: what the model needs, whatever is computed twice. Logits count,
 * looking up embeddings does not. A model of any shape says itself what its operators need.
 * @source arXiv 2205.05198 appendix A: 72 · B · s · L · h² · (1 + s / 6h + V / 12hL) for a GPT
 */
export function modelFlops(model: ModelSpec, sequenceLength: number, vocabularySize = model.vocabularySize): number {
  if (model.graph !== undefined) return graphFlops(model.graph);
  const logits = logitsForwardFlops({ ...model, vocabularySize }, sequenceLength);
  return 3 * (model.layers * layerForwardFlops(model, sequenceLength) + logits);
}
