/** Shape families; a family sets the defaults of everything a ModelSpec leaves out. */
export type ModelFamily = 'gpt' | 'llama' | 'bert' | 't5';
export type Activation = 'gelu' | 'swiglu' | 'geglu' | 'relu' | 'squared-relu';
export type NormKind = 'layernorm' | 'rmsnorm';
export type PositionKind = 'learned' | 'rope' | 'alibi' | 'none';

/** A transformer's whole shape, every default filled in. Sizes are counts of elements; the vocabulary is the model's own, unpadded. */
export interface ModelSpec {
  readonly name: string;
  readonly family: ModelFamily;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly attentionHeads: number;
  /** Key–value heads: fewer than `attentionHeads` under grouped-query attention. */
  readonly keyValueHeads: number;
  /** Elements of one head; `attentionHeads · headSize` need not equal `hiddenSize`. */
  readonly headSize: number;
  readonly feedForwardSize: number;
  readonly vocabularySize: number;
  /** Rows of the learned position table. */
  readonly maxSequenceLength: number;
  readonly activation: Activation;
  readonly norm: NormKind;
  readonly positions: PositionKind;
  readonly bias: boolean;
  readonly tiedEmbeddings: boolean;
  /** Probability of dropout in training; 0 leaves the dropout operators out. */
  readonly dropout: number;
  /** Norms of `headSize` on every query and key head. */
  readonly queryKeyNorm: boolean;
}

/** True where the feed-forward has a gate, so that its first matrix is twice as wide. */
export function isGated(model: ModelSpec): boolean {
  return model.activation === 'swiglu' || model.activation === 'geglu';
}

/** True where attention looks only backward, as in every decoder. */
export function isCausal(model: ModelSpec): boolean {
  return model.family !== 'bert';
}
