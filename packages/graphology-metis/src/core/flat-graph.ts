/**
 * A graph as the algorithm sees it: compressed rows, every edge stored from both ends, no loops, no parallels.
 * Row `v` is `adjncy[xadj[v]] … adjncy[xadj[v + 1] - 1]`, with weights at the same places of `adjwgt`.
 */
export interface FlatGraph {
  readonly n: number;
  /** Number of weights a vertex has; each is balanced on its own. */
  readonly ncon: number;
  readonly xadj: Int32Array;
  readonly adjncy: Int32Array;
  readonly adjwgt: Float64Array;
  /** Weight `c` of vertex `v` at `v * ncon + c`. */
  readonly vwgt: Float64Array;
}

/** Sum of each of the `ncon` vertex weights. */
export function totalWeights(graph: FlatGraph): Float64Array {
  const { n, ncon, vwgt } = graph;
  const total = new Float64Array(ncon);
  for (let c = 0; c < ncon; c++) {
    let sum = 0;
    for (let i = c, end = n * ncon; i < end; i += ncon) sum += vwgt[i];
    total[c] = sum;
  }
  return total;
}

/** Weight of the edges whose ends lie in different parts. */
export function edgeCut(graph: FlatGraph, parts: Int32Array): number {
  const { n, xadj, adjncy, adjwgt } = graph;
  let twice = 0;
  for (let v = 0; v < n; v++) {
    const part = parts[v];
    for (let e = xadj[v]; e < xadj[v + 1]; e++) if (parts[adjncy[e]] !== part) twice += adjwgt[e];
  }
  return twice / 2;
}

/** Vertices and the graph they induce. */
export interface Subgraph {
  readonly graph: FlatGraph;
  /** Original id of each vertex. */
  readonly vertices: Int32Array;
}

/** The graph that the vertices with `label[v] === wanted` induce. */
export function induced(graph: FlatGraph, label: ArrayLike<number>, wanted: number): Subgraph {
  const { n, ncon, xadj, adjncy, adjwgt, vwgt } = graph;
  const local = new Int32Array(n).fill(-1);
  let count = 0;
  let room = 0;
  for (let v = 0; v < n; v++) {
    if (label[v] !== wanted) continue;
    local[v] = count++;
    room += xadj[v + 1] - xadj[v];
  }
  const vertices = new Int32Array(count);
  const rows = new Int32Array(count + 1);
  const heads = new Int32Array(room);
  const weights = new Float64Array(room);
  const loads = new Float64Array(count * ncon);
  let at = 0;
  let i = 0;
  for (let v = 0; v < n; v++) {
    if (local[v] < 0) continue;
    vertices[i] = v;
    for (let c = 0; c < ncon; c++) loads[i * ncon + c] = vwgt[v * ncon + c];
    for (let e = xadj[v]; e < xadj[v + 1]; e++) {
      const u = local[adjncy[e]];
      if (u < 0) continue;
      heads[at] = u;
      weights[at++] = adjwgt[e];
    }
    rows[++i] = at;
  }
  return {
    graph: {
      n: count,
      ncon,
      xadj: rows,
      adjncy: heads.subarray(0, at),
      adjwgt: weights.subarray(0, at),
      vwgt: loads,
    },
    vertices,
  };
}
