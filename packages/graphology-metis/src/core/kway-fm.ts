import { mightSplit } from './contiguous.ts';
import { fits, isLinkedOut, type KwayState, move } from './kway-state.ts';
import { type Rng, shuffle } from './random.ts';

/** How hard to search. */
export interface FmEffort {
  /** Most rounds over the border. */
  readonly rounds: number;
  /** Border vertices that a search starts from. */
  readonly seeds: number;
  /** Rounds, of the first ones, that are one search from the whole border. */
  readonly global: number;
  /** Moves without a new best before a search may end. */
  readonly patience: number;
}

/** A vertex's best gain over the parts it touches, room or no room; -Infinity inside a part. */
function bestGain(state: KwayState, v: number): number {
  const { linkPart, linkWeight, links } = state.work;
  const own = state.part[v];
  const from = state.graph.xadj[v];
  let inside = 0;
  let best = -Infinity;
  for (let i = from, end = from + links[v]; i < end; i++) {
    if (linkPart[i] === own) inside = linkWeight[i];
    else if (linkWeight[i] > best) best = linkWeight[i];
  }
  return best - inside;
}

/** The part with room that `v` should move to, -1 when none has; ties go to the emptier part. */
function bestTarget(state: KwayState, v: number): number {
  const { loads } = state;
  const { ncon } = state.graph;
  const { limit } = state.limits;
  const { linkPart, linkWeight, links } = state.work;
  const own = state.part[v];
  const from = state.graph.xadj[v];
  let target = -1;
  let best = -Infinity;
  for (let i = from, end = from + links[v]; i < end; i++) {
    const p = linkPart[i];
    if (p === own || linkWeight[i] < best || !fits(state, v, p)) continue;
    if (linkWeight[i] === best && loads[p * ncon] * limit[target * ncon] >= loads[target * ncon] * limit[p * ncon])
      continue;
    target = p;
    best = linkWeight[i];
  }
  return target;
}

/**
 * One search: moves the vertex of largest gain, uphill if need be, locks it, looks at its neighbours, and in the end
 * goes back to the best moment. Ends when the drift of the last moves makes a new best unlikely.
 *
 * @returns what the cut fell by, at least 0
 * @source Vitaly Osipov, Peter Sanders, "n-level graph partitioning", ESA 2010 (the stopping rule)
 */
function search(state: KwayState, patience: number): number {
  const { part, members, fixed, work } = state;
  const { xadj, adjncy } = state.graph;
  const { heap, lock, moved, left } = work;
  const round = work.round.value;
  const start = state.cut;
  let best = start;
  let bestCount = 0;
  let count = 0;
  // Mean and spread of the gains since the best moment (Welford).
  let steps = 0;
  let mean = 0;
  let spread = 0;
  while (heap.size > 0) {
    const key = heap.key[heap.top()];
    const v = heap.pop();
    const from = part[v];
    if (members[from] === 1) continue;
    const to = bestTarget(state, v);
    if (to < 0 || (state.contiguous && mightSplit(state, v))) continue;
    const before = state.cut;
    if (heap.size > 0) {
      // The best part may have filled up since: wait for one's turn.
      const gain = gainTo(state, v, to);
      if (gain < key && gain < heap.key[heap.top()]) {
        heap.set(v, gain);
        continue;
      }
    }
    move(state, v, to);
    lock[v] = round;
    moved[count] = v;
    left[count++] = from;
    for (let e = xadj[v], stop = xadj[v + 1]; e < stop; e++) {
      const u = adjncy[e];
      if (lock[u] === round || (fixed !== null && fixed[u] >= 0)) continue;
      const gain = bestGain(state, u);
      if (gain > -Infinity) heap.set(u, gain);
      else heap.remove(u);
    }
    if (state.cut < best) {
      best = state.cut;
      bestCount = count;
      steps = 0;
      mean = 0;
      spread = 0;
      continue;
    }
    const gain = before - state.cut;
    steps++;
    const off = gain - mean;
    mean += off / steps;
    spread += off * (gain - mean);
    if (steps >= patience && (mean >= 0 ? steps >= 4 * patience : mean * mean * steps * steps > 2 * spread)) break;
  }
  heap.clear();
  while (count > bestCount) {
    count--;
    move(state, moved[count], left[count]);
    lock[moved[count]] = 0;
  }
  return start - best;
}

function gainTo(state: KwayState, v: number, to: number): number {
  const { linkPart, linkWeight, links } = state.work;
  const own = state.part[v];
  const from = state.graph.xadj[v];
  let gain = 0;
  for (let i = from, end = from + links[v]; i < end; i++) {
    if (linkPart[i] === own) gain -= linkWeight[i];
    else if (linkPart[i] === to) gain += linkWeight[i];
  }
  return gain;
}

/**
 * Local search between all parts at once: rounds of searches that each start from a few vertices at the cut. A vertex
 * moves once a round. Never worsens the cut nor goes over a limit, never empties a part.
 *
 * @returns what the cut fell by
 * @source Peter Sanders, Christian Schulz, "Engineering multilevel graph partitioning algorithms", ESA 2011
 * (multi-try FM)
 */
export function refineKway(state: KwayState, effort: FmEffort, rng: Rng): number {
  const { fixed, work } = state;
  const { n } = state.graph;
  const { heap, lock, queue, links } = work;
  const start = state.cut;
  for (let r = 0; r < effort.rounds; r++) {
    let border = 0;
    for (let v = 0; v < n; v++) {
      if (links[v] >= 1 && isLinkedOut(state, v) && (fixed === null || fixed[v] < 0)) queue[border++] = v;
    }
    if (border === 0) break;
    shuffle(queue, border, rng);
    const round = ++work.round.value;
    let gained = 0;
    for (let at = 0; at < border; ) {
      let seeds = 0;
      const most = r < effort.global ? Infinity : effort.seeds;
      while (at < border && seeds < most) {
        const v = queue[at++];
        if (lock[v] === round) continue;
        const gain = bestGain(state, v);
        if (gain === -Infinity) continue;
        heap.set(v, gain);
        seeds++;
      }
      if (seeds > 0) gained += search(state, r < effort.global ? 100 : effort.patience);
    }
    if (gained <= 1e-4 * state.cut || gained === 0) break;
  }
  return start - state.cut;
}
