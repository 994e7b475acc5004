import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unitPath } from '../../src/graph/computeGraph.ts';
import { toDirectedGraph } from '../../src/graph/directedGraph.ts';
import { modelFlops } from '../../src/graph/flops.ts';
import { graphModel, operatorGraph } from '../../src/graph/graphModel.ts';
import { type OperatorGraph, type OperatorNode, topologicalOrder } from '../../src/graph/operatorGraph.ts';
import { parameterCount } from '../../src/graph/parameters.ts';
import { bytesAcross, chainOfUnits, hiddenBytes, sendsVary } from '../../src/graph/slice.ts';

const node = (name: string, rest: Partial<OperatorNode> = {}): OperatorNode => ({
  name,
  forwardFlops: 2,
  backwardFlops: 4,
  readBytes: 8,
  writeBytes: 4,
  savedBytes: 16,
  parameters: 10,
  ...rest,
});

/** s leads to a and b, both of which lead to t; s also leads straight to t. */
const diamond: OperatorGraph = {
  nodes: ['s', 'a', 'b', 't'].map((name) => node(name)),
  links: [
    { from: 0, to: 1, bytes: 1 },
    { from: 0, to: 2, bytes: 2 },
    { from: 1, to: 3, bytes: 4 },
    { from: 2, to: 3, bytes: 8 },
    { from: 0, to: 3, bytes: 16 },
  ],
};
const model = graphModel('diamond', diamond);

describe('a model of any shape as a chain of units', () => {
  const graph = operatorGraph(model, diamond);
  const chain = chainOfUnits(graph);

  it('has an operator a unit, which is called as it is in the graph', () => {
    expect(graph.units.map((_, index) => unitPath(graph, index))).toEqual(['s', 'a', 'b', 't']);
    expect(graph.units.every(({ operators }) => operators.length === 1)).toBe(true);
  });

  it('sends across a cut every tensor that leads over it, by hand', () => {
    expect([1, 2, 3].map((position) => bytesAcross(chain, position))).toEqual([19, 22, 28]);
    expect(graph.units.at(-1)?.boundaryBytes).toBe(0);
    expect(hiddenBytes(graph)).toBe(28);
    expect(sendsVary(chain)).toBe(true);
  });

  it('sends something else in another order', () => {
    const other = chainOfUnits(operatorGraph(model, diamond, Int32Array.of(0, 2, 1, 3)));
    expect(other.graph.units.map(({ operators }) => operators[0]?.module)).toEqual(['s', 'b', 'a', 't']);
    expect([1, 2, 3].map((position) => bytesAcross(other, position))).toEqual([19, 25, 28]);
  });

  it('counts parameters and FLOPs as the operators give them', () => {
    expect(parameterCount(model)).toBe(40);
    expect(modelFlops(model, 2048)).toBe(24);
  });

  it('is the graph that it came from for graphology', () => {
    const directed = toDirectedGraph(graph);
    expect(directed.nodes()).toEqual(['s', 'a', 'b', 't']);
    expect(directed.size).toBe(5);
    expect(directed.getEdgeAttribute(directed.edge('s', 't'), 'bytes')).toBe(16);
  });
});

describe('topologicalOrder', () => {
  it('keeps the order of the list where it is one', () => {
    expect(topologicalOrder(4, diamond.links)).toEqual({ order: [0, 1, 2, 3], left: [] });
  });

  it('names what lies on a circle or behind one', () => {
    const links = [
      [0, 1],
      [2, 1],
      [1, 2],
      [2, 3],
    ].map(([from, to]) => ({ from: from!, to: to!, bytes: 1 }));
    expect(topologicalOrder(4, links)).toEqual({ order: [0], left: [1, 2, 3] });
  });

  it('puts every operator after those it reads', () => {
    const graphs = fc.integer({ min: 1, max: 30 }).chain((count) =>
      fc.record({
        names: fc.shuffledSubarray(
          Array.from({ length: count }, (_, index) => index),
          { minLength: count },
        ),
        pairs: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1))),
      }),
    );
    fc.assert(
      fc.property(graphs, ({ names, pairs }) => {
        const links = pairs
          .filter(([a, b]) => a !== b)
          .map(([a, b]) => ({ from: names[Math.min(a, b)]!, to: names[Math.max(a, b)]!, bytes: 1 }));
        const { order, left } = topologicalOrder(names.length, links);
        expect(left).toEqual([]);
        expect([...order].sort((a, b) => a - b)).toEqual(names.map((_, index) => index));
        for (const { from, to } of links) expect(order.indexOf(from)).toBeLessThan(order.indexOf(to));
      }),
    );
  });
});
