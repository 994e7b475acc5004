import { fits, type KwayState, link, linkTo, move } from './kway-state.ts';

/**
 * Gives every empty part one vertex: the one that costs least cut, from a part that has others, into a part that has
 * room for it if any vertex fits.
 */
export function fillEmptyParts(state: KwayState): void {
  const { graph, limits, members, part, fixed } = state;
  for (let p = 0; p < limits.k; p++) {
    if (members[p] > 0) continue;
    let best = -1;
    let bestCost = Infinity;
    let bestFits = false;
    for (let v = 0; v < graph.n; v++) {
      if (members[part[v]] < 2 || (fixed !== null && fixed[v] >= 0)) continue;
      if (state.work.links[v] < 0) link(state, v);
      const cost = linkTo(state, v, part[v]) - outgoing(state, v) * 1e-3;
      const room = fits(state, v, p);
      if (bestFits && !room) continue;
      if ((room && !bestFits) || cost < bestCost) {
        best = v;
        bestCost = cost;
        bestFits = room;
      }
    }
    if (best >= 0) move(state, best, p);
  }
}

/** Weight of the edges of `v` that are cut already. */
function outgoing(state: KwayState, v: number): number {
  const { linkPart, linkWeight, links } = state.work;
  const from = state.graph.xadj[v];
  let sum = 0;
  for (let i = from, end = from + links[v]; i < end; i++) if (linkPart[i] !== state.part[v]) sum += linkWeight[i];
  return sum;
}
