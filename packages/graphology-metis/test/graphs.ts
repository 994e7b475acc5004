import type { CsrGraph } from '../src/index.ts';

/** A graph as lists, to be handed over and to be recomputed from. */
export interface TestGraph {
  readonly n: number;
  /** Ends and weight of each edge, once. */
  readonly edges: readonly (readonly [number, number, number])[];
  readonly ncon: number;
  readonly vwgt: readonly number[];
  readonly vsize: readonly number[];
}

export function testGraph(
  n: number,
  edges: readonly (readonly [number, number] | readonly [number, number, number])[],
  weights: Partial<Pick<TestGraph, 'ncon' | 'vwgt' | 'vsize'>> = {},
): TestGraph {
  const ncon = weights.ncon ?? 1;
  return {
    n,
    edges: edges.map(([a, b, weight]) => [a, b, weight ?? 1]),
    ncon,
    vwgt: weights.vwgt ?? new Array<number>(n * ncon).fill(1),
    vsize: weights.vsize ?? new Array<number>(n).fill(1),
  };
}

export function csrOf(graph: TestGraph): CsrGraph {
  const rows: [number, number][][] = Array.from({ length: graph.n }, () => []);
  for (const [a, b, weight] of graph.edges) {
    rows[a].push([b, weight]);
    rows[b].push([a, weight]);
  }
  const xadj = [0];
  for (const row of rows) xadj.push(xadj[xadj.length - 1] + row.length);
  return {
    xadj,
    adjncy: rows.flat().map(([u]) => u),
    adjwgt: rows.flat().map(([, weight]) => weight),
    vwgt: graph.vwgt,
    ncon: graph.ncon,
    vsize: graph.vsize,
  };
}

export function grid(rows: number, columns: number): TestGraph {
  const edges: [number, number][] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      if (j + 1 < columns) edges.push([i * columns + j, i * columns + j + 1]);
      if (i + 1 < rows) edges.push([i * columns + j, (i + 1) * columns + j]);
    }
  }
  return testGraph(rows * columns, edges);
}

export function cliqueEdges(n: number, offset = 0): [number, number][] {
  const edges: [number, number][] = [];
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) edges.push([offset + j, offset + i]);
  return edges;
}

export function clique(n: number): TestGraph {
  return testGraph(n, cliqueEdges(n));
}

export function twoCliques(): TestGraph {
  return testGraph(10, [...cliqueEdges(5), ...cliqueEdges(5, 5), [4, 5]]);
}

export function ring(n: number): TestGraph {
  return testGraph(
    n,
    Array.from({ length: n }, (_, i) => [i, (i + 1) % n] as const),
  );
}

export function path(n: number): TestGraph {
  return testGraph(
    n,
    Array.from({ length: n - 1 }, (_, i) => [i, i + 1] as const),
  );
}

export function star(leaves: number): TestGraph {
  return testGraph(
    leaves + 1,
    Array.from({ length: leaves }, (_, i) => [0, i + 1] as const),
  );
}

export function hypercube(dimensions: number): TestGraph {
  const edges: [number, number][] = [];
  for (let v = 0; v < 1 << dimensions; v++) {
    for (let bit = 0; bit < dimensions; bit++) if (((v >> bit) & 1) === 0) edges.push([v, v | (1 << bit)]);
  }
  return testGraph(1 << dimensions, edges);
}

export function petersen(): TestGraph {
  const edges: [number, number][] = [];
  for (let i = 0; i < 5; i++) edges.push([i, (i + 1) % 5], [5 + i, 5 + ((i + 2) % 5)], [i, i + 5]);
  return testGraph(10, edges);
}
