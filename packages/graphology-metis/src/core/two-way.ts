import type { FlatGraph } from './flat-graph.ts';
import { MaxHeap } from './heap.ts';

/** A graph to be cut in two, and what both sides may weigh. */
export interface TwoWayProblem {
  readonly graph: FlatGraph;
  /** Most that side `s` may weigh in constraint `c`, at `s * ncon + c`. */
  readonly limit: Float64Array;
  /** The same without room for rounding: what lies above a limit is counted from here, as for all parts together. */
  readonly allowed: Float64Array;
  /** What it should weigh. */
  readonly wish: Float64Array;
  /** 1 / total of each constraint, 0 when the total is 0. */
  readonly scale: Float64Array;
  /** Side a vertex is tied to, -1 when free. */
  readonly fixed: Int32Array | null;
  /** Fewest vertices a side may be left with. */
  readonly fewest: readonly [number, number];
}

/** Cut and excess of a two-way partition; the excess counts first. */
export interface TwoWayScore {
  readonly excess: number;
  readonly cut: number;
}

/** Whether `a` is better than `b`: over the limits by less, or as much and with a smaller cut. */
export function isBetter(a: TwoWayScore, b: TwoWayScore): boolean {
  return beats(a.excess, a.cut, b.excess, b.cut);
}

function beats(excess: number, cut: number, thanExcess: number, thanCut: number): boolean {
  const slack = 1e-12;
  if (excess < thanExcess - slack) return true;
  return excess <= thanExcess + slack && cut < thanCut;
}

function excessOf(problem: TwoWayProblem, loads: Float64Array): number {
  const { limit, allowed, scale } = problem;
  const ncon = scale.length;
  let excess = 0;
  for (let i = 0; i < limit.length; i++) if (loads[i] > limit[i]) excess += (loads[i] - allowed[i]) * scale[i % ncon];
  return excess;
}

/** The side and constraint furthest over its limit (or, over none, fullest), as `side * ncon + constraint`. */
function mostLoaded(problem: TwoWayProblem, loads: Float64Array): number {
  const { limit, wish, scale } = problem;
  const ncon = scale.length;
  let worst = 0;
  let most = -Infinity;
  for (let i = 0; i < limit.length; i++) {
    const over = (loads[i] - limit[i]) * scale[i % ncon];
    const key = over > 0 ? 1 + over : (loads[i] - wish[i]) * scale[i % ncon];
    if (key > most) {
      most = key;
      worst = i;
    }
  }
  return worst;
}

/** The constraint that a vertex weighs most in. */
function dominantConstraint(graph: FlatGraph, scale: Float64Array, v: number): number {
  const { ncon, vwgt } = graph;
  let dominant = 0;
  for (let c = 1; c < ncon; c++) {
    if (vwgt[v * ncon + c] * scale[c] > vwgt[v * ncon + dominant] * scale[dominant]) dominant = c;
  }
  return dominant;
}

/**
 * Fiduccia–Mattheyses between two sides, with rollback to the best moment of each pass. One queue for each side and
 * dominant constraint; while a limit is broken the queue that mends it is served, else the one with the best gain.
 *
 * @param side 0 or 1 for each vertex; changed in place
 * @param passes most passes; it ends earlier when one brings nothing
 * @returns the score reached, never worse than the one given
 * @source Charles Fiduccia, Robert Mattheyses, "A linear-time heuristic for improving network partitions", DAC 1982;
 * several constraints: George Karypis, Vipin Kumar, "Multilevel algorithms for multi-constraint graph partitioning", SC 1998
 */
export function refineTwoWay(problem: TwoWayProblem, side: Int32Array, passes: number): TwoWayScore {
  const { graph, scale, fixed, fewest } = problem;
  const { n, ncon, xadj, adjncy, adjwgt, vwgt } = graph;
  const loads = new Float64Array(2 * ncon);
  const members = [0, 0];
  for (let v = 0; v < n; v++) {
    members[side[v]]++;
    for (let c = 0; c < ncon; c++) loads[side[v] * ncon + c] += vwgt[v * ncon + c];
  }
  const inside = new Float64Array(n);
  const outside = new Float64Array(n);
  const dominant = new Int32Array(n);
  let cut = 0;
  for (let v = 0; v < n; v++) {
    if (ncon > 1) dominant[v] = dominantConstraint(graph, scale, v);
    for (let e = xadj[v]; e < xadj[v + 1]; e++) {
      if (side[adjncy[e]] === side[v]) inside[v] += adjwgt[e];
      else outside[v] += adjwgt[e];
    }
    cut += outside[v];
  }
  cut /= 2;
  let excess = excessOf(problem, loads);

  const queues = Array.from({ length: 2 * ncon }, () => new MaxHeap(n));
  const locked = new Uint8Array(n);
  const moved = new Int32Array(n);
  const patience = ncon > 1 ? Math.min(150, Math.max(25, n / 50)) : Math.min(100, Math.max(15, n / 100));

  const flip = (v: number): void => {
    const from = side[v];
    const to = 1 - from;
    side[v] = to;
    members[from]--;
    members[to]++;
    cut += inside[v] - outside[v];
    for (let c = 0; c < ncon; c++) {
      loads[from * ncon + c] -= vwgt[v * ncon + c];
      loads[to * ncon + c] += vwgt[v * ncon + c];
    }
    const swap = inside[v];
    inside[v] = outside[v];
    outside[v] = swap;
    for (let e = xadj[v]; e < xadj[v + 1]; e++) {
      const u = adjncy[e];
      const weight = side[u] === to ? adjwgt[e] : -adjwgt[e];
      inside[u] += weight;
      outside[u] -= weight;
    }
  };

  /** Puts all free vertices of one queue in, for when the border has none that would help. */
  const open = (queue: number): void => {
    const s = Math.floor(queue / ncon);
    for (let v = 0; v < n; v++) {
      if (locked[v] === 0 && side[v] === s && dominant[v] === queue % ncon)
        queues[queue].set(v, outside[v] - inside[v]);
    }
  };

  const choose = (): number => {
    if (excess > 0) {
      const worst = mostLoaded(problem, loads);
      const s = Math.floor(worst / ncon);
      if (members[s] <= fewest[s]) return -1;
      if (queues[worst].size === 0) open(worst);
      if (queues[worst].size > 0) return worst;
      let best = -1;
      for (let q = s * ncon; q < (s + 1) * ncon; q++) {
        if (queues[q].size > 0 && (best < 0 || topKey(queues[q]) > topKey(queues[best]))) best = q;
      }
      return best;
    }
    const heavy = Math.floor(mostLoaded(problem, loads) / ncon);
    let best = -1;
    for (let q = 0; q < 2 * ncon; q++) {
      const s = q < ncon ? 0 : 1;
      if (queues[q].size === 0 || members[s] <= fewest[s]) continue;
      if (best < 0) best = q;
      else {
        const better = topKey(queues[q]) - topKey(queues[best]);
        if (better > 0 || (better === 0 && s === heavy)) best = q;
      }
    }
    return best;
  };

  for (let pass = 0; pass < passes; pass++) {
    const startExcess = excess;
    const startCut = cut;
    let bestExcess = excess;
    let bestCut = cut;
    let bestCount = 0;
    let count = 0;
    for (let v = 0; v < n; v++) {
      locked[v] = fixed !== null && fixed[v] >= 0 ? 1 : 0;
      if (locked[v] === 0 && outside[v] > 0) queues[side[v] * ncon + dominant[v]].set(v, outside[v] - inside[v]);
    }
    while (count - bestCount < patience) {
      const q = choose();
      if (q < 0) break;
      const v = queues[q].pop();
      locked[v] = 1;
      moved[count++] = v;
      flip(v);
      excess = excessOf(problem, loads);
      for (let e = xadj[v]; e < xadj[v + 1]; e++) {
        const u = adjncy[e];
        if (locked[u] === 1) continue;
        const queue = queues[side[u] * ncon + dominant[u]];
        if (outside[u] > 0) queue.set(u, outside[u] - inside[u]);
        else queue.remove(u);
      }
      if (beats(excess, cut, bestExcess, bestCut)) {
        bestExcess = excess;
        bestCut = cut;
        bestCount = count;
      }
    }
    for (const queue of queues) queue.clear();
    while (count > bestCount) flip(moved[--count]);
    excess = excessOf(problem, loads);
    if (!beats(bestExcess, bestCut, startExcess, startCut)) break;
  }
  return { excess, cut };
}

function topKey(queue: MaxHeap): number {
  return queue.key[queue.top()];
}
