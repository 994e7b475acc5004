import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flatGraphFrom, partitionCsr, readMetisGraph, writeMetisGraph } from '../src/index.ts';
import { anyGraph } from './arbitraries.ts';
import { csrOf } from './graphs.ts';

describe('reading .graph files', () => {
  it('reads the plain format, comments and isolated vertices', () => {
    const file = readMetisGraph('% a triangle and a loner\n4 3\n2 3\n% between\n1 3\n1 2\n\n');
    expect(Array.from(file.xadj)).toEqual([0, 2, 4, 6, 6]);
    expect(Array.from(file.adjncy)).toEqual([1, 2, 0, 2, 0, 1]);
    expect([file.adjwgt, file.vwgt, file.vsize, file.ncon]).toEqual([null, null, null, 1]);
  });

  it('reads every format code', () => {
    const lines = (fmt: string): string => {
      const [sizes, weights, edges] = Array.from(fmt.padStart(3, '0'), (digit) => digit === '1');
      const line = (v: number): string =>
        [...(sizes ? [10 * v] : []), ...(weights ? [v] : []), 3 - v, ...(edges ? [7] : [])].join(' ');
      return `2 1 ${fmt}\n${line(1)}\n${line(2)}\n`;
    };
    for (const fmt of ['0', '1', '10', '11', '000', '001', '010', '011', '100', '101', '110', '111']) {
      const [sizes, weights, edges] = Array.from(fmt.padStart(3, '0'), (digit) => digit === '1');
      const file = readMetisGraph(lines(fmt));
      expect(Array.from(file.adjncy)).toEqual([1, 0]);
      expect(file.vsize && Array.from(file.vsize)).toEqual(sizes ? [10, 20] : null);
      expect(file.vwgt && Array.from(file.vwgt)).toEqual(weights ? [1, 2] : null);
      expect(file.adjwgt && Array.from(file.adjwgt)).toEqual(edges ? [7, 7] : null);
    }
  });

  it('reads several vertex weights and Windows line ends', () => {
    const file = readMetisGraph('2 1 010 2\r\n1 2 2\r\n3 4 1\r\n');
    expect([file.ncon, Array.from(file.vwgt ?? [])]).toEqual([2, [1, 2, 3, 4]]);
  });

  const faults: readonly (readonly [string, string, string])[] = [
    ['an empty file', '% nothing\n', 'the file holds no header `n m [fmt [ncon]]`.'],
    ['a header of words', 'two 1\n', 'line 1: the header should be `n m [fmt [ncon]]` in whole numbers, not `two 1`.'],
    ['a header too short', '%\n5\n', 'line 2: the header should be `n m [fmt [ncon]]` in whole numbers, not `5`.'],
    [
      'an unknown format',
      '2 1 012\n',
      'line 1: the format `012` should be up to three digits 0 or 1: sizes, node weights, edge weights.',
    ],
    [
      'ncon without its fmt bit',
      '2 1 001 2\n',
      'line 1: the header promises 2 node weights, but the format `001` has no node weights.',
    ],
    ['no weights promised', '2 1 010 0\n', 'line 1: the header promises node weights, but 0 for each node.'],
    [
      'a header counted twice',
      '3 6\n2 3\n1 3\n1 2\n',
      'line 1: the header promises 6 edges, which is 12 entries, but the lines hold 6. The header should count each edge once: was it counted twice?',
    ],
    [
      'too few entries',
      '3 3\n2\n1 3\n2\n',
      'line 1: the header promises 3 edges, which is 6 entries, but the lines hold 4.',
    ],
    ['one direction missing', '3 2\n2 3\n1\n\n', 'line 2: vertex 1 lists vertex 3, but line 4 does not list vertex 1.'],
    ['an id too large', '2 1\n3\n1\n', 'line 2: vertex 1 lists vertex 3, but vertices run from 1 to 2.'],
    ['an id of 0', '2 1\n0\n1\n', 'line 2: vertex 1 lists vertex 0, but vertices run from 1 to 2.'],
    ['a loop', '2 1\n1\n1\n', 'line 2: vertex 1 lists itself.'],
    ['a neighbour twice', '2 2\n2 2\n1 1\n', 'line 2: vertex 1 lists vertex 2 twice.'],
    ['a word', '2 1\nx\n1\n', 'line 2: a neighbour should be a non-negative whole number, not `x`.'],
    ['a missing line', '3 1\n2\n1', 'the file ends after 2 of the 3 vertices that its header promises.'],
    ['text at the end', '2 1\n2\n1\n\n1 2\n', 'line 5: there is text after the 2 vertices that the header promises.'],
    ['an edge weight of 0', '2 1 1\n2 0\n1 0\n', 'line 2: an edge weight should be a positive whole number, not `0`.'],
    [
      'a fractional edge weight',
      '2 1 1\n2 1.5\n1 1.5\n',
      'line 2: an edge weight should be a positive whole number, not `1.5`.',
    ],
    ['a missing edge weight', '2 1 1\n2\n1 1\n', 'line 2: the edge from vertex 1 to vertex 2 lacks its weight.'],
    [
      'two weights for an edge',
      '2 1 1\n2 5\n1 6\n',
      'line 3: the edge between vertices 2 and 1 weighs 6 here, but 5 in line 2.',
    ],
    [
      'a negative vertex weight',
      '2 1 10\n-1 2\n1 1\n',
      'line 2: a vertex weight should be a non-negative whole number, not `-1`.',
    ],
    ['missing vertex weights', '2 1 010 2\n1\n1 1 1\n', 'line 2: vertex 1 has 1 of its 2 weights.'],
    ['a missing size', '2 0 100\n\n1\n', 'line 2: vertex 1 lacks its size.'],
    [
      'a fractional size',
      '2 0 100\n0.5\n1\n',
      'line 2: a vertex size should be a non-negative whole number, not `0.5`.',
    ],
  ];
  for (const [name, text, sentence] of faults) {
    it(`refuses ${name}`, () => {
      expect(() => readMetisGraph(text)).toThrow(`graphology-metis: ${sentence}`);
    });
  }
});

describe('writing .graph files', () => {
  it('leaves out what is 1', () => {
    expect(writeMetisGraph({ xadj: [0, 1, 2, 2], adjncy: [1, 0] })).toBe('3 1\n2\n1\n\n');
    const csr = { xadj: [0, 1, 2], adjncy: [1, 0], adjwgt: [4, 4], vwgt: [1, 2, 3, 4], ncon: 2, vsize: [5, 6] };
    expect(writeMetisGraph(csr)).toBe('2 1 111 2\n5 1 2 2 4\n6 3 4 1 4\n');
  });

  it('refuses fractions', () => {
    const csr = { xadj: [0, 1, 2], adjncy: [1, 0], vwgt: [0.5, 1] };
    expect(() => writeMetisGraph(csr)).toThrow(
      'a .graph file holds non-negative whole numbers only, but `vwgt` has 0.5.',
    );
  });

  it('is undone by reading', () => {
    fc.assert(
      fc.property(anyGraph({ wholeNumbers: true, most: 30 }), (graph) => {
        const { vwgt } = graph;
        const whole = { ...graph, vwgt: vwgt.map(Math.round) };
        const csr = csrOf(whole);
        const back = flatGraphFrom(readMetisGraph(writeMetisGraph(csr)));
        const there = flatGraphFrom(csr);
        expect(back.graph).toEqual(there.graph);
        if (back.sizes !== null) expect(back.sizes).toEqual(there.sizes);
      }),
      { numRuns: 60 },
    );
  });
});

describe('flat arrays', () => {
  const faults: readonly (readonly [string, Parameters<typeof flatGraphFrom>[0], string])[] = [
    ['rows that do not start at 0', { xadj: [1, 1], adjncy: [] }, '`xadj` should start with 0.'],
    ['rows that fall', { xadj: [0, 2, 1], adjncy: [1] }, '`xadj` should not fall, but does after node 1.'],
    [
      'rows too short',
      { xadj: [0, 1, 2], adjncy: [1, 0, 0] },
      '`xadj` should end with the length of `adjncy`, 3, not with 2.',
    ],
    ['strangers', { xadj: [0, 1], adjncy: [3] }, '`adjncy` names node 3, but there are 1 nodes.'],
    [
      'one-sided edges',
      { xadj: [0, 1, 1], adjncy: [1] },
      'the edge between nodes 0 and 1 should stand in the rows of both, with the same weight.',
    ],
    [
      'edges with two weights',
      { xadj: [0, 1, 2], adjncy: [1, 0], adjwgt: [1, 2] },
      'the edge between nodes 1 and 0 should stand in the rows of both',
    ],
    [
      'negative weights',
      { xadj: [0, 0], adjncy: [], vwgt: [-1] },
      '`vwgt` should contain non-negative finite numbers only, but has -1 at 0.',
    ],
    ['missing weights', { xadj: [0, 0, 0], adjncy: [], vwgt: [1] }, '`vwgt` should have 2 entries, not 1.'],
  ];
  for (const [name, csr, sentence] of faults) {
    it(`refuses ${name}`, () => {
      expect(() => flatGraphFrom(csr)).toThrow(`graphology-metis: ${sentence}`);
    });
  }

  it('drops loops and sums parallel edges', () => {
    const { graph } = flatGraphFrom({ xadj: [0, 3, 5], adjncy: [0, 1, 1, 0, 0], adjwgt: [9, 1, 2, 2, 1] });
    expect([Array.from(graph.adjncy), Array.from(graph.adjwgt)]).toEqual([
      [1, 0],
      [3, 3],
    ]);
  });
});

describe('a file made here', () => {
  it('is partitioned as the arrays it came from', () => {
    const text = readFileSync(new URL('fixtures/ladder.graph', import.meta.url), 'utf8');
    const { cut, feasible } = partitionCsr(readMetisGraph(text), { parts: 2 });
    expect([cut, feasible]).toEqual([2, true]);
  });
});
