import { mightSplit } from './contiguous.ts';
import { isLinkedOut, type KwayState, link, linkTo, move } from './kway-state.ts';
import { totalExcess } from './limits.ts';

/** By how much the total excess would change if `v` moved to `to`. */
function excessChange(state: KwayState, v: number, to: number): number {
  const { part, loads } = state;
  const { ncon, vwgt } = state.graph;
  const { limit, scale } = state.limits;
  const from = part[v];
  let change = 0;
  for (let c = 0; c < ncon; c++) {
    const weight = vwgt[v * ncon + c];
    if (weight === 0) continue;
    const i = from * ncon + c;
    const j = to * ncon + c;
    const before = Math.max(0, loads[i] - limit[i]) + Math.max(0, loads[j] - limit[j]);
    const after = Math.max(0, loads[i] - weight - limit[i]) + Math.max(0, loads[j] + weight - limit[j]);
    change += (after - before) * scale[c];
  }
  return change;
}

function isOver(state: KwayState, p: number): boolean {
  const { ncon, limit } = state.limits;
  for (let i = p * ncon; i < (p + 1) * ncon; i++) if (state.loads[i] > limit[i]) return true;
  return false;
}

/** The move of `v` that costs least cut for the excess it takes away; the worth is -Infinity when none takes any. */
function bestRelief(state: KwayState, v: number, near: boolean): { to: number; worth: number } {
  const { part } = state;
  const { linkPart, links } = state.work;
  const own = part[v];
  const inside = linkTo(state, v, own);
  let to = -1;
  let worth = -Infinity;
  const consider = (p: number): void => {
    const relief = -excessChange(state, v, p);
    if (relief <= 1e-13) return;
    const gain = linkTo(state, v, p) - inside;
    const value = gain >= 0 ? gain * relief : gain / relief;
    if (value > worth) {
      worth = value;
      to = p;
    }
  };
  if (near) {
    const from = state.graph.xadj[v];
    for (let i = from, end = from + links[v]; i < end; i++) if (linkPart[i] !== own) consider(linkPart[i]);
  } else {
    for (let p = 0; p < state.limits.k; p++) if (p !== own) consider(p);
  }
  return { to, worth };
}

/**
 * Moves vertices out of parts over their limits, first along the cut, then anywhere, as long as that lowers the total
 * excess; least loss of cut for the weight moved goes first.
 *
 * @returns the excess left
 */
export function rebalance(state: KwayState): number {
  const { graph, limits, fixed, members, part, work } = state;
  const { n, xadj, adjncy } = graph;
  const { heap, links } = work;
  if (totalExcess(limits, state.loads) === 0) return 0;
  for (const near of state.contiguous ? [true] : [true, false]) {
    const offer = (v: number): void => {
      if (fixed !== null && fixed[v] >= 0) return;
      if (links[v] < 0) link(state, v);
      if (near && !isLinkedOut(state, v)) return;
      const { worth } = bestRelief(state, v, near);
      if (worth > -Infinity) heap.set(v, worth);
      else heap.remove(v);
    };
    for (let v = 0; v < n; v++) if (isOver(state, part[v])) offer(v);
    while (heap.size > 0) {
      const key = heap.key[heap.top()];
      const v = heap.pop();
      if (members[part[v]] === 1 || !isOver(state, part[v])) continue;
      const { to, worth } = bestRelief(state, v, near);
      if (to < 0 || (state.contiguous && mightSplit(state, v))) continue;
      if (worth < key && heap.size > 0 && worth < heap.key[heap.top()]) {
        heap.set(v, worth);
        continue;
      }
      move(state, v, to);
      for (let e = xadj[v]; e < xadj[v + 1]; e++) if (isOver(state, part[adjncy[e]])) offer(adjncy[e]);
    }
    if (totalExcess(limits, state.loads) === 0) return 0;
  }
  return totalExcess(limits, state.loads);
}
