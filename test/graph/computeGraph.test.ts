import { describe, expect, it } from 'vitest';
import type { ComputeGraph } from '../../src/graph/computeGraph.ts';
import { toDirectedGraph } from '../../src/graph/directedGraph.ts';
import type { Operator } from '../../src/graph/operator.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { graphOf, layerOf, model, stack, total } from './make.ts';

type Directed = ReturnType<typeof toDirectedGraph>;

/** Nodes that can be taken away one after another, each without anything before it: all of them where there is no circle. */
function orderable(directed: Directed): number {
  const waiting = new Map(directed.mapNodes((node) => [node, directed.inDegree(node)] as const));
  const ready = [...waiting].filter(([, count]) => count === 0).map(([node]) => node);
  let taken = 0;
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    taken++;
    for (const next of directed.outNeighbors(node)) {
      waiting.set(next, waiting.get(next)! - 1);
      if (waiting.get(next) === 0) ready.push(next);
    }
  }
  return taken;
}

/** Nodes that can be reached from the first one, whatever the direction of the edges. */
function connected(directed: Directed): number {
  const seen = new Set<string>();
  const open = [directed.nodes()[0]!];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    open.push(...directed.neighbors(node));
  }
  return seen.size;
}

const sequence = { sequenceLength: 512 };
const variants: readonly (readonly [string, ComputeGraph])[] = [
  ['GPT-3 125M', graphOf('gpt3-125m', sequence)],
  ['GPT-3 175B with tensor and sequence parallelism', graphOf('gpt3-175b', { tensor: 8, sequenceParallel: true })],
  ['GPT-3 175B with tensor parallelism', graphOf('gpt3-175b', { tensor: 8 })],
  ['Llama 3 8B', graphOf('llama3-8b', sequence, stack('megatron-core'))],
  ['Llama 3 8B with separate projections', graphOf('llama3-8b', { ...sequence, tensor: 2 }, stack('deepspeed'))],
  ['Llama 3 8B with norms of queries and keys', graphOf({ ...model('llama3-8b'), queryKeyNorm: true }, sequence)],
  ['BERT-Large', graphOf('bert-large', sequence)],
  ['GPT-J', graphOf('gpt-j-6b', sequence)],
];

describe.each(variants)('the directed graph of %s', (_, graph) => {
  const directed = toDirectedGraph(graph);

  it('has a node for every operator', () => {
    expect(directed.order).toBe(graph.units.reduce((sum, unit) => sum + unit.operators.length, 0));
  });

  it('has no circle and is in one piece', () => {
    expect(orderable(directed)).toBe(directed.order);
    expect(connected(directed)).toBe(directed.order);
  });

  it('begins with the word embeddings and ends with the loss', () => {
    expect(directed.filterNodes((node) => directed.inDegree(node) === 0)).toEqual([
      'transformer.embedding.word_embeddings',
    ]);
    expect(directed.filterNodes((node) => directed.outDegree(node) === 0)).toEqual(['transformer.head.loss']);
  });

  it('names its nodes by module path', () => {
    for (const node of directed.nodes()) {
      expect(node).toMatch(/^transformer\.(embedding|head|layer\.\d+)\.[a-z_]+(\.[a-z_]+)*$/);
      expect(directed.getNodeAttribute(node, 'module')).toBe(node);
    }
  });

  it('hands bytes along every edge, and never back to an earlier unit', () => {
    directed.forEachEdge((edge, { bytes }, source, target, from, to) => {
      expect(bytes, edge).toBeGreaterThan(0);
      expect(Number.isInteger(bytes), `${source} to ${target}`).toBe(true);
      expect(to.unit - from.unit, `${source} to ${target}`).toBeGreaterThanOrEqual(0);
      expect(to.unit - from.unit, `${source} to ${target}`).toBeLessThanOrEqual(1);
    });
  });

  it('passes the hidden states from unit to unit', () => {
    directed.forEachEdge((_edge, { bytes }, _source, _target, from, to) => {
      if (from.unit !== to.unit) expect(bytes).toBe(graph.units[from.unit]!.boundaryBytes);
    });
    const crossed = new Set<number>();
    directed.forEachEdge((_edge, _attributes, _source, _target, from, to) => {
      if (from.unit !== to.unit) crossed.add(from.unit);
    });
    expect(crossed.size).toBe(graph.units.length - 1);
  });

  it('tells of each node what it saves for the backward pass', () => {
    directed.forEachNode((node, { saved, savedBytes }) => {
      expect(savedBytes, node).toBe(saved.reduce((sum, tensor) => sum + tensor.bytes, 0));
    });
  });
});

it('names the operators of a layer as the modules of the model', () => {
  const directed = toDirectedGraph(graphOf('gpt3-175b', { tensor: 8 }));
  for (const module of ['input_norm', 'attention.query_key_value', 'attention.core', 'feed_forward.down']) {
    expect(directed.hasNode(`transformer.layer.3.${module}`), module).toBe(true);
  }
  expect(directed.hasNode('transformer.layer.95.input_norm')).toBe(true);
  expect(directed.hasNode('transformer.layer.96.input_norm')).toBe(false);
  const separate = toDirectedGraph(graphOf('llama3-8b', {}, stack('deepspeed')));
  for (const module of ['query', 'key', 'value']) {
    expect(separate.hasNode(`transformer.layer.0.attention.${module}`), module).toBe(true);
  }
});

it('keeps equal layers once', () => {
  const { units } = graphOf('gpt3-175b');
  expect(units).toHaveLength(98);
  expect(new Set(units).size).toBe(3);
});

describe('sharding', () => {
  const collectives = (graph: ComputeGraph) =>
    layerOf(graph).operators.filter((operator): operator is Operator => operator.collective !== undefined);

  it('puts collectives into the graph only where there is more than one tensor rank', () => {
    for (const name of ['gpt3-175b', 'llama3-70b']) {
      expect(graphOf(name).units.flatMap((unit) => unit.operators.filter(({ kind }) => kind === 'collective'))).toEqual(
        [],
      );
      for (const tensor of [2, 8]) expect(collectives(graphOf(name, { tensor })), name).toHaveLength(4);
    }
  });

  it('all-reduces without sequence parallelism: forward where it leaves a region, backward where it enters', () => {
    const found = collectives(graphOf('gpt3-175b', { tensor: 8 }));
    expect(found.map(({ collective }) => [collective?.forward, collective?.backward])).toEqual([
      [undefined, 'all-reduce'],
      ['all-reduce', undefined],
      [undefined, 'all-reduce'],
      ['all-reduce', undefined],
    ]);
    // Whole hidden states of a sequence, 2sh bytes.
    for (const { collective } of found) expect(collective?.bytes).toBe(2 * 2048 * 12_288);
  });

  it('all-gathers and reduce-scatters with sequence parallelism (arXiv 2205.05198 section 4.2.2)', () => {
    const found = collectives(graphOf('gpt3-175b', { tensor: 8, sequenceParallel: true }));
    expect(found.map(({ collective }) => [collective?.forward, collective?.backward])).toEqual([
      ['all-gather', 'reduce-scatter'],
      ['reduce-scatter', 'all-gather'],
      ['all-gather', 'reduce-scatter'],
      ['reduce-scatter', 'all-gather'],
    ]);
    for (const { collective } of found) expect(collective?.bytes).toBe(2 * 2048 * 12_288);
  });

  it('reduce the gradient of an input once for each linear that does so by itself, and gather no input twice that is kept', () => {
    // github.com/Aleph-Alpha/scaling nn/linear: every column-parallel linear; query, key and value are one, gate and up two.
    const found = (sequenceParallel: boolean) =>
      layerOf(graphOf('llama2-70b', { tensor: 8, sequenceParallel }, stack('aleph-alpha-scaling'))).operators.flatMap(
        ({ collective }) => (collective?.backward === undefined ? [] : [collective]),
      );
    expect(found(false).map(({ backward, backwardTimes }) => [backward, backwardTimes])).toEqual([
      ['all-reduce', 1],
      ['all-reduce', 2],
    ]);
    expect(found(true).map(({ backwardGather }) => backwardGather)).toEqual([false, false, false, false]);
  });

  it('divides the hidden states between layers only with sequence parallelism', () => {
    const boundary = (changes: Parameters<typeof graphOf>[1]) => graphOf('gpt3-175b', changes).units[1]!.boundaryBytes;
    expect(boundary({})).toBe(2 * 2048 * 12_288);
    expect(boundary({ tensor: 8 })).toBe(boundary({}));
    expect(boundary({ tensor: 8, sequenceParallel: true })).toBe(boundary({}) / 8);
  });

  it('divides the work of every product and of attention equally', () => {
    const flops = (changes: Parameters<typeof graphOf>[1]) =>
      graphOf('llama3-70b', changes).units.flatMap(({ operators }) =>
        operators.filter(({ kind }) => kind === 'matmul' || kind === 'attention').map((each) => each.forwardFlops),
      );
    const whole = flops({});
    for (const sequenceParallel of [false, true]) {
      // The vocabulary of 128,256 is a multiple of 128 and of 8 · 128 is not: leave the logits out.
      const shared = flops({ tensor: 8, sequenceParallel });
      expect(shared.slice(0, -1)).toEqual(whole.slice(0, -1).map((each) => each / 8));
    }
  });
});

describe('bytes that cross memory', () => {
  const lossOf = (software: Stack) =>
    graphOf('gpt3-125m', sequence, software)
      .units.at(-1)!
      .operators.find(({ kind }) => kind === 'loss')!;
  const ofNorms = (name: string, persistentNorm: boolean) =>
    total(graphOf(name, sequence, stack('megatron-2023', { persistentNorm })), ({ kind, backwardBytes }) =>
      kind === 'norm' ? backwardBytes : 0,
    );

  it('are 52 for a logit of Megatron: cast 6, maximum 4, difference 8, exponential 8, sum 4, quotient 8; product 8, cast 6', () => {
    const logits = 512 * 50_304;
    const loss = lossOf(stack('megatron-2023'));
    expect(loss.readBytes + loss.writeBytes).toBe(38 * logits);
    expect(loss.backwardBytes).toBe(14 * logits);
  });

  it('are 10 for a logit of Megatron-Core, whose one kernel reads twice and writes once, reads again and scales', () => {
    const logits = 512 * 50_304;
    const fused = lossOf(stack('megatron-core'));
    expect(fused.readBytes + fused.writeBytes).toBe(6 * logits);
    expect(fused.backwardBytes).toBe(4 * logits);
  });

  it('are fewer for gradients of a norm that holds its row in registers: the gradient and the input once, the result', () => {
    const tensor = 2 * 512 * 4_096;
    expect(ofNorms('gpt3-6.7b', true)).toBe(65 * 3 * tensor);
    expect(ofNorms('gpt3-6.7b', false)).toBe(65 * 5 * tensor);
  });

  it('are 36 and 92 an element of an RMSNorm written out in PyTorch, which keeps two tensors in fp32', () => {
    const written = stack('aleph-alpha-scaling', { fusedNorm: false });
    const [first] = layerOf(graphOf('llama2-70b', sequence, written)).operators;
    const elements = 512 * 8_192;
    expect(first).toMatchObject({ kind: 'norm', kernels: { forward: 8, backward: 16 } });
    expect(first!.readBytes + first!.writeBytes).toBe(36 * elements);
    expect(first!.backwardBytes).toBe(92 * elements);
    expect(first!.saved[0]!.bytes).toBe(10 * elements);
  });

  it('are more where a ring of context ranks merges what it worked out step by step', () => {
    const merge = (context: number) =>
      layerOf(graphOf('llama3-8b', { context, sequenceLength: 8192 }, stack('megatron-core'))).operators.find(
        ({ kind }) => kind === 'merge',
      );
    expect(merge(1)).toBeUndefined();
    // Queries of 4,096 features, keys and values of 1,024 each. Joined: 2 · 2; first result: 2 · 2; another: 3 · 2.
    const tokens = 8192 / 2;
    const two = merge(2)!;
    expect(two.readBytes + two.writeBytes).toBe(tokens * (4 * 2048 + 4 * 4096 + 6 * 4096));
    expect(two.backwardBytes).toBe(tokens * (6 * 4096 + 10 * 2048));
  });

  it('are the same for norms of sizes that no such kernel was made for', () => {
    expect(ofNorms('gpt3-125m', true)).toBe(ofNorms('gpt3-125m', false));
  });
});
