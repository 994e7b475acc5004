import type { FlatGraph } from './flat-graph.ts';

/**
 * The graph in which the vertices with the same coarse id are one: weights summed, parallel edges summed, edges inside
 * a coarse vertex dropped. Linear in the edges.
 *
 * @param coarse coarse id of each vertex, 0 … count - 1, each used
 */
export function contract(graph: FlatGraph, coarse: Int32Array, count: number): FlatGraph {
  const { n, ncon, xadj, adjncy, adjwgt, vwgt } = graph;
  const first = new Int32Array(count).fill(-1);
  const next = new Int32Array(n);
  for (let v = n - 1; v >= 0; v--) {
    const c = coarse[v];
    next[v] = first[c];
    first[c] = v;
  }
  const rows = new Int32Array(count + 1);
  const heads = new Int32Array(xadj[n]);
  const weights = new Float64Array(xadj[n]);
  const loads = new Float64Array(count * ncon);
  // Where a coarse neighbour sits in the row being built; anything before the row's start is left over from earlier ones.
  const slot = new Int32Array(count).fill(-1);
  let end = 0;
  for (let c = 0; c < count; c++) {
    const start = end;
    for (let v = first[c]; v >= 0; v = next[v]) {
      for (let w = 0; w < ncon; w++) loads[c * ncon + w] += vwgt[v * ncon + w];
      for (let e = xadj[v], stop = xadj[v + 1]; e < stop; e++) {
        const d = coarse[adjncy[e]];
        if (d === c) continue;
        const s = slot[d];
        if (s >= start) {
          weights[s] += adjwgt[e];
        } else {
          slot[d] = end;
          heads[end] = d;
          weights[end++] = adjwgt[e];
        }
      }
    }
    rows[c + 1] = end;
  }
  return { n: count, ncon, xadj: rows, adjncy: heads.slice(0, end), adjwgt: weights.slice(0, end), vwgt: loads };
}
