import { type Fault, ForetrainError, fail } from '../errors.ts';
import type { OperatorGraph } from './operatorGraph.ts';

/** Shape families; a family sets the defaults of everything a ModelSpec leaves out. `graph` is a model of any shape. */
export type ModelFamily = 'gpt' | 'llama' | 'bert' | 't5' | 'graph';
export type Activation = 'gelu' | 'swiglu' | 'geglu' | 'relu' | 'squared-relu';
export type NormKind = 'layernorm' | 'rmsnorm';
export type PositionKind = 'learned' | 'rope' | 'alibi' | 'none';

/**
 * A transformer's whole shape, every default filled in. Sizes are counts of elements; the vocabulary is the model's own,
 * unpadded. A model of any shape has no layers and no sizes; it has its graph.
 */
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
  /** The operators of a model of any shape; a transformer's follow from the rest. */
  readonly graph?: OperatorGraph;
}

/** True where the feed-forward has a gate, so that its first matrix is twice as wide. */
export function isGated(model: ModelSpec): boolean {
  return model.activation === 'swiglu' || model.activation === 'geglu';
}

/** True where attention looks only backward, as in every decoder. */
export function isCausal(model: ModelSpec): boolean {
  return model.family !== 'bert';
}

/** True where each norm follows its residual addition (BERT): no norm after the last layer, one after the embedding. */
export function isPostNorm(model: ModelSpec): boolean {
  return model.family === 'bert';
}

/** Rows of BERT's token-type table: first and second sentence. */
export const bertTokenTypes = 2;

type Required = 'family' | 'layers' | 'hiddenSize' | 'attentionHeads' | 'vocabularySize';

/** A ModelSpec as a person writes it: what its family or the rest of its shape implies may be left out. */
export type ModelFields = Pick<ModelSpec, Required> & {
  readonly [K in Exclude<keyof ModelSpec, Required | 'graph'>]?: ModelSpec[K] | undefined;
};

type FamilyDefaults = Pick<ModelSpec, 'activation' | 'norm' | 'positions' | 'bias' | 'tiedEmbeddings' | 'dropout'>;

const gptDefaults: FamilyDefaults = {
  activation: 'gelu',
  norm: 'layernorm',
  positions: 'learned',
  bias: true,
  tiedEmbeddings: true,
  dropout: 0.1,
};

/** What a family implies. T5 has two stacks and a graph its own operators: neither is one of them. */
export const familyDefaults: Readonly<Record<Exclude<ModelFamily, 't5' | 'graph'>, FamilyDefaults>> = {
  gpt: gptDefaults,
  llama: {
    activation: 'swiglu',
    norm: 'rmsnorm',
    positions: 'rope',
    bias: false,
    tiedEmbeddings: false,
    dropout: 0,
  },
  bert: gptDefaults,
};

/**
 * Fills in what a person left out: the family's defaults, key–value heads = heads, head size = hidden / heads,
 * feed-forward = 4 · hidden (llama must give it), maximum sequence length = that of the job.
 * @param fields the shape as written
 * @param options.sequenceLength the job's, tokens
 * @param options.path where the fields stand in the input, for faults
 * @throws ForetrainError with one fault for each field that is missing or impossible
 */
export function completeModel(
  fields: ModelFields,
  options: { readonly sequenceLength?: number | undefined; readonly path?: string | undefined } = {},
): ModelSpec {
  const path = options.path ?? 'model';
  const { family, layers, hiddenSize, attentionHeads, vocabularySize } = fields;
  if (family === 't5') fail(`${path}.family`, 't5 is not modelled yet; gpt, llama and bert are', 'not-modelled');
  if (family === 'graph') fail(`${path}.family`, 'graph has operators of its own, and no shape to fill in');
  const defaults = familyDefaults[family];
  const model: ModelSpec = {
    name: fields.name ?? `${family}-${layers}x${hiddenSize}`,
    family,
    layers,
    hiddenSize,
    attentionHeads,
    keyValueHeads: fields.keyValueHeads ?? attentionHeads,
    headSize: fields.headSize ?? hiddenSize / attentionHeads,
    feedForwardSize: fields.feedForwardSize ?? (family === 'llama' ? 0 : 4 * hiddenSize),
    vocabularySize,
    maxSequenceLength: fields.maxSequenceLength ?? options.sequenceLength ?? 0,
    activation: fields.activation ?? defaults.activation,
    norm: fields.norm ?? defaults.norm,
    positions: fields.positions ?? defaults.positions,
    bias: fields.bias ?? defaults.bias,
    tiedEmbeddings: fields.tiedEmbeddings ?? defaults.tiedEmbeddings,
    dropout: fields.dropout ?? defaults.dropout,
    queryKeyNorm: fields.queryKeyNorm ?? false,
  };
  const faults = shapeFaults(model, fields, path);
  if (faults.length > 0) throw new ForetrainError(faults);
  return model;
}

/** What is missing from a shape or cannot be. */
function shapeFaults(model: ModelSpec, fields: ModelFields, path: string): readonly Fault[] {
  const faults: Fault[] = [];
  const add = (field: keyof ModelSpec, message: string) =>
    faults.push({ path: `${path}.${field}`, message, code: 'invalid' });

  if (model.family === 'llama' && fields.feedForwardSize === undefined) {
    add('feedForwardSize', 'is missing: the llama family has no default; Llama 2 7B has 11008');
  }
  if (model.maxSequenceLength === 0 && fields.maxSequenceLength === undefined) {
    add('maxSequenceLength', 'is missing, and there is no training.sequenceLength to take it from');
  }
  if (fields.headSize === undefined && !Number.isInteger(model.headSize)) {
    add(
      'headSize',
      `is missing: the ${model.attentionHeads} attention heads do not divide the hidden size ${model.hiddenSize}`,
    );
  }
  const counts = ['layers', 'hiddenSize', 'attentionHeads', 'keyValueHeads', 'headSize', 'feedForwardSize'] as const;
  for (const field of [...counts, 'vocabularySize', 'maxSequenceLength'] as const) {
    const value = model[field];
    const named = faults.some((fault) => fault.path === `${path}.${field}`);
    const wrong = !Number.isSafeInteger(value) || value < 1;
    if (wrong && !named) add(field, `${value} is not a whole number of 1 or more`);
  }
  if (model.attentionHeads % model.keyValueHeads !== 0) {
    add('keyValueHeads', `${model.keyValueHeads} does not divide the ${model.attentionHeads} attention heads`);
  }
  if (!(model.dropout >= 0 && model.dropout < 1)) {
    add('dropout', `${model.dropout} is not a probability of 0 or more and less than 1`);
  }
  return faults;
}
