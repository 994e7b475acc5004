import type { FlatGraph } from './flat-graph.ts';
import { type Limits, totalExcess } from './limits.ts';

/** Largest graph that is searched exhaustively. */
export const EXACT_VERTICES = 24;

/** Places in the search tree visited before giving up. */
const BUDGET = 80_000;

/** How complete partitions are judged. */
export interface ExactGoal {
  /** Whether the cost is the cut, which lets the search leave out most partitions. */
  readonly isCut: boolean;
  /** Cost of a complete partition; Infinity refuses it. */
  readonly cost: (part: Int32Array, cut: number) => number;
}

/** Vertices in an order in which each has strong ties to those before it. */
function searchOrder(graph: FlatGraph): Int32Array {
  const { n, xadj, adjncy, adjwgt } = graph;
  const order = new Int32Array(n);
  const tie = new Float64Array(n);
  const taken = new Uint8Array(n);
  for (let v = 0; v < n; v++) for (let e = xadj[v]; e < xadj[v + 1]; e++) tie[v] += adjwgt[e] * 1e-6;
  for (let i = 0; i < n; i++) {
    let best = -1;
    for (let v = 0; v < n; v++) if (taken[v] === 0 && (best < 0 || tie[v] > tie[best])) best = v;
    taken[best] = 1;
    order[i] = best;
    for (let e = xadj[best]; e < xadj[best + 1]; e++) tie[adjncy[e]] += adjwgt[e];
  }
  return order;
}

/** For each part the first part with the same limits and wishes: unused ones of a kind need not all be tried. */
function kinds(limits: Limits): Int32Array {
  const { k, ncon, limit, share } = limits;
  const same = (p: number, q: number): boolean => {
    for (let c = 0; c < ncon; c++) {
      if (limit[p * ncon + c] !== limit[q * ncon + c] || share[p * ncon + c] !== share[q * ncon + c]) return false;
    }
    return true;
  };
  return Int32Array.from({ length: k }, (_, p) => {
    let q = 0;
    while (!same(p, q)) q++;
    return q;
  });
}

/**
 * Branch and bound over all partitions of a tiny graph: least excess over the limits, then least cost. The bound adds
 * to the cut so far, for each vertex to come, what it must cut whichever part it joins.
 *
 * @param start the partition to beat; its cost and excess bound the search
 * @returns the best partition, or null when `start` is not beaten
 */
export function searchExactly(
  graph: FlatGraph,
  limits: Limits,
  fixed: Int32Array | null,
  start: { readonly excess: number; readonly cost: number },
  goal: ExactGoal,
): Int32Array | null {
  const { n, ncon, xadj, adjncy, adjwgt, vwgt } = graph;
  const { k } = limits;
  if (n > EXACT_VERTICES || n < k) return null;
  const order = searchOrder(graph);
  const kind = kinds(limits);
  const part = new Int32Array(n).fill(-1);
  const loads = new Float64Array(k * ncon);
  const members = new Int32Array(k);
  const reserved = new Uint8Array(k);
  if (fixed !== null) for (let v = 0; v < n; v++) if (fixed[v] >= 0) reserved[fixed[v]] = 1;
  // Weight from each vertex to come into each part so far, and the sum and maximum of its row.
  const ties = new Float64Array(n * k);
  const sum = new Float64Array(n);
  const most = new Float64Array(n);
  // The maxima before each step, to be restored on the way back.
  const saved = new Float64Array(xadj[n]);
  let bestExcess = start.excess;
  let bestCost = start.cost;
  let best: Int32Array | null = null;
  let visited = 0;
  let empty = k;
  const total = adjwgt.reduce((all, weight) => all + weight, 0) / 2;
  const slack = 1e-9 * total;

  const visit = (depth: number, cut: number, ahead: number): void => {
    if (visited++ > BUDGET) return;
    const excess = totalExcess(limits, loads);
    if (excess > bestExcess + 1e-12) return;
    const tied = excess >= bestExcess - 1e-12;
    if (goal.isCut && tied && cut + ahead >= bestCost - slack) return;
    if (n - depth < empty) return;
    if (depth === n) {
      const cost = goal.cost(part, cut);
      if (cost === Infinity || (tied && cost >= bestCost - slack)) return;
      bestExcess = excess;
      bestCost = cost;
      best = part.slice();
      return;
    }
    const v = order[depth];
    const bound = ahead - (sum[v] - most[v]);
    const tried = new Uint8Array(k);
    for (let step = 0; step < k; step++) {
      // Parts in the order of the ties, strongest first: good partitions early prune most.
      let p = -1;
      for (let q = 0; q < k; q++) if (tried[q] === 0 && (p < 0 || ties[v * k + q] > ties[v * k + p])) p = q;
      tried[p] = 1;
      if (fixed !== null && fixed[v] >= 0 && fixed[v] !== p) continue;
      if (members[p] === 0 && reserved[p] === 0 && hasEarlierTwin(p)) continue;
      part[v] = p;
      if (members[p]++ === 0) empty--;
      for (let c = 0; c < ncon; c++) loads[p * ncon + c] += vwgt[v * ncon + c];
      let below = bound;
      for (let e = xadj[v]; e < xadj[v + 1]; e++) {
        const u = adjncy[e];
        if (part[u] >= 0) continue;
        below -= sum[u] - most[u];
        saved[e] = most[u];
        sum[u] += adjwgt[e];
        ties[u * k + p] += adjwgt[e];
        if (ties[u * k + p] > most[u]) most[u] = ties[u * k + p];
        below += sum[u] - most[u];
      }
      visit(depth + 1, cut + sum[v] - ties[v * k + p], below);
      for (let e = xadj[v]; e < xadj[v + 1]; e++) {
        const u = adjncy[e];
        if (part[u] >= 0) continue;
        sum[u] -= adjwgt[e];
        ties[u * k + p] -= adjwgt[e];
        most[u] = saved[e];
      }
      for (let c = 0; c < ncon; c++) loads[p * ncon + c] -= vwgt[v * ncon + c];
      if (--members[p] === 0) empty++;
      part[v] = -1;
      if (visited > BUDGET) return;
    }
  };

  const hasEarlierTwin = (p: number): boolean => {
    for (let q = kind[p]; q < p; q++) if (kind[q] === kind[p] && members[q] === 0 && reserved[q] === 0) return true;
    return false;
  };

  visit(0, 0, 0);
  return best;
}
