import { describe, expect, it, test } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { changed, faultsOf } from './jobs.ts';

const attributes = {
  forwardFlops: 2e9,
  backwardFlops: 4e9,
  readBytes: 1e6,
  writeBytes: 1e6,
  savedBytes: 1e6,
  parameters: 1000,
};
const edge = (source: string, target: string, more: object = {}) => ({
  source,
  target,
  attributes: { bytes: 4096 },
  ...more,
});

const graph = {
  options: { type: 'directed' },
  attributes: {},
  nodes: [
    { key: 'in', attributes },
    { key: 'left', attributes: { ...attributes, gemm: [128, 256, 512], module: 'towers.left', x: 0, y: 1 } },
    { key: 'right', attributes },
    { key: 'out', attributes },
  ],
  edges: [edge('in', 'left'), edge('in', 'right'), edge('left', 'out'), edge('right', 'out')],
};

const job = {
  model: { family: 'graph', name: 'towers', graph },
  cluster: { instance: 'p4d.24xlarge', count: 1 },
  training: { sequenceLength: 128, globalBatchSize: 64 },
  parallelism: { pipeline: 2 },
};

const textOf = (changes: Readonly<Record<string, unknown>>) =>
  faultsOf(() => readJob(changed(job, changes))).map(({ path, message }) => `${path}: ${message}`);

describe('a model given as a graph', () => {
  it('comes through the door with its operators in order', () => {
    const { model } = readJob(job);
    expect(model).toMatchObject({ family: 'graph', name: 'towers', layers: 0, hiddenSize: 0 });
    expect(model.graph?.nodes.map(({ name }) => name)).toEqual(['in', 'left', 'right', 'out']);
    expect(model.graph?.nodes[1]?.gemm).toEqual({ m: 128, n: 256, k: 512 });
    expect(model.graph?.links[3]).toEqual({ from: 2, to: 3, bytes: 4096 });
  });

  it('may be listed in any order', () => {
    const nodes = graph.nodes.toReversed();
    const { model } = readJob(changed(job, { 'model.graph': { ...graph, nodes } }));
    expect(model.graph?.nodes.map(({ name }) => name)).toEqual(['in', 'left', 'right', 'out']);
    expect(model.graph?.links.every(({ from, to }) => from < to)).toBe(true);
  });

  it('may be a single operator, whose keys are numbers', () => {
    const one = { nodes: [{ key: 7, attributes }] };
    const { model } = readJob(changed(job, { 'model.graph': one, 'parallelism.pipeline': 1 }));
    expect(model.graph).toEqual({ nodes: [{ name: '7', ...attributes }], links: [] });
  });

  it('goes with every schedule, with auto placement and with both of its partitioners', () => {
    for (const parallelism of [
      { pipeline: 2, partitioner: 'multilevel' },
      { pipeline: 2, partitioner: 'exact', cutsAfter: ['left'] },
      { pipeline: 2, schedule: 'zb-h1', placement: 'auto' },
      { pipeline: 2, virtualStages: 2 },
    ]) {
      expect(textOf({ parallelism })).toEqual([]);
    }
  });
});

const withNode = (more: object, key: unknown = 'in') => ({
  'model.graph': { ...graph, nodes: [{ key, attributes: { ...attributes, ...more } }, ...graph.nodes.slice(1)] },
});
const withEdges = (...edges: readonly unknown[]) => ({
  'model.graph': { ...graph, edges: [...graph.edges, ...edges] },
});

/** What is wrong, and how it is said. */
const faults: readonly (readonly [string, Readonly<Record<string, unknown>>, readonly string[]])[] = [
  [
    'no graph',
    { 'model.graph': undefined },
    ['model.graph: is missing; write a graphology export: { "nodes": [{ "key", "attributes" }], "edges": […] }'],
  ],
  [
    'an empty graph',
    { 'model.graph': { nodes: [], edges: [] } },
    ['model.graph: has no nodes; write a graphology export: { "nodes": [{ "key", "attributes" }], "edges": […] }'],
  ],
  [
    'text',
    { 'model.graph': 'graph.json' },
    ['model.graph: has no nodes; write a graphology export: { "nodes": [{ "key", "attributes" }], "edges": […] }'],
  ],
  [
    'a missing attribute',
    withNode({ savedBytes: undefined }),
    ['model.graph.nodes.0.attributes.savedBytes: is missing; write a number of at least 0'],
  ],
  [
    'a negative number',
    withNode({ readBytes: -1 }),
    ['model.graph.nodes.0.attributes.readBytes: must be a number of at least 0, not -1'],
  ],
  [
    'a number in quotes',
    withNode({ writeBytes: '1' }),
    ['model.graph.nodes.0.attributes.writeBytes: must be a number of at least 0, not "1"'],
  ],
  [
    'a broken parameter',
    withNode({ parameters: 1.5 }),
    ['model.graph.nodes.0.attributes.parameters: must be a whole number, not 1.5'],
  ],
  [
    'a flat product',
    withNode({ gemm: [1, 2] }),
    [
      'model.graph.nodes.0.attributes.gemm: must be the three sizes [m, n, k] of a product of [m, k] by [k, n], each above 0, not [1, 2]',
    ],
  ],
  [
    'an empty product',
    withNode({ gemm: [1, 2, 0] }),
    [
      'model.graph.nodes.0.attributes.gemm: must be the three sizes [m, n, k] of a product of [m, k] by [k, n], each above 0, not [1, 2, 0]',
    ],
  ],
  [
    'a node without a key',
    withNode({}, null),
    [
      'model.graph.nodes.0: must be a node with a key: { "key": "encoder.0.attention", "attributes": { … } }',
      'model.graph.edges.0.source: "in" is not the key of a node',
      'model.graph.edges.1.source: "in" is not the key of a node',
    ],
  ],
  [
    'two nodes of a name',
    withNode({}, 'left'),
    [
      'model.graph.nodes.1.key: "left" is there twice; rename one',
      'model.graph.edges.0.source: "in" is not the key of a node',
      'model.graph.edges.1.source: "in" is not the key of a node',
    ],
  ],
  [
    'an edge from nowhere',
    withEdges(edge('nowhere', 'out')),
    ['model.graph.edges.4.source: "nowhere" is not the key of a node'],
  ],
  [
    'an edge to nothing',
    withEdges({ source: 'in', attributes: { bytes: 1 } }),
    ['model.graph.edges.4.target: is missing; write the key of a node'],
  ],
  [
    'an edge without bytes',
    withEdges({ source: 'in', target: 'out' }),
    ['model.graph.edges.4.attributes.bytes: is missing; write a number of at least 0'],
  ],
  ['a loop', withEdges(edge('left', 'left')), ['model.graph.edges.4: leads from "left" to itself; leave it out']],
  [
    'an edge without direction',
    withEdges(edge('in', 'out', { undirected: true })),
    ['model.graph.edges.4.undirected: true has no direction; a tensor goes from source to target'],
  ],
  [
    'a circle',
    withEdges(edge('out', 'left')),
    ['model.graph.edges: lead in a circle (out, left); an operator can only read what is there before it'],
  ],
  [
    'a layer count',
    { 'model.layers': 4 },
    ['model.layers: does not go with family graph, whose operators say everything; leave it out'],
  ],
  [
    'tensor ranks',
    { 'parallelism.tensor': 2 },
    ['parallelism.tensor: 2 is not modelled for a model given as a graph; 1 is'],
  ],
  [
    'context ranks',
    { 'parallelism.context': 2 },
    ['parallelism.context: 2 is not modelled for a model given as a graph; 1 is'],
  ],
  [
    'recomputation',
    { 'parallelism.recompute': 'full' },
    ['parallelism.recompute: full is not modelled for a model given as a graph; none is'],
  ],
  [
    'equal layers',
    { 'parallelism.partitioner': 'uniform' },
    ['parallelism.partitioner: uniform is not modelled for a model given as a graph; exact and multilevel are'],
  ],
  [
    'layers by hand',
    { 'parallelism.stageLayers': [1, 1] },
    ['parallelism.partitioner: layers is not modelled for a model given as a graph; exact and multilevel are'],
  ],
  [
    'too many stages',
    { 'parallelism.pipeline': 8 },
    [
      'parallelism.pipeline: pipeline 8 · virtualStages 1 = 8 virtual stages are more than the 4 operators of the graph; pipeline 4 or less would do',
    ],
  ],
  [
    'a cut that is nowhere',
    { 'parallelism.cutsAfter': ['middle'] },
    ['parallelism.cutsAfter: names "middle", which is no operator of the graph; those are in, left, right, out'],
  ],
  [
    'a cut at the end',
    { 'parallelism.cutsAfter': ['out'] },
    ['parallelism.cutsAfter: names "out", after which the model ends; leave it out'],
  ],
];

test.each(faults)('%s is a fault', (_, changes, expected) => {
  expect(textOf(changes)).toEqual(expected);
});

test('a transformer has no graph', () => {
  const model = { family: 'gpt', layers: 2, hiddenSize: 64, attentionHeads: 4, vocabularySize: 100, graph };
  expect(textOf({ model })).toEqual(['model.graph: goes with family graph; leave it out, or write that family']);
});

test('a graph of noise has a dozen faults, and one that says there are more', () => {
  const nodes = Array.from({ length: 100 }, (_, index) => ({ key: `${index}` }));
  const found = textOf({ 'model.graph': { nodes, edges: [] } });
  expect(found).toHaveLength(13);
  expect(found.at(-1)).toBe('model.graph: has more faults than these; mend them first');
});
