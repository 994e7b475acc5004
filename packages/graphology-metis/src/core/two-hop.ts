import type { FlatGraph } from './flat-graph.ts';
import { type MergeRules, mayMerge } from './matching.ts';

/** Pairs free vertices of degree at most `most` that share a neighbour. */
function pairRelatives(graph: FlatGraph, rules: MergeRules, partner: Int32Array, most: number): void {
  const { n, xadj, adjncy } = graph;
  for (let hub = 0; hub < n; hub++) {
    let waiting = -1;
    for (let e = xadj[hub]; e < xadj[hub + 1]; e++) {
      const v = adjncy[e];
      if (partner[v] !== v || xadj[v + 1] - xadj[v] > most) continue;
      if (waiting >= 0 && mayMerge(graph, rules, waiting, v)) {
        partner[waiting] = v;
        partner[v] = waiting;
        waiting = -1;
      } else {
        waiting = v;
      }
    }
  }
}

function sameNeighbours(graph: FlatGraph, u: number, v: number, mark: Int32Array): boolean {
  const { xadj, adjncy } = graph;
  if (xadj[u + 1] - xadj[u] !== xadj[v + 1] - xadj[v]) return false;
  for (let e = xadj[u]; e < xadj[u + 1]; e++) mark[adjncy[e]] = u + 1;
  for (let e = xadj[v]; e < xadj[v + 1]; e++) if (mark[adjncy[e]] !== u + 1) return false;
  return true;
}

/** Pairs free vertices of degree below 64 whose neighbours are the same. */
function pairTwins(graph: FlatGraph, rules: MergeRules, partner: Int32Array): void {
  const { n, xadj, adjncy } = graph;
  const waiting = new Map<number, number>();
  const mark = new Int32Array(n);
  for (let v = 0; v < n; v++) {
    const degree = xadj[v + 1] - xadj[v];
    if (partner[v] !== v || degree < 2 || degree >= 64) continue;
    let hash = degree;
    for (let e = xadj[v]; e < xadj[v + 1]; e++) hash = (hash + Math.imul(adjncy[e] + 1, 0x9e3779b1)) | 0;
    const u = waiting.get(hash);
    if (u !== undefined && mayMerge(graph, rules, u, v) && sameNeighbours(graph, u, v, mark)) {
      partner[u] = v;
      partner[v] = u;
      waiting.delete(hash);
    } else {
      waiting.set(hash, v);
    }
  }
}

/** Pairs free vertices without any edge. */
function pairIsolated(graph: FlatGraph, rules: MergeRules, partner: Int32Array): void {
  const { n, xadj } = graph;
  let waiting = -1;
  for (let v = 0; v < n; v++) {
    if (partner[v] !== v || xadj[v + 1] !== xadj[v]) continue;
    if (waiting >= 0 && mayMerge(graph, rules, waiting, v)) {
      partner[waiting] = v;
      partner[v] = waiting;
      waiting = -1;
    } else {
      waiting = v;
    }
  }
}

function countFree(partner: Int32Array): number {
  let free = 0;
  for (let v = 0; v < partner.length; v++) if (partner[v] === v) free++;
  return free;
}

/**
 * Rescues matchings that left many vertices alone (stars, power laws): leaves of one vertex, then twins, then any two
 * with a common neighbour.
 *
 * @param partner a matching, itself where free; extended in place
 * @source Dominique LaSalle et al., "Improving graph partitioning for modern graphs and architectures", IA3 2015
 */
export function matchTwoHop(graph: FlatGraph, rules: MergeRules, partner: Int32Array): void {
  const { n } = graph;
  pairIsolated(graph, rules, partner);
  if (countFree(partner) <= 0.1 * n) return;
  pairRelatives(graph, rules, partner, 1);
  pairTwins(graph, rules, partner);
  if (countFree(partner) > 0.15 * n) pairRelatives(graph, rules, partner, 2);
  if (countFree(partner) > 0.2 * n) pairRelatives(graph, rules, partner, n);
}
