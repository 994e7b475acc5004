import type { FlatGraph } from './flat-graph.ts';
import { isLinkedOut, type KwayState } from './kway-state.ts';

/**
 * The surroundings of the border between two parts, as a graph of its own. Its last two vertices stand for the rest of
 * either part, so that cuts and weights are those of the whole parts.
 */
export interface PairRegion {
  readonly a: number;
  readonly b: number;
  /** Vertices of the region; entry `i` is vertex `i` of `graph`. */
  readonly vertices: Int32Array;
  /** The region, then the rest of `a`, then the rest of `b`. */
  readonly graph: FlatGraph;
  /** 0 for vertices of `a`, 1 for those of `b`. */
  readonly side: Int32Array;
  /** Steps to the border, from 0. */
  readonly depth: Int32Array;
  /** Number of vertices of `a` and of `b` outside the region. */
  readonly outside: readonly [number, number];
}

/** Borders of all pairs of parts that touch. */
export interface Borders {
  /** `a * k + b` with a < b, ascending. */
  readonly pairs: readonly number[];
  /** Vertices of either part that touch the other, by pair. */
  readonly vertices: ReadonlyMap<number, readonly number[]>;
}

/** Lists the vertices at the border of each pair of parts. */
export function findBorders(state: KwayState): Borders {
  const { graph, limits, part, fixed, work } = state;
  const { k } = limits;
  const vertices = new Map<number, number[]>();
  for (let v = 0; v < graph.n; v++) {
    if (!isLinkedOut(state, v) || (fixed !== null && fixed[v] >= 0)) continue;
    const own = part[v];
    const from = graph.xadj[v];
    for (let i = from, end = from + work.links[v]; i < end; i++) {
      const q = work.linkPart[i];
      if (q === own) continue;
      const pair = own < q ? own * k + q : q * k + own;
      const list = vertices.get(pair);
      if (list === undefined) vertices.set(pair, [v]);
      else list.push(v);
    }
  }
  return { pairs: [...vertices.keys()].sort((x, y) => x - y), vertices };
}

/**
 * Gathers a region breadth first from the border.
 *
 * @param border vertices at the border; those that have left it since are passed over
 * @param reach most weight (in the first constraint) taken from `a` and from `b`
 * @param most most vertices taken from either
 * @returns null when the parts no longer touch
 */
export function gatherRegion(
  state: KwayState,
  a: number,
  b: number,
  border: readonly number[],
  reach: readonly [number, number],
  most: number,
): PairRegion | null {
  const { graph, part, fixed, members, work } = state;
  const { ncon, xadj, adjncy, adjwgt, vwgt } = graph;
  const { place } = work;
  const found: number[] = [];
  const depths: number[] = [];
  const weight = [0, 0];
  const taken = [0, 0];
  const take = (v: number, depth: number): void => {
    if (place[v] >= 0 || (fixed !== null && fixed[v] >= 0)) return;
    const p = part[v];
    if (p !== a && p !== b) return;
    const s = p === a ? 0 : 1;
    if (taken[s] >= most || weight[s] + vwgt[v * ncon] > reach[s]) return;
    weight[s] += vwgt[v * ncon];
    taken[s]++;
    place[v] = found.length;
    found.push(v);
    depths.push(depth);
  };
  for (const v of border) take(v, 0);
  let room = 0;
  for (let i = 0; i < found.length; i++) {
    const v = found[i];
    const own = part[v];
    room += xadj[v + 1] - xadj[v] + 2;
    for (let e = xadj[v]; e < xadj[v + 1]; e++) if (part[adjncy[e]] === own) take(adjncy[e], depths[i] + 1);
  }
  const n = found.length;
  const rows = new Int32Array(n + 3);
  const heads = new Int32Array(room + 2 * n);
  const weights = new Float64Array(room + 2 * n);
  const restWeight = [new Float64Array(n), new Float64Array(n)];
  const loads = new Float64Array((n + 2) * ncon);
  const side = new Int32Array(n + 2);
  let at = 0;
  for (let i = 0; i < n; i++) {
    const v = found[i];
    side[i] = part[v] === a ? 0 : 1;
    for (let c = 0; c < ncon; c++) loads[i * ncon + c] = vwgt[v * ncon + c];
    for (let e = xadj[v]; e < xadj[v + 1]; e++) {
      const u = adjncy[e];
      if (place[u] >= 0) {
        heads[at] = place[u];
        weights[at++] = adjwgt[e];
      } else if (part[u] === a) restWeight[0][i] += adjwgt[e];
      else if (part[u] === b) restWeight[1][i] += adjwgt[e];
    }
    for (let s = 0; s < 2; s++) {
      if (restWeight[s][i] === 0) continue;
      heads[at] = n + s;
      weights[at++] = restWeight[s][i];
    }
    rows[i + 1] = at;
  }
  for (let s = 0; s < 2; s++) {
    for (let i = 0; i < n; i++) {
      if (restWeight[s][i] === 0) continue;
      heads[at] = i;
      weights[at++] = restWeight[s][i];
    }
    rows[n + s + 1] = at;
    side[n + s] = s;
    const p = s === 0 ? a : b;
    for (let c = 0; c < ncon; c++) {
      let rest = state.loads[p * ncon + c];
      for (let i = 0; i < n; i++) if (side[i] === s) rest -= loads[i * ncon + c];
      loads[(n + s) * ncon + c] = Math.max(0, rest);
    }
  }
  for (const v of found) place[v] = -1;
  if (taken[0] + taken[1] === 0) return null;
  return {
    a,
    b,
    vertices: new Int32Array(found),
    graph: {
      n: n + 2,
      ncon,
      xadj: rows,
      adjncy: heads.subarray(0, at),
      adjwgt: weights.subarray(0, at),
      vwgt: loads,
    },
    side,
    depth: new Int32Array(depths),
    outside: [members[a] - taken[0], members[b] - taken[1]],
  };
}
