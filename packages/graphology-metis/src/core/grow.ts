import type { MaxHeap } from './heap.ts';
import type { Rng } from './random.ts';
import type { TwoWayProblem } from './two-way.ts';

/**
 * A first two-way partition by greedy growing: side 0 starts at a random vertex and takes the neighbour that adds least
 * to the cut until it weighs what it should.
 *
 * @param heap an empty heap with room for the graph; empty again afterwards
 * @source George Karypis, Vipin Kumar, "A fast and high quality multilevel scheme for partitioning irregular graphs",
 * SIAM J. Sci. Comput. 20(1), 1998 (GGGP)
 */
export function growSide(problem: TwoWayProblem, heap: MaxHeap, rng: Rng): Int32Array {
  const { graph, wish, limit, scale, fixed, fewest } = problem;
  const { n, ncon, xadj, adjncy, adjwgt, vwgt } = graph;
  const side = new Int32Array(n).fill(1);
  const gain = new Float64Array(n);
  const loads = new Float64Array(ncon);
  let members = 0;
  let seen = 0;
  const target = wish.subarray(0, ncon).reduce((sum, weight, c) => sum + weight * scale[c], 0);

  for (let v = 0; v < n; v++) for (let e = xadj[v]; e < xadj[v + 1]; e++) gain[v] -= adjwgt[e];
  const take = (v: number): void => {
    side[v] = 0;
    members++;
    for (let c = 0; c < ncon; c++) {
      loads[c] += vwgt[v * ncon + c];
      seen += vwgt[v * ncon + c] * scale[c];
    }
    for (let e = xadj[v]; e < xadj[v + 1]; e++) {
      const u = adjncy[e];
      gain[u] += 2 * adjwgt[e];
      if (side[u] === 1 && (fixed === null || fixed[u] < 0)) heap.set(u, gain[u]);
    }
  };
  if (fixed !== null) {
    for (let v = 0; v < n; v++) {
      if (fixed[v] !== 0) continue;
      take(v);
      heap.remove(v);
    }
  }
  const tooHeavy = (v: number): boolean => {
    for (let c = 0; c < ncon; c++) {
      const weight = vwgt[v * ncon + c];
      if (weight > 0 && loads[c] + weight > limit[c]) return true;
    }
    return false;
  };
  const offset = (rng() * n) | 0;
  let scanned = 0;
  while (seen < target - 1e-12 && members < n - fewest[1]) {
    let v = -1;
    while (heap.size > 0 && v < 0) {
      const u = heap.pop();
      if (!tooHeavy(u)) v = u;
    }
    // Nothing left to grow into: start again elsewhere.
    while (v < 0 && scanned < n) {
      const u = (offset + scanned++) % n;
      if (side[u] === 1 && (fixed === null || fixed[u] < 0) && !tooHeavy(u)) v = u;
    }
    if (v < 0) break;
    // The last vertex may overshoot by more than its absence would fall short.
    let weight = 0;
    for (let c = 0; c < ncon; c++) weight += vwgt[v * ncon + c] * scale[c];
    if (members >= fewest[0] && seen + weight - target > target - seen) break;
    take(v);
  }
  heap.clear();
  return side;
}

/**
 * A first two-way partition for several constraints: the vertices in random order, each to the side that lacks most of
 * the constraint it weighs most in.
 */
export function dealSides(problem: TwoWayProblem, order: Int32Array): Int32Array {
  const { graph, wish, scale, fixed } = problem;
  const { n, ncon, vwgt } = graph;
  const side = new Int32Array(n);
  const loads = new Float64Array(2 * ncon);
  for (let i = 0; i < n; i++) {
    const v = order[i];
    let c = 0;
    for (let d = 1; d < ncon; d++) if (vwgt[v * ncon + d] * scale[d] > vwgt[v * ncon + c] * scale[c]) c = d;
    const lack0 = (wish[c] - loads[c]) * scale[c];
    const lack1 = (wish[ncon + c] - loads[ncon + c]) * scale[c];
    const s = fixed !== null && fixed[v] >= 0 ? fixed[v] : lack0 >= lack1 ? 0 : 1;
    side[v] = s;
    for (let d = 0; d < ncon; d++) loads[s * ncon + d] += vwgt[v * ncon + d];
  }
  return side;
}
