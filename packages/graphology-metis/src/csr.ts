import { contract } from './core/contract.ts';
import type { FlatGraph } from './core/flat-graph.ts';
import { fault } from './errors.ts';

/**
 * A graph in compressed rows, as METIS takes it. Row `v` is `adjncy[xadj[v]] … adjncy[xadj[v + 1] - 1]`; every edge
 * stands in the rows of both its ends, with the same weight.
 */
export interface CsrGraph {
  /** Start of each row, and the end of the last: n + 1 numbers. */
  readonly xadj: ArrayLike<number>;
  /** Neighbours, numbered from 0. */
  readonly adjncy: ArrayLike<number>;
  /** Edge weights, in the places of `adjncy`; 1 each when left out. */
  readonly adjwgt?: ArrayLike<number> | null | undefined;
  /** Node weights: weight `c` of node `v` at `v * ncon + c`; 1 each when left out. */
  readonly vwgt?: ArrayLike<number> | null | undefined;
  /** Number of weights a node has, 1 when left out. */
  readonly ncon?: number | undefined;
  /** What a node costs when it is sent to another part; 1 each when left out. */
  readonly vsize?: ArrayLike<number> | null | undefined;
}

function weightsFrom(name: string, values: ArrayLike<number> | null | undefined, length: number): Float64Array {
  if (values === null || values === undefined) return new Float64Array(length).fill(1);
  if (values.length !== length) throw fault(`\`${name}\` should have ${length} entries, not ${values.length}.`);
  const result = new Float64Array(values);
  for (let i = 0; i < length; i++) {
    if (!(result[i] >= 0) || result[i] === Infinity) {
      throw fault(`\`${name}\` should contain non-negative finite numbers only, but has ${result[i]} at ${i}.`);
    }
  }
  return result;
}

function rowsFrom(csr: CsrGraph): { readonly xadj: Int32Array; readonly adjncy: Int32Array } {
  const xadj = new Int32Array(csr.xadj);
  const adjncy = new Int32Array(csr.adjncy);
  const n = xadj.length - 1;
  if (n < 0 || xadj[0] !== 0) throw fault('`xadj` should start with 0.');
  for (let v = 0; v < n; v++)
    if (xadj[v + 1] < xadj[v]) throw fault(`\`xadj\` should not fall, but does after node ${v}.`);
  if (xadj[n] !== adjncy.length) {
    throw fault(`\`xadj\` should end with the length of \`adjncy\`, ${adjncy.length}, not with ${xadj[n]}.`);
  }
  for (let e = 0; e < adjncy.length; e++) {
    if (adjncy[e] < 0 || adjncy[e] >= n) throw fault(`\`adjncy\` names node ${adjncy[e]}, but there are ${n} nodes.`);
  }
  return { xadj, adjncy };
}

/** Whether some row holds its own node or one node twice. */
function hasLoopsOrParallels(n: number, xadj: Int32Array, adjncy: Int32Array): boolean {
  const seen = new Int32Array(n).fill(-1);
  for (let v = 0; v < n; v++) {
    seen[v] = v;
    for (let e = xadj[v]; e < xadj[v + 1]; e++) {
      if (seen[adjncy[e]] === v) return true;
      seen[adjncy[e]] = v;
    }
  }
  return false;
}

/**
 * Whether every entry has its counterpart of the same weight: entries upwards and downwards are hashed alike, and the
 * sums of 64 bits compared, which needs no memory and, unlike a search, no jumps. (That unequal rows agree by chance
 * need not be feared.)
 */
function looksSymmetric(graph: FlatGraph): boolean {
  const { n, xadj, adjncy, adjwgt } = graph;
  const bits = new Int32Array(adjwgt.buffer, adjwgt.byteOffset, 2 * adjwgt.length);
  let first = 0;
  let second = 0;
  for (let v = 0; v < n; v++) {
    for (let e = xadj[v], end = xadj[v + 1]; e < end; e++) {
      const u = adjncy[e];
      const low = u < v ? u : v;
      const high = u < v ? v : u;
      let x =
        Math.imul(low + 1, 0x9e3779b1) ^
        Math.imul(high + 1, 0x85ebca6b) ^
        Math.imul(bits[2 * e + 1], 0xc2b2ae35) ^
        bits[2 * e];
      let y =
        Math.imul(low + 7, 0x27d4eb2f) +
        Math.imul(high + 3, 0x165667b1) +
        Math.imul(bits[2 * e + 1], 0x1b873593) +
        bits[2 * e];
      x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
      x ^= x >>> 13;
      y = Math.imul(y ^ (y >>> 16), 0x297a2d39);
      y ^= y >>> 14;
      if (u < v) {
        first = (first - x) | 0;
        second = (second - y) | 0;
      } else {
        first = (first + x) | 0;
        second = (second + y) | 0;
      }
    }
  }
  return first === 0 && second === 0;
}

/** Finds a directed entry without its counterpart of the same weight. */
function findOneSided(graph: FlatGraph): readonly [number, number] | null {
  const { n, xadj, adjncy, adjwgt } = graph;
  const next = xadj.slice(0, n);
  // Walking the rows in order meets the reversed entries of each row in order too, once rows are sorted by transposing.
  const sources = new Int32Array(adjncy.length);
  const weights = new Float64Array(adjncy.length);
  for (let v = 0; v < n; v++) {
    for (let e = xadj[v]; e < xadj[v + 1]; e++) {
      const u = adjncy[e];
      const at = next[u]++;
      if (at >= xadj[u + 1]) return [v, u];
      sources[at] = v;
      weights[at] = adjwgt[e];
    }
  }
  const place = new Int32Array(n).fill(-1);
  for (let v = 0; v < n; v++) {
    for (let e = xadj[v]; e < xadj[v + 1]; e++) place[adjncy[e]] = e;
    for (let e = xadj[v]; e < next[v]; e++) {
      const back = place[sources[e]];
      if (back < xadj[v] || adjwgt[back] !== weights[e]) return [sources[e], v];
    }
    if (next[v] < xadj[v + 1]) return [v, adjncy[next[v]]];
  }
  return null;
}

/**
 * Checks a graph and takes it over: loops dropped, parallel edges summed.
 *
 * @throws Error when arrays do not fit together, a weight is negative or not finite, or an edge lacks its other direction
 */
export function flatGraphFrom(csr: CsrGraph): { readonly graph: FlatGraph; readonly sizes: Float64Array | null } {
  const { xadj, adjncy } = rowsFrom(csr);
  const n = xadj.length - 1;
  const ncon = csr.ncon ?? 1;
  if (!Number.isInteger(ncon) || ncon < 1) throw fault('`ncon` should be a positive integer.');
  const adjwgt = weightsFrom('adjwgt', csr.adjwgt, adjncy.length);
  const vwgt = weightsFrom('vwgt', csr.vwgt, n * ncon);
  const sizes = csr.vsize ? weightsFrom('vsize', csr.vsize, n) : null;
  const given: FlatGraph = { n, ncon, xadj, adjncy, adjwgt, vwgt };
  const graph = hasLoopsOrParallels(n, xadj, adjncy)
    ? contract(
        given,
        Int32Array.from({ length: n }, (_, v) => v),
        n,
      )
    : given;
  const oneSided = looksSymmetric(graph) ? null : findOneSided(graph);
  if (oneSided !== null) {
    const [v, u] = oneSided;
    throw fault(`the edge between nodes ${v} and ${u} should stand in the rows of both, with the same weight.`);
  }
  return { graph, sizes };
}
