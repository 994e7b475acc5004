import { mightSplit } from './contiguous.ts';
import { fits, isLinkedOut, type KwayState, link, linkTo, move } from './kway-state.ts';
import { type Rng, shuffle } from './random.ts';

/** Edges from `v` into part `p`. */
function edgesTo(state: KwayState, v: number, p: number): number {
  const { linkPart, linkEdges, links } = state.work;
  const from = state.graph.xadj[v];
  for (let i = from, end = from + links[v]; i < end; i++) if (linkPart[i] === p) return linkEdges[i];
  return 0;
}

/** What the communication volume would fall by if `v` went to `to`; all neighbours must have links. */
function volumeGain(state: KwayState, sizes: Float64Array, v: number, to: number): number {
  const { graph, part } = state;
  const from = part[v];
  // `v` itself: `to` is no longer foreign, `from` is if neighbours stay there.
  let gain = (edgesTo(state, v, to) > 0 ? sizes[v] : 0) - (edgesTo(state, v, from) > 0 ? sizes[v] : 0);
  for (let e = graph.xadj[v]; e < graph.xadj[v + 1]; e++) {
    const u = graph.adjncy[e];
    if (part[u] !== from && edgesTo(state, u, from) === 1) gain += sizes[u];
    if (part[u] !== to && edgesTo(state, u, to) === 0) gain -= sizes[u];
  }
  return gain;
}

/**
 * Greedy search for a smaller communication volume: border vertices in random order, each to the part that lowers it
 * most, or keeps it and lowers the cut.
 *
 * @param sizes size of each vertex
 */
export function refineVolume(state: KwayState, sizes: Float64Array, rounds: number, rng: Rng): void {
  const { graph, part, members, fixed, work } = state;
  const { xadj, adjncy } = graph;
  const { links, linkPart, queue } = work;
  for (let round = 0; round < rounds; round++) {
    let border = 0;
    for (let v = 0; v < graph.n; v++) {
      if (isLinkedOut(state, v) && (fixed === null || fixed[v] < 0)) queue[border++] = v;
    }
    shuffle(queue, border, rng);
    let moves = 0;
    for (let i = 0; i < border; i++) {
      const v = queue[i];
      if (!isLinkedOut(state, v) || members[part[v]] === 1) continue;
      for (let e = xadj[v]; e < xadj[v + 1]; e++) if (links[adjncy[e]] < 0) link(state, adjncy[e]);
      let to = -1;
      let bestGain = 0;
      let bestCut = 0;
      for (let j = xadj[v], end = xadj[v] + links[v]; j < end; j++) {
        const p = linkPart[j];
        if (p === part[v] || !fits(state, v, p)) continue;
        const gain = volumeGain(state, sizes, v, p);
        const cut = linkTo(state, v, p) - linkTo(state, v, part[v]);
        if (gain > bestGain || (gain === bestGain && cut > bestCut)) {
          bestGain = gain;
          bestCut = cut;
          to = p;
        }
      }
      if (to < 0 || (state.contiguous && mightSplit(state, v))) continue;
      move(state, v, to);
      moves++;
    }
    if (moves === 0) break;
  }
}
