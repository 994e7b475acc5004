import { isFlash } from '../stack/stack.ts';
import { isCausal } from './model.ts';
import type { SavedTensor } from './operator.ts';
import { scoreTraffic } from './scoreTraffic.ts';
import type { UnitBuilder } from './unitBuilder.ts';

/** Attention from the projections of query, key and value to the projection of the output; returns its last operator. */
export function addAttention(unit: UnitBuilder, input: number): number {
  const { hiddenSize, attentionHeads, keyValueHeads, headSize, bias, positions, queryKeyNorm } = unit.model;
  const { tensor, elementBytes } = unit.sharding;
  const heads = attentionHeads / tensor;
  const keyValues = Math.max(1, keyValueHeads / tensor);
  const own = unit.savedTokens * hiddenSize;
  const projections =
    unit.stack.fusedProjections !== 'none'
      ? [{ name: 'query_key_value', heads: heads + 2 * keyValues, whole: attentionHeads + 2 * keyValueHeads }]
      : [
          { name: 'query', heads, whole: attentionHeads },
          { name: 'key', heads: keyValues, whole: keyValueHeads },
          { name: 'value', heads: keyValues, whole: keyValueHeads },
        ];
  const entered = unit.enterTensor(input, 'attention', projections.length);
  let inputs = projections.map(({ name, heads: n, whole }, index) =>
    unit.add([entered], {
      ...unit.matmul(`attention.${name}`, { m: unit.tokens, n: n * headSize, k: hiddenSize }, own, bias, index),
      parameters: (hiddenSize + (bias ? 1 : 0)) * n * headSize,
      wholeParameters: (hiddenSize + (bias ? 1 : 0)) * whole * headSize,
    }),
  );
  const rotated = unit.tokens * (heads + keyValues) * headSize * elementBytes;
  if (queryKeyNorm) {
    inputs = [
      unit.add(inputs, {
        kind: 'norm',
        module: 'attention.query_key_norm',
        parameters: 2 * headSize,
        readBytes: rotated,
        writeBytes: rotated,
        backwardBytes: 3 * rotated,
        outputBytes: rotated,
        saved: [{ name: 'query and key before their norm', bytes: rotated, core: false }],
      }),
    ];
  }
  if (positions === 'rope') {
    // Eagerly: negate and join halves, multiply by cosine and sine, add: ten passes over queries and keys for four.
    const passes = unit.eager ? 10 : 4;
    inputs = [
      unit.add(inputs, {
        kind: 'rotary',
        module: 'attention.rotary',
        readBytes: (passes / 2) * rotated,
        writeBytes: (passes / 2) * rotated,
        backwardBytes: passes * rotated,
        ...(unit.eager ? { kernels: { forward: 10, backward: 10 } } : {}),
        outputBytes: rotated,
      }),
    ];
  }
  const gathered = unit.gatherKeysAndValues(inputs, keyValues);
  const core = addRingMerge(unit, addCore(unit, gathered, heads, keyValues), heads, keyValues);
  const projected = unit.add([core], {
    ...unit.matmul(
      'attention.projection',
      { m: unit.tokens, n: hiddenSize, k: heads * headSize },
      unit.tokens * heads * headSize,
    ),
    parameters: heads * headSize * hiddenSize + (bias ? hiddenSize : 0),
    wholeParameters: attentionHeads * headSize * hiddenSize + (bias ? hiddenSize : 0),
  });
  return unit.leaveTensor(projected, 'attention');
}

/**
 * What a ring of context ranks moves besides, where no attention runs beside it on the other of two streams: keys and
 * values are joined for the journey; when all steps are done, the result of each is scaled by its share of the softmax
 * and added to those before; backward, the last step's gradients are added to those of queries, and joined and added to
 * those of keys and values. Bytes of the rank with most of it, which adds whole results at every step.
 * @source NVIDIA/TransformerEngine pytorch/attention/dot_product_attention/context_parallel.py, counted
 */
function addRingMerge(unit: UnitBuilder, core: number, heads: number, keyValues: number): number {
  const { context, elementBytes } = unit.sharding;
  if (context === 1 || unit.stack.contextParallel !== 'ring') return core;
  const output = unit.tokens * heads * unit.model.headSize * elementBytes;
  const sent = 2 * unit.tokens * keyValues * unit.model.headSize * elementBytes;
  const later = context - 1;
  const forward = 2 * (sent + output) + 3 * later * output;
  return unit.add([core], {
    kind: 'merge',
    module: 'attention.ring_merge',
    readBytes: forward / 2,
    writeBytes: forward / 2,
    backwardBytes: 3 * output + 5 * sent,
    kernels: { forward: 2 + later, backward: 3 },
    outputBytes: output,
  });
}

function addCore(unit: UnitBuilder, inputs: readonly number[], heads: number, keyValues: number): number {
  const { headSize, dropout } = unit.model;
  const { sequenceLength: keys, elementBytes } = unit.sharding;
  const queries = unit.tokens;
  const kernel = unit.stack.attention;
  const scores = heads * queries * keys;
  const operands = queries * (heads + 2 * keyValues) * headSize;
  const output = queries * heads * headSize;
  const saved: SavedTensor[] = [{ name: 'query, key and value', bytes: operands * elementBytes, core: false }];
  let readBytes = operands * elementBytes;
  let writeBytes = output * elementBytes;
  let backwardBytes = 2 * (operands + output) * elementBytes;
  let backwardWorkspaceBytes = 0;
  if (isFlash(kernel)) {
    saved.push({ name: 'log-sum-exp of the scores', bytes: 4 * queries * heads, core: true });
  } else {
    const traffic = scoreTraffic(unit);
    saved.push({ name: 'softmax of the scores', bytes: traffic.kept * scores, core: true });
    // The gradients on either side of the softmax.
    backwardWorkspaceBytes = 2 * traffic.gradient * scores;
    readBytes += (traffic.forward / 2) * scores;
    writeBytes += (traffic.forward / 2) * scores;
    backwardBytes += traffic.backward * scores;
  }
  const skips = unit.stack.attentionSkipsMasked;
  const causal = isCausal(unit.model) && (skips === 'all' || (skips === 'rope' && unit.model.positions === 'rope'));
  const flops = 4 * scores * headSize;
  return unit.add(inputs, {
    kind: 'attention',
    module: 'attention.core',
    forwardFlops: flops,
    backwardFlops: 2 * flops,
    readBytes,
    writeBytes,
    backwardBytes,
    outputBytes: output * elementBytes,
    saved,
    backwardWorkspaceBytes,
    attention: {
      queries,
      keys,
      heads,
      headSize,
      causal,
      visibleShare: causal ? visibleShare(unit) : 1,
      dropout: dropout > 0,
      // One product writes the scores and the other reads them; their four gradients read and write them four times.
      productBytes: 2 * elementBytes * scores + operands * elementBytes + output * elementBytes,
      backwardProductBytes: 4 * elementBytes * scores + 2 * (operands + output) * elementBytes,
    },
  });
}

/** Half of the scores where context ranks share them evenly; the last rank of an uneven split sees nearly all. */
function visibleShare({ stack, sharding }: UnitBuilder): number {
  const even = 1 / 2;
  const last = 1 - 1 / (2 * sharding.context);
  return last + (even - last) * stack.contextBalance;
}
