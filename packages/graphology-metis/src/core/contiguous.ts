import type { FlatGraph } from './flat-graph.ts';
import { type KwayState, link, move } from './kway-state.ts';

/** The connected pieces of a partition. */
export interface Pieces {
  /** Piece of each vertex. */
  readonly piece: Int32Array;
  /** Part of each piece. */
  readonly part: Int32Array;
  readonly count: number;
}

/** Finds the connected pieces of the parts. */
export function findPieces(graph: FlatGraph, part: ArrayLike<number>): Pieces {
  const { n, xadj, adjncy } = graph;
  const piece = new Int32Array(n).fill(-1);
  const stack = new Int32Array(n);
  const parts: number[] = [];
  for (let root = 0; root < n; root++) {
    if (piece[root] >= 0) continue;
    const id = parts.length;
    parts.push(part[root]);
    piece[root] = id;
    stack[0] = root;
    for (let top = 1; top > 0; ) {
      const v = stack[--top];
      for (let e = xadj[v]; e < xadj[v + 1]; e++) {
        const u = adjncy[e];
        if (piece[u] >= 0 || part[u] !== part[v]) continue;
        piece[u] = id;
        stack[top++] = u;
      }
    }
  }
  return { piece, part: new Int32Array(parts), count: parts.length };
}

/** Number of connected pieces of each of the `k` parts. */
export function piecesPerPart(graph: FlatGraph, part: ArrayLike<number>, k: number): number[] {
  const counts = new Array<number>(k).fill(0);
  for (const p of findPieces(graph, part).part) counts[p]++;
  return counts;
}

/** Vertices that a look around may visit before it gives up. */
const HORIZON = 400;

/**
 * Whether taking `v` away might leave its part in pieces. Looks for a way between its neighbours nearby and says yes
 * when it finds none.
 */
export function mightSplit(state: KwayState, v: number): boolean {
  const { part } = state;
  const { xadj, adjncy } = state.graph;
  const own = part[v];
  const wanted = new Set<number>();
  for (let e = xadj[v]; e < xadj[v + 1]; e++) if (part[adjncy[e]] === own) wanted.add(adjncy[e]);
  if (wanted.size === 0) return false;
  const [root] = wanted;
  wanted.delete(root);
  const seen = new Set<number>([v, root]);
  for (const u of seen) {
    if (wanted.size === 0) return false;
    if (u === v) continue;
    for (let e = xadj[u]; e < xadj[u + 1]; e++) {
      const w = adjncy[e];
      if (part[w] !== own || seen.has(w)) continue;
      seen.add(w);
      wanted.delete(w);
    }
    if (seen.size > HORIZON) break;
  }
  return wanted.size > 0;
}

interface PieceFacts {
  readonly vertices: Int32Array[];
  readonly weight: Float64Array;
  /** Whether the piece holds a vertex that may not leave. */
  readonly tied: Uint8Array;
}

function describe(state: KwayState, pieces: Pieces): PieceFacts {
  const { graph, limits, fixed } = state;
  const { ncon, vwgt } = graph;
  const weight = new Float64Array(pieces.count);
  const size = new Int32Array(pieces.count);
  const tied = new Uint8Array(pieces.count);
  for (let v = 0; v < graph.n; v++) {
    const id = pieces.piece[v];
    size[id]++;
    for (let c = 0; c < ncon; c++) weight[id] += vwgt[v * ncon + c] * limits.scale[c];
    // A piece of weightless vertices still counts for something.
    weight[id] += 1e-9;
    if (fixed !== null && fixed[v] >= 0) tied[id] = 1;
  }
  const vertices = Array.from(size, (count) => new Int32Array(count));
  for (let v = graph.n - 1; v >= 0; v--) vertices[pieces.piece[v]][--size[pieces.piece[v]]] = v;
  return { vertices, weight, tied };
}

/** The neighbouring part for a piece: among those with at least half of the strongest connection, the emptiest. */
function newHome(state: KwayState, vertices: Int32Array, allowed: (neighbour: number) => boolean): number {
  const { graph, part, loads, limits } = state;
  const { xadj, adjncy, adjwgt } = graph;
  const own = part[vertices[0]];
  const strength = new Map<number, number>();
  for (const v of vertices) {
    for (let e = xadj[v]; e < xadj[v + 1]; e++) {
      const u = adjncy[e];
      if (part[u] !== own && allowed(u)) strength.set(part[u], (strength.get(part[u]) ?? 0) + adjwgt[e]);
    }
  }
  const most = Math.max(...strength.values());
  let home = -1;
  let least = Infinity;
  for (const [p, weight] of strength) {
    if (weight < most / 2) continue;
    let full = 0;
    for (let i = p * limits.ncon; i < (p + 1) * limits.ncon; i++) full = Math.max(full, loads[i] / limits.limit[i]);
    if (full < least) {
      least = full;
      home = p;
    }
  }
  return home;
}

/**
 * Leaves every part in one piece where the graph allows it: the heaviest piece stays (one that holds a fixed vertex
 * first), the others go to parts next to them.
 *
 * @returns pieces more than parts that remain, because they touch no other part or hold fixed vertices
 */
export function makeContiguous(state: KwayState): number {
  const { graph, limits, part, work } = state;
  for (;;) {
    const pieces = findPieces(graph, part);
    const { vertices, weight, tied } = describe(state, pieces);
    const keeper = new Int32Array(limits.k).fill(-1);
    for (let id = 0; id < pieces.count; id++) {
      const p = pieces.part[id];
      const best = keeper[p];
      if (best < 0 || tied[id] > tied[best] || (tied[id] === tied[best] && weight[id] > weight[best])) keeper[p] = id;
    }
    const strays: number[] = [];
    for (let id = 0; id < pieces.count; id++) if (keeper[pieces.part[id]] !== id) strays.push(id);
    if (strays.length === 0) return 0;
    // 1: moved this round; 2: somebody moved to it, so it must stay.
    const status = new Uint8Array(pieces.count);
    let moves = 0;
    for (const id of strays) {
      if (tied[id] === 1 || status[id] === 2) continue;
      const home = newHome(state, vertices[id], (u) => status[pieces.piece[u]] !== 1);
      if (home < 0) continue;
      for (const v of vertices[id]) {
        for (let e = graph.xadj[v]; e < graph.xadj[v + 1]; e++) {
          const u = graph.adjncy[e];
          if (part[u] === home && pieces.piece[u] !== id && status[pieces.piece[u]] === 0) status[pieces.piece[u]] = 2;
        }
        if (work.links[v] < 0) link(state, v);
        move(state, v, home);
      }
      status[id] = 1;
      moves++;
    }
    if (moves === 0) return strays.length;
  }
}
