import type { FlatGraph } from './flat-graph.ts';
import { type Rng, shuffle } from './random.ts';

/** What two vertices must satisfy to become one. */
export interface MergeRules {
  /** Heaviest coarse vertex allowed, for each of the vertex weights. */
  readonly heaviest: Float64Array;
  /** Only vertices of the same class merge; null when all may. */
  readonly classes: Int32Array | null;
  /** Part a vertex is tied to, -1 when free; vertices tied to different parts never merge. */
  readonly fixed: Int32Array | null;
}

/** A vertex's size in edge ratings: its share of the weights, 1 for the average vertex, never quite 0. */
export function ratingSizes(graph: FlatGraph): Float64Array {
  const { n, ncon, vwgt } = graph;
  const size = new Float64Array(n);
  for (let c = 0; c < ncon; c++) {
    let total = 0;
    for (let v = 0; v < n; v++) total += vwgt[v * ncon + c];
    if (total === 0) continue;
    const scale = n / (total * ncon);
    for (let v = 0; v < n; v++) size[v] += vwgt[v * ncon + c] * scale;
  }
  for (let v = 0; v < n; v++) if (size[v] < 0.01) size[v] = 0.01;
  return size;
}

/** Whether `u` and `v` may become one vertex. */
export function mayMerge(graph: FlatGraph, rules: MergeRules, u: number, v: number): boolean {
  const { ncon, vwgt } = graph;
  const { heaviest, classes, fixed } = rules;
  if (classes !== null && classes[u] !== classes[v]) return false;
  if (fixed !== null && fixed[u] !== fixed[v] && fixed[u] >= 0 && fixed[v] >= 0) return false;
  for (let c = 0; c < ncon; c++) if (vwgt[u * ncon + c] + vwgt[v * ncon + c] > heaviest[c]) return false;
  return true;
}

/**
 * Visiting order: random, then stably sorted by min(sqrt(degree + 1), 4 * average degree), so that vertices with few
 * choices choose first.
 *
 * @source METIS 5.2.1, libmetis/coarsen.c
 */
function visitingOrder(graph: FlatGraph, rng: Rng): Int32Array {
  const { n, xadj } = graph;
  const random = new Int32Array(n);
  for (let v = 0; v < n; v++) random[v] = v;
  shuffle(random, n, rng);
  const most = Math.max(1, Math.floor((4 * xadj[n]) / Math.max(1, n)));
  const bucket = new Uint16Array(n);
  const start = new Int32Array(Math.min(65536, most + 2) + 1);
  for (let v = 0; v < n; v++) {
    const b = Math.min(65535, most, Math.floor(Math.sqrt(1 + xadj[v + 1] - xadj[v])));
    bucket[v] = b;
    start[b + 1]++;
  }
  for (let b = 1; b < start.length; b++) start[b] += start[b - 1];
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const v = random[i];
    order[start[bucket[v]]++] = v;
  }
  return order;
}

/**
 * Pairs each vertex with the free neighbour whose edge is rated highest, by weight² / (size of both ends): heavy edges
 * first, and coarse vertices of even weight.
 *
 * @returns the partner of each vertex, itself when it has none
 * @source Manuel Holtgrewe, Peter Sanders, Christian Schulz, "Engineering a scalable high quality graph partitioner",
 * IPDPS 2010 (the rating `expansion*2`)
 */
export function matchByRating(graph: FlatGraph, rules: MergeRules, rng: Rng): Int32Array {
  const { n, ncon, xadj, adjncy, adjwgt, vwgt } = graph;
  const { heaviest, classes, fixed } = rules;
  const size = ratingSizes(graph);
  const order = visitingOrder(graph, rng);
  const partner = new Int32Array(n).fill(-1);
  const plain = fixed === null && ncon === 1;
  for (let i = 0; i < n; i++) {
    const u = order[i];
    if (partner[u] >= 0) continue;
    let best = -1;
    let bestRating = 0;
    const room = heaviest[0] - vwgt[u * ncon];
    const from = xadj[u];
    const degree = xadj[u + 1] - from;
    // Ties go to the first seen, so the scan starts anywhere.
    let at = degree > 1 ? (rng() * degree) | 0 : 0;
    for (let j = 0; j < degree; j++) {
      const e = from + at;
      if (++at === degree) at = 0;
      const v = adjncy[e];
      if (partner[v] >= 0) continue;
      const weight = adjwgt[e];
      const rating = (weight * weight) / size[v];
      if (rating <= bestRating) continue;
      if (plain) {
        if (vwgt[v] > room || (classes !== null && classes[u] !== classes[v])) continue;
      } else if (!mayMerge(graph, rules, u, v)) continue;
      best = v;
      bestRating = rating;
    }
    if (best >= 0) {
      partner[u] = best;
      partner[best] = u;
    }
  }
  for (let v = 0; v < n; v++) if (partner[v] < 0) partner[v] = v;
  return partner;
}

/** Numbers the pairs in the order of their first vertex, so that neighbours in memory stay so. */
export function coarseIds(partner: Int32Array): { readonly coarse: Int32Array; readonly count: number } {
  const n = partner.length;
  const coarse = new Int32Array(n);
  let count = 0;
  for (let v = 0; v < n; v++) {
    const u = partner[v];
    coarse[v] = u < v ? coarse[u] : count++;
  }
  return { coarse, count };
}
