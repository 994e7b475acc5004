import type { FlatGraph } from './flat-graph.ts';
import { MaxHeap } from './heap.ts';
import type { Limits } from './limits.ts';

/** Arrays that every level of a hierarchy uses in turn; made once, for the largest graph. */
export interface Workspace {
  readonly heap: MaxHeap;
  /** Vertices a search has locked, by the number of the round. */
  readonly lock: Int32Array;
  readonly round: { value: number };
  /** Vertices in the order they were moved, and the parts they left. */
  readonly moved: Int32Array;
  readonly left: Int32Array;
  readonly queue: Int32Array;
  /** Place of a vertex in the region at hand, -1 outside. */
  readonly place: Int32Array;
  /** Edges that moves have touched so far: a clock that ticks alike everywhere. */
  readonly clock: { ticks: number };
  /** See `KwayState`. */
  readonly linkPart: Int32Array;
  readonly linkWeight: Float64Array;
  readonly linkEdges: Int32Array;
  readonly links: Int32Array;
}

export function createWorkspace(n: number, entries: number): Workspace {
  return {
    heap: new MaxHeap(n),
    lock: new Int32Array(n),
    round: { value: 0 },
    moved: new Int32Array(n),
    left: new Int32Array(n),
    queue: new Int32Array(n),
    place: new Int32Array(n).fill(-1),
    clock: { ticks: 0 },
    linkPart: new Int32Array(entries),
    linkWeight: new Float64Array(entries),
    linkEdges: new Int32Array(entries),
    links: new Int32Array(n),
  };
}

/**
 * A k-way partition that can move vertices. Every vertex near the cut has links: one for each part it has neighbours
 * in, with the weight and number of edges that lead there. Those of vertex `v` sit from `xadj[v]` on, `links[v]` of
 * them; -1 says that nobody has looked yet, which is so for most vertices inside parts.
 */
export interface KwayState {
  readonly graph: FlatGraph;
  readonly limits: Limits;
  readonly fixed: Int32Array | null;
  readonly part: Int32Array;
  /** Weight of part `p` in constraint `c` at `p * ncon + c`. */
  readonly loads: Float64Array;
  /** Number of vertices of each part. */
  readonly members: Int32Array;
  readonly work: Workspace;
  /** Whether parts must stay in one piece. */
  readonly contiguous: boolean;
  cut: number;
}

/** Looks at the neighbours of a vertex and writes down its links. */
export function link(state: KwayState, v: number): void {
  const { part } = state;
  const { xadj, adjncy, adjwgt } = state.graph;
  const { linkPart, linkWeight, linkEdges, links } = state.work;
  const from = xadj[v];
  let end = from;
  for (let e = from, stop = xadj[v + 1]; e < stop; e++) {
    const p = part[adjncy[e]];
    let i = from;
    while (i < end && linkPart[i] !== p) i++;
    if (i < end) {
      linkWeight[i] += adjwgt[e];
      linkEdges[i]++;
    } else {
      linkPart[end] = p;
      linkWeight[end] = adjwgt[e];
      linkEdges[end++] = 1;
    }
  }
  links[v] = end - from;
}

/** Whether a vertex has a neighbour in another part, as far as its links say. */
export function isLinkedOut(state: KwayState, v: number): boolean {
  const count = state.work.links[v];
  return count > 1 || (count === 1 && state.work.linkPart[state.graph.xadj[v]] !== state.part[v]);
}

/**
 * Starts from a partition.
 *
 * @param near which vertices may touch the cut; null when any may
 */
export function createState(
  graph: FlatGraph,
  limits: Limits,
  fixed: Int32Array | null,
  part: Int32Array,
  work: Workspace,
  near: Uint8Array | null,
  contiguous: boolean,
): KwayState {
  const { n, ncon, xadj, vwgt } = graph;
  const { k } = limits;
  const loads = new Float64Array(k * ncon);
  const members = new Int32Array(k);
  for (let v = 0; v < n; v++) {
    const p = part[v];
    members[p]++;
    for (let c = 0; c < ncon; c++) loads[p * ncon + c] += vwgt[v * ncon + c];
  }
  const state: KwayState = { graph, limits, fixed, part, loads, members, work, contiguous, cut: 0 };
  const { links, linkPart, linkWeight } = work;
  let twice = 0;
  for (let v = 0; v < n; v++) {
    if (near !== null && near[v] === 0) {
      links[v] = -1;
      continue;
    }
    link(state, v);
    const from = xadj[v];
    for (let i = from, end = from + links[v]; i < end; i++) if (linkPart[i] !== part[v]) twice += linkWeight[i];
  }
  state.cut = twice / 2;
  return state;
}

/** Flags the vertices that touch the cut. */
export function borderFlags(state: KwayState): Uint8Array {
  const { n } = state.graph;
  const flags = new Uint8Array(n);
  for (let v = 0; v < n; v++) if (isLinkedOut(state, v)) flags[v] = 1;
  return flags;
}

/** Weight of the edges from `v` into part `p`; `v` must have links. */
export function linkTo(state: KwayState, v: number, p: number): number {
  const { linkPart, linkWeight, links } = state.work;
  const from = state.graph.xadj[v];
  for (let i = from, end = from + links[v]; i < end; i++) if (linkPart[i] === p) return linkWeight[i];
  return 0;
}

/** Whether part `p` has room for `v`. */
export function fits(state: KwayState, v: number, p: number): boolean {
  const { loads } = state;
  const { ncon, vwgt } = state.graph;
  const { limit } = state.limits;
  if (ncon === 1) return loads[p] + vwgt[v] <= limit[p];
  for (let c = 0; c < ncon; c++) {
    const i = p * ncon + c;
    const weight = vwgt[v * ncon + c];
    if (weight > 0 && loads[i] + weight > limit[i]) return false;
  }
  return true;
}

/** Moves a vertex that has links and brings everything up to date; its neighbours all have links afterwards. */
export function move(state: KwayState, v: number, to: number): void {
  const { part, loads, members } = state;
  const { ncon, xadj, adjncy, adjwgt, vwgt } = state.graph;
  const { linkPart, linkWeight, linkEdges, links } = state.work;
  const from = part[v];
  state.work.clock.ticks += xadj[v + 1] - xadj[v];
  state.cut += linkTo(state, v, from) - linkTo(state, v, to);
  part[v] = to;
  members[from]--;
  members[to]++;
  for (let c = 0; c < ncon; c++) {
    const weight = vwgt[v * ncon + c];
    loads[from * ncon + c] -= weight;
    loads[to * ncon + c] += weight;
  }
  for (let e = xadj[v], stop = xadj[v + 1]; e < stop; e++) {
    const u = adjncy[e];
    const count = links[u];
    if (count < 0) {
      link(state, u);
      continue;
    }
    const weight = adjwgt[e];
    const first = xadj[u];
    let end = first + count;
    let i = first;
    while (linkPart[i] !== from) i++;
    if (--linkEdges[i] === 0) {
      end--;
      linkPart[i] = linkPart[end];
      linkWeight[i] = linkWeight[end];
      linkEdges[i] = linkEdges[end];
    } else {
      linkWeight[i] -= weight;
    }
    i = first;
    while (i < end && linkPart[i] !== to) i++;
    if (i < end) {
      linkWeight[i] += weight;
      linkEdges[i]++;
    } else {
      linkPart[end] = to;
      linkWeight[end] = weight;
      linkEdges[end++] = 1;
    }
    links[u] = end - first;
  }
}
