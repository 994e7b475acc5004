import * as graphology from 'graphology';
import { DirectedGraph, MultiGraph, UndirectedGraph } from 'graphology';
import { describe, expect, it } from 'vitest';
import metis from '../src/index.ts';
import { grid } from './graphs.ts';

// The package's types show its default export to CommonJS only.
const { default: Graph } = graphology as unknown as { readonly default: typeof MultiGraph };

function gridGraph(): UndirectedGraph {
  const graph = new UndirectedGraph();
  const { n, edges } = grid(4, 4);
  for (let v = 0; v < n; v++) graph.addNode(`n${v}`);
  for (const [a, b] of edges) graph.addEdge(`n${a}`, `n${b}`);
  return graph;
}

describe('the graphology interface', () => {
  it('returns a mapping', () => {
    const parts = metis(gridGraph(), { parts: 4 });
    expect(Object.keys(parts)).toHaveLength(16);
    expect(new Set(Object.values(parts))).toEqual(new Set([0, 1, 2, 3]));
    expect(parts.n0).toBe(parts.n5);
  });

  it('writes an attribute', () => {
    const graph = gridGraph();
    metis.assign(graph, { parts: 4 });
    metis.assign(graph, { parts: 2, nodePartAttribute: 'half' });
    expect(new Set(graph.mapNodes((_, { part }) => part)).size).toBe(4);
    expect(new Set(graph.mapNodes((_, { half }) => half)).size).toBe(2);
  });

  it('tells what a partition is worth', () => {
    const details = metis.detailed(gridGraph(), { parts: 4 });
    expect(details).toMatchObject({
      count: 4,
      cut: 8,
      communicationVolume: 16,
      partWeights: [[4], [4], [4], [4]],
      limits: [[4.12], [4.12], [4.12], [4.12]],
      imbalance: [0],
      components: [1, 1, 1, 1],
      feasible: true,
      warnings: [],
    });
    expect(details.parts).toEqual(metis(gridGraph(), { parts: 4 }));
  });

  it('shows its defaults', () => {
    expect(metis.defaults).toMatchObject({
      method: 'kway',
      objective: 'cut',
      imbalance: 0.03,
      getEdgeWeight: 'weight',
      nodePartAttribute: 'part',
      passes: 10,
      runs: 1,
    });
  });

  it('reads edge weights by name, by function, or not at all', () => {
    const graph = new UndirectedGraph();
    for (const node of ['a', 'b', 'c', 'd']) graph.addNode(node);
    graph.addEdge('a', 'b', { weight: 1, load: 9 });
    graph.addEdge('c', 'd', { weight: 1, load: 9 });
    graph.addEdge('b', 'c', { weight: 9, load: 1 });
    graph.addEdge('d', 'a', { weight: 9, load: 1 });
    expect(metis.detailed(graph, { parts: 2 }).cut).toBe(2);
    expect(metis(graph, { parts: 2 }).a).toBe(metis(graph, { parts: 2 }).d);
    const byName = metis.detailed(graph, { parts: 2, getEdgeWeight: 'load' });
    expect([byName.cut, byName.parts.a === byName.parts.b]).toEqual([2, true]);
    expect(metis.detailed(graph, { parts: 2, getEdgeWeight: (_, { load }) => load / 2 }).cut).toBe(1);
    expect(metis.detailed(graph, { parts: 2, getEdgeWeight: null }).cut).toBe(2);
    graph.setEdgeAttribute(graph.edge('a', 'b'), 'weight', 'heavy');
    expect(metis.detailed(graph, { parts: 4 }).cut).toBe(20);
  });

  it('balances several node weights at once', () => {
    const graph = gridGraph();
    graph.updateEachNodeAttributes((node, attributes) => {
      const v = Number(node.slice(1));
      return { ...attributes, time: v < 8 ? 1 : 0, memory: v < 8 ? 0 : 1 };
    });
    const details = metis.detailed(graph, {
      parts: 2,
      getNodeWeight: ['time', (_, { memory }) => memory],
      imbalance: 0,
    });
    expect(details.partWeights).toEqual([
      [4, 4],
      [4, 4],
    ]);
    expect([details.cut, details.feasible]).toEqual([4, true]);
  });

  it('gives parts the weights asked for', () => {
    const details = metis.detailed(gridGraph(), { parts: 2, targetWeights: [0.25, 0.75] });
    expect(details.partWeights).toEqual([[4], [12]]);
    expect(details.cut).toBe(4);
  });

  it('weighs nodes by their size in the volume', () => {
    const graph = gridGraph();
    graph.forEachNode((node) => {
      graph.setNodeAttribute(node, 'bytes', 10);
    });
    expect(metis.detailed(graph, { parts: 4, getNodeSize: 'bytes', objective: 'volume' }).communicationVolume).toBe(
      160,
    );
  });

  it('keeps nodes in their parts and groups together', () => {
    const graph = gridGraph();
    const parts = metis(graph, { parts: 4, fixed: { n0: 3, n15: 3 }, together: [['n1', 'n14']] });
    expect([parts.n0, parts.n15]).toEqual([3, 3]);
    expect(parts.n1).toBe(parts.n14);
    graph.setNodeAttribute('n6', 'pinned', 2);
    expect(metis(graph, { parts: 4, fixed: 'pinned' }).n6).toBe(2);
    expect(metis(graph, { parts: 4, fixed: (node) => (node === 'n7' ? 1 : null) }).n7).toBe(1);
  });

  it('takes directed, mixed and multi graphs and self-loops', () => {
    const directed = new DirectedGraph();
    const multi = new MultiGraph();
    const mixed = new Graph({ type: 'mixed' });
    for (const graph of [directed, multi, mixed]) for (let v = 0; v < 8; v++) graph.addNode(String(v));
    for (let v = 0; v < 8; v++) {
      const next = String((v + 1) % 8);
      directed.addEdge(String(v), next, { weight: 2 });
      directed.addEdge(next, String(v), { weight: 1 });
      multi.addDirectedEdge(String(v), next, { weight: 1 });
      multi.addUndirectedEdge(String(v), next, { weight: 1 });
      multi.addEdge(String(v), String(v), { weight: 100 });
      mixed.addDirectedEdge(String(v), next);
      mixed.addUndirectedEdge(String(v), next);
    }
    expect(metis.detailed(directed, { parts: 2 }).cut).toBe(6);
    expect(metis.detailed(multi, { parts: 2 }).cut).toBe(4);
    expect(metis.detailed(mixed, { parts: 2 }).cut).toBe(4);
  });

  it('takes graphs without nodes, without edges, and with fewer nodes than parts', () => {
    expect(metis(new Graph(), { parts: 3 })).toEqual({});
    const graph = new Graph();
    for (const node of ['a', 'b', 'c', 'd']) graph.addNode(node);
    expect(metis.detailed(graph, { parts: 2 })).toMatchObject({ cut: 0, partWeights: [[2], [2]] });
    const few = metis.detailed(graph, { parts: 6 });
    expect(new Set(Object.values(few.parts)).size).toBe(4);
    expect(few.warnings).toContain('there are 6 parts but only 4 nodes or groups of nodes: some parts are empty.');
  });

  it('names an excess that cannot be avoided', () => {
    const graph = gridGraph();
    graph.setNodeAttribute('n5', 'weight', 100);
    const details = metis.detailed(graph, { parts: 4, getNodeWeight: 'weight' });
    expect(details.feasible).toBe(false);
    expect(details.warnings[0]).toBe(
      'the heaviest node or group weighs 100, more than the 29.6125 a part may weigh: that excess is unavoidable.',
    );
    expect(Math.max(...details.partWeights.flat())).toBe(100);
  });
});

describe('its errors', () => {
  const graph = gridGraph();
  // A JavaScript caller may pass anything.
  const call = (options: unknown, target: unknown = graph) =>
    Reflect.apply(metis, undefined, [target, options]) as unknown;
  const faults: readonly (readonly [string, unknown, string])[] = [
    ['no options', undefined, 'the options should be an object with `parts`.'],
    ['no parts', {}, '`parts` option should be a positive integer.'],
    ['half a part', { parts: 2.5 }, '`parts` option should be a positive integer.'],
    ['an unknown method', { parts: 2, method: 'spectral' }, "`method` option should be 'kway' or 'recursive'."],
    ['an unknown objective', { parts: 2, objective: 'time' }, "`objective` option should be 'cut' or 'volume'."],
    [
      'an unknown quality',
      { parts: 2, quality: 'best' },
      "`quality` option should be 'fast' or 'default' or 'strong'.",
    ],
    ['a negative imbalance', { parts: 2, imbalance: -1 }, '`imbalance` option should be a non-negative finite number.'],
    [
      'too many imbalances',
      { parts: 2, imbalance: [0, 0] },
      '`imbalance` option should be one number, or one for each of the 1 node weights.',
    ],
    [
      'too few targets',
      { parts: 2, targetWeights: [1] },
      '`targetWeights` option should be an array with one entry for each of the 2 parts.',
    ],
    [
      'targets beyond 1',
      { parts: 2, targetWeights: [0.9, 0.9] },
      '`targetWeights` option should sum to 1, not to 1.8.',
    ],
    [
      'a target of 0',
      { parts: 2, targetWeights: [0, 1] },
      '`targetWeights` option should contain positive finite numbers only.',
    ],
    ['no runs', { parts: 2, runs: 0 }, '`runs` option should be a positive integer.'],
    ['negative passes', { parts: 2, passes: -1 }, '`passes` option should be a non-negative integer.'],
    ['a word for a flag', { parts: 2, contiguous: 'yes' }, '`contiguous` option should be a boolean.'],
    ['a number for rng', { parts: 2, rng: 4 }, '`rng` option should be a function giving numbers in [0, 1).'],
    [
      'a number for a weight',
      { parts: 2, getNodeWeight: 3 },
      '`getNodeWeight` option should be an attribute name, a function, an array of these, or null.',
    ],
    [
      'a negative weight',
      { parts: 2, getNodeWeight: () => -1 },
      '`getNodeWeight` gave -1 for node "n0", but should give a non-negative finite number.',
    ],
    ['a fixed stranger', { parts: 2, fixed: { x: 1 } }, '`fixed` option names node "x", which is not in the graph.'],
    [
      'a part too far',
      { parts: 2, fixed: { n0: 2 } },
      '`fixed` option should name parts from 0 to 1 (or -1 for none), not 2.',
    ],
    [
      'a grouped stranger',
      { parts: 2, together: [['x']] },
      '`together` option names node "x", which is not in the graph.',
    ],
    [
      'a group torn apart',
      { parts: 2, together: [['n0', 'n1']], fixed: { n0: 0, n1: 1 } },
      '`fixed` option ties nodes to parts 0 and 1 that `together` puts in one.',
    ],
  ];
  for (const [name, options, sentence] of faults) {
    it(`refuses ${name}`, () => {
      expect(() => call(options)).toThrow(`graphology-metis: ${sentence}`);
    });
  }

  it('refuses what is no graph', () => {
    expect(() => call({ parts: 2 }, {})).toThrow(
      'graphology-metis: the given graph is not a valid graphology instance.',
    );
  });

  it('refuses infinite edge weights by the name of the edge', () => {
    const weighted = new UndirectedGraph();
    weighted.mergeEdgeWithKey('heavy', 'a', 'b', { weight: Infinity });
    expect(() => metis(weighted, { parts: 2 })).toThrow('`getEdgeWeight` gave Infinity for edge "heavy"');
  });
});
