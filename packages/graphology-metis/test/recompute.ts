import type { TestGraph } from './graphs.ts';

/** Cut, volume, weights and pieces worked out from the lists, independently of the package. */
export function recompute(graph: TestGraph, parts: ArrayLike<number>, k: number) {
  let cut = 0;
  const foreign = Array.from({ length: graph.n }, () => new Set<number>());
  const root = Array.from({ length: graph.n }, (_, v) => v);
  const find = (v: number): number => (root[v] === v ? v : find(root[v]));
  for (const [a, b, weight] of graph.edges) {
    if (parts[a] === parts[b]) {
      root[find(a)] = find(b);
      continue;
    }
    cut += weight;
    foreign[a].add(parts[b]);
    foreign[b].add(parts[a]);
  }
  let volume = 0;
  foreign.forEach((set, v) => {
    volume += set.size * graph.vsize[v];
  });
  const weights = new Array<number>(k * graph.ncon).fill(0);
  const members = new Array<number>(k).fill(0);
  const pieces = new Array<number>(k).fill(0);
  for (let v = 0; v < graph.n; v++) {
    members[parts[v]]++;
    if (find(v) === v) pieces[parts[v]]++;
    for (let c = 0; c < graph.ncon; c++) weights[parts[v] * graph.ncon + c] += graph.vwgt[v * graph.ncon + c];
  }
  return { cut, volume, weights, members, pieces };
}

/** Sum of what lies above the limits, relative to the totals. */
export function excessOf(graph: TestGraph, weights: ArrayLike<number>, limits: ArrayLike<number>): number {
  const total = new Array<number>(graph.ncon).fill(0);
  graph.vwgt.forEach((weight, i) => {
    total[i % graph.ncon] += weight;
  });
  let excess = 0;
  for (let i = 0; i < limits.length; i++) {
    const sum = total[i % graph.ncon];
    const over = weights[i] - limits[i];
    if (over > 1e-8 * sum) excess += over / sum;
  }
  return excess;
}

/** Least excess, then least cut, over all partitions without empty parts. */
export function bruteForce(graph: TestGraph, k: number, limits: ArrayLike<number>): { excess: number; cut: number } {
  const parts = new Array<number>(graph.n).fill(0);
  let best = { excess: Infinity, cut: Infinity };
  const visit = (v: number): void => {
    if (v === graph.n) {
      const { cut, weights, members } = recompute(graph, parts, k);
      if (members.includes(0)) return;
      const excess = excessOf(graph, weights, limits);
      if (excess < best.excess - 1e-12 || (excess < best.excess + 1e-12 && cut < best.cut - 1e-9))
        best = { excess, cut };
      return;
    }
    for (let p = 0; p < k; p++) {
      parts[v] = p;
      visit(v + 1);
    }
  };
  visit(0);
  return best;
}
