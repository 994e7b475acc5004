import { describe, expect, it } from 'vitest';
import { createRng, partitionCsr } from '../src/index.ts';
import {
  clique,
  csrOf,
  grid,
  hypercube,
  path,
  petersen,
  ring,
  star,
  type TestGraph,
  testGraph,
  twoCliques,
} from './graphs.ts';
import { recompute } from './recompute.ts';

/** Optimal cuts for k = 2, 3, 4 by brute force: no part above ceil(n / k), none empty. */
const OPTIMA: readonly (readonly [string, TestGraph, readonly number[]])[] = [
  ['grid 4x4', grid(4, 4), [4, 7, 8]],
  ['two K5 and an edge', twoCliques(), [1, 8, 13]],
  ['Petersen', petersen(), [5, 8, 9]],
  ['ring of 12', ring(12), [2, 3, 4]],
  ['grid 3x5', grid(3, 5), [4, 8, 9]],
  ['cube Q3', hypercube(3), [4, 7, 8]],
  ['cube Q4', hypercube(4), [8, 14, 16]],
  ['K6', clique(6), [9, 12, 13]],
  ['star with 8 leaves', star(8), [4, 6, 6]],
];

/** The same with one node more allowed in a part. */
const LOOSER: readonly (readonly [string, TestGraph, readonly number[]])[] = [
  ['grid 4x4', grid(4, 4), [4, 7, 8]],
  ['two K5 and an edge', twoCliques(), [1, 5, 9]],
  ['Petersen', petersen(), [5, 7, 9]],
  ['grid 3x5', grid(3, 5), [3, 6, 9]],
];

describe('small graphs with known optima', () => {
  for (const [name, graph, optima] of OPTIMA) {
    it(`${name}: ${optima.join(', ')}`, () => {
      for (const seed of [1, 2, 3]) {
        optima.forEach((optimum, i) => {
          const parts = i + 2;
          const result = partitionCsr(csrOf(graph), { parts, rng: createRng(seed) });
          const { cut, members } = recompute(graph, result.parts, parts);
          expect([parts, cut, result.cut]).toEqual([parts, optimum, optimum]);
          expect(Math.max(...members)).toBeLessThanOrEqual(Math.ceil(graph.n / parts));
          expect(Math.min(...members)).toBeGreaterThan(0);
          expect(result.feasible).toBe(true);
        });
      }
    });
  }

  for (const [name, graph, optima] of LOOSER) {
    it(`${name} with one node more: ${optima.join(', ')}`, () => {
      optima.forEach((optimum, i) => {
        const parts = i + 2;
        const imbalance = (Math.ceil(graph.n / parts) + 1) / (graph.n / parts) - 1;
        expect(partitionCsr(csrOf(graph), { parts, imbalance }).cut).toBe(optimum);
      });
    });
  }

  it('finds the unique partitions', () => {
    const quadrants = partitionCsr(csrOf(grid(4, 4)), { parts: 4 }).parts;
    expect(new Set([0, 1, 4, 5].map((v) => quadrants[v])).size).toBe(1);
    expect(new Set([0, 2, 8, 10].map((v) => quadrants[v])).size).toBe(4);
    const cliques = partitionCsr(csrOf(twoCliques()), { parts: 2 }).parts;
    expect(new Set(cliques.slice(0, 5)).size).toBe(1);
    expect(cliques[0]).not.toBe(cliques[5]);
  });

  it('knows their communication volumes', () => {
    expect(partitionCsr(csrOf(grid(4, 4)), { parts: 4 }).communicationVolume).toBe(16);
    expect(partitionCsr(csrOf(grid(4, 4)), { parts: 4, objective: 'volume' }).communicationVolume).toBe(16);
    expect(partitionCsr(csrOf(twoCliques()), { parts: 2 }).communicationVolume).toBe(2);
    for (const k of [2, 3, 4]) expect(partitionCsr(csrOf(ring(12)), { parts: k }).communicationVolume).toBe(2 * k);
  });

  it('says that 16 nodes cannot be divided by 3 within 3%, and does what can be done', () => {
    const result = partitionCsr(csrOf(grid(4, 4)), { parts: 3 });
    expect(Array.from(result.limits)).toEqual([6, 6, 6]);
    expect(result.feasible).toBe(true);
    expect(result.warnings).toEqual([
      'an imbalance of 0.03 leaves less than the share rounded up to whole nodes: parts may weigh up to 6.',
    ]);
  });

  it('balances two weights exactly where they lie apart on a path, but not with connected parts', () => {
    const graph = testGraph(8, path(8).edges, { ncon: 2, vwgt: [1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1] });
    const free = partitionCsr(csrOf(graph), { parts: 2, imbalance: 0 });
    expect([free.cut, free.feasible, free.imbalance]).toEqual([2, true, [0, 0]]);
    expect(new Set([0, 1, 6, 7].map((v) => free.parts[v])).size).toBe(1);
    const connected = partitionCsr(csrOf(graph), { parts: 2, imbalance: 0, contiguous: true });
    expect(connected.feasible).toBe(false);
    expect(connected.components).toEqual([1, 1]);
    expect(connected.warnings.join(' ')).toContain('no partition within the limits was found');
  });
});
