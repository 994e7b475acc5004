import type { Stack } from '../stack/stack.ts';
import { addAttention } from './attention.ts';
import type { ComputeGraph, Unit } from './computeGraph.ts';
import { addFeedForward } from './feedForward.ts';
import { bertTokenTypes, isPostNorm, type ModelSpec } from './model.ts';
import { type Sharding, UnitBuilder } from './unitBuilder.ts';

/**
 * One rank's share of a transformer, as a chain of an embedding, the layers and a head.
 * Saved tensors follow arXiv 2205.05198 section 4 and, for RMSNorm, rotary and gated layers, what autograd keeps:
 * a linear its input, a norm and an activation their input, a dropout its mask, attention its operands.
 */
export function transformerGraph(model: ModelSpec, stack: Stack, sharding: Sharding): ComputeGraph {
  const start = () => new UnitBuilder(model, stack, sharding);
  const layer = transformerLayer(start());
  const layers = Array.from({ length: model.layers }, () => layer);
  return { model, units: [embedding(start()), ...layers, head(start())] };
}

/** Padded vocabulary: the next multiple of the stack's own multiple times tensor. */
export function paddedVocabulary(model: ModelSpec, stack: Stack, tensor: number): number {
  const multiple = stack.vocabularyMultiple === 1 ? 1 : stack.vocabularyMultiple * tensor;
  return Math.ceil(model.vocabularySize / multiple) * multiple;
}

function embedding(unit: UnitBuilder): Unit {
  const { hiddenSize, positions, dropout, family, maxSequenceLength } = unit.model;
  const { tensor, elementBytes } = unit.sharding;
  const vocabulary = paddedVocabulary(unit.model, unit.stack, tensor);
  const bytes = unit.tokens * hiddenSize * elementBytes;
  let last = unit.add([-1], {
    kind: 'embedding',
    module: 'word_embeddings',
    parameters: (vocabulary / tensor) * hiddenSize,
    wholeParameters: vocabulary * hiddenSize,
    ...(unit.model.tiedEmbeddings ? { tied: 'word_embeddings' } : {}),
    readBytes: bytes,
    writeBytes: bytes,
    backwardBytes: 2 * bytes,
    outputBytes: bytes,
    saved: [{ name: 'token ids', bytes: 8 * unit.tokens, core: false }],
  });
  last = unit.leaveTensor(last, 'word_embeddings');
  const own = unit.ownTokens * hiddenSize * elementBytes;
  const tables = (positions === 'learned' ? maxSequenceLength : 0) + (family === 'bert' ? bertTokenTypes : 0);
  if (tables > 0) {
    last = unit.add([last], {
      kind: 'embedding',
      module: 'position_embeddings',
      parameters: tables * hiddenSize,
      readBytes: 2 * own,
      writeBytes: own,
      backwardBytes: 2 * own,
      outputBytes: own,
    });
  }
  if (family === 'bert') last = unit.norm(last, 'norm');
  if (dropout > 0) last = unit.dropout(last, 'dropout');
  return unit.finish('embedding');
}

function transformerLayer(unit: UnitBuilder): Unit {
  const postNorm = isPostNorm(unit.model);
  const attentionInput = postNorm ? -1 : unit.norm(-1, 'input_norm');
  let last = unit.residual(-1, addAttention(unit, attentionInput), 'attention');
  if (postNorm) last = unit.norm(last, 'attention.norm');
  const branch = last;
  const feedForwardInput = postNorm ? branch : unit.norm(branch, 'post_attention_norm');
  last = unit.residual(branch, addFeedForward(unit, feedForwardInput), 'feed_forward');
  if (postNorm) unit.norm(last, 'feed_forward.norm');
  return unit.finish('layer');
}

function head(unit: UnitBuilder): Unit {
  const { hiddenSize, family, tiedEmbeddings } = unit.model;
  const { tensor, elementBytes } = unit.sharding;
  const vocabulary = paddedVocabulary(unit.model, unit.stack, unit.sharding.tensor);
  const whole = unit.stack.logits === 'whole' && tensor > 1;
  const logits = (unit.tokens * vocabulary) / (whole ? 1 : tensor);
  let last = family === 'bert' ? addPooler(unit) : unit.norm(-1, 'final_norm');
  last = unit.enterTensor(last, 'logits');
  last = unit.add([last], {
    ...unit.matmul('logits', { m: unit.tokens, n: vocabulary / tensor, k: hiddenSize }, unit.savedTokens * hiddenSize),
    parameters: (vocabulary / tensor) * hiddenSize,
    // A tied head uses the embedding's parameters: they are the model's once, but each end of a pipeline holds a copy.
    wholeParameters: tiedEmbeddings ? 0 : vocabulary * hiddenSize,
    ...(tiedEmbeddings ? { tied: 'word_embeddings' } : {}),
  });
  if (whole) {
    const bytes = unit.tokens * vocabulary * elementBytes;
    last = unit.add([last], {
      kind: 'collective',
      module: 'gather_logits',
      outputBytes: bytes,
      collective: { group: 'tensor', forward: 'all-gather', backwardGather: false, bytes },
    });
  }
  const { saved, peak, compiledPeak = peak, forward, backward } = unit.stack.lossBytesPerLogit;
  // A loss over logits that tensor ranks share is not compiled.
  const most = unit.stack.compiled && unit.sharding.tensor === 1 ? compiledPeak : peak;
  unit.add([last], {
    kind: 'loss',
    module: 'loss',
    readBytes: (forward / 2) * logits,
    writeBytes: (forward / 2) * logits,
    backwardBytes: backward * logits,
    outputBytes: 4 * unit.tokens,
    saved: [{ name: 'softmax of the logits', bytes: saved * logits, core: false }],
    backwardWorkspaceBytes: (most - saved) * logits,
  });
  return unit.finish('head');
}

/** BERT's pooler works on the first token only, so that its time is nothing beside its parameters. */
function addPooler(unit: UnitBuilder): number {
  const { hiddenSize } = unit.model;
  const bytes = unit.ownTokens * hiddenSize * unit.sharding.elementBytes;
  return unit.add([-1], {
    ...unit.matmul('pooler', { m: 1, n: hiddenSize, k: hiddenSize }, hiddenSize),
    parameters: hiddenSize * (hiddenSize + 1),
    wholeParameters: hiddenSize * (hiddenSize + 1),
    outputBytes: bytes,
  });
}
