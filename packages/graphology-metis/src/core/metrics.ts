import type { FlatGraph } from './flat-graph.ts';

/**
 * Communication volume: for each vertex its size times the number of other parts that it has neighbours in.
 *
 * @param sizes size of each vertex; 1 each when null
 */
export function communicationVolume(
  graph: FlatGraph,
  parts: Int32Array,
  k: number,
  sizes: Float64Array | null,
): number {
  const { n, xadj, adjncy } = graph;
  const seen = new Int32Array(k).fill(-1);
  let volume = 0;
  for (let v = 0; v < n; v++) {
    seen[parts[v]] = v;
    for (let e = xadj[v]; e < xadj[v + 1]; e++) {
      const p = parts[adjncy[e]];
      if (seen[p] === v) continue;
      seen[p] = v;
      volume += sizes === null ? 1 : sizes[v];
    }
  }
  return volume;
}

/** Weight of part `p` in constraint `c`, at `p * ncon + c`. */
export function partWeights(graph: FlatGraph, parts: Int32Array, k: number): Float64Array {
  const { n, ncon, vwgt } = graph;
  const weights = new Float64Array(k * ncon);
  for (let v = 0; v < n; v++) for (let c = 0; c < ncon; c++) weights[parts[v] * ncon + c] += vwgt[v * ncon + c];
  return weights;
}

/**
 * Balance of each constraint: the largest part weight over what its part should weigh; 1 is perfect.
 *
 * @param weights part weights as `partWeights` gives them
 * @param share wished share of each part and constraint, in the same places
 */
export function balance(weights: Float64Array, share: Float64Array, ncon: number): number[] {
  const total = new Array<number>(ncon).fill(0);
  for (let i = 0; i < weights.length; i++) total[i % ncon] += weights[i];
  const worst = new Array<number>(ncon).fill(0);
  for (let i = 0; i < weights.length; i++) {
    const c = i % ncon;
    if (total[c] > 0) worst[c] = Math.max(worst[c], weights[i] / (share[i] * total[c]));
  }
  return worst.map((ratio, c) => (total[c] > 0 ? ratio : 1));
}

/** Number of other parts that each part has edges to. */
export function partDegrees(graph: FlatGraph, parts: Int32Array, k: number): number[] {
  const { n, xadj, adjncy } = graph;
  const pairs = new Set<number>();
  for (let v = 0; v < n; v++) {
    for (let e = xadj[v]; e < xadj[v + 1]; e++) {
      const q = parts[adjncy[e]];
      if (q !== parts[v]) pairs.add(parts[v] * k + q);
    }
  }
  const degrees = new Array<number>(k).fill(0);
  for (const pair of pairs) degrees[Math.floor(pair / k)]++;
  return degrees;
}
