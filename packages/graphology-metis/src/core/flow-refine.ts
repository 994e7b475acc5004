import { FlowNetwork } from './flow-network.ts';
import type { KwayState } from './kway-state.ts';
import { findBorders, gatherRegion, type PairRegion } from './pair-region.ts';
import { applySides } from './pairs.ts';
import { type Rng, shuffle } from './random.ts';

/** Most vertices of either part that a flow may run through. */
const MOST = 2500;
/** Terminals added before a pair is given up. */
const PIERCINGS = 25;

/** Weight of the region's edges between the sides. */
function cutOf(region: PairRegion): number {
  const { graph, side } = region;
  let twice = 0;
  for (let v = 0; v < graph.n; v++) {
    for (let e = graph.xadj[v]; e < graph.xadj[v + 1]; e++) {
      if (side[graph.adjncy[e]] !== side[v]) twice += graph.adjwgt[e];
    }
  }
  return twice / 2;
}

/** Loads of both parts, in all constraints, if the marked vertices were `a`'s (or `b`'s) and the others not. */
function loadsOf(region: PairRegion, mark: Uint8Array, marked: 0 | 1): Float64Array {
  const { n, ncon, vwgt } = region.graph;
  const loads = new Float64Array(2 * ncon);
  for (let v = 0; v < n; v++) {
    const s = mark[v] === 1 ? marked : 1 - marked;
    for (let c = 0; c < ncon; c++) loads[s * ncon + c] += vwgt[v * ncon + c];
  }
  return loads;
}

function isWithin(state: KwayState, region: PairRegion, loads: Float64Array): boolean {
  const { limit, ncon } = state.limits;
  for (let c = 0; c < ncon; c++) {
    if (loads[c] > limit[region.a * ncon + c] || loads[ncon + c] > limit[region.b * ncon + c]) return false;
  }
  return true;
}

/**
 * The vertex to make a terminal next: one beside the reached side, if possible where no new path to the other side
 * arises, and deep on its own side of the present border.
 */
function pierce(
  region: PairRegion,
  candidates: Int32Array,
  count: number,
  terminal: Uint8Array,
  opposite: Uint8Array,
  own: 0 | 1,
): number {
  const { graph, side, depth } = region;
  let best = -1;
  let bestScore = -Infinity;
  for (let i = 0; i < count; i++) {
    const v = candidates[i];
    if (terminal[v] !== 0 || v >= graph.n - 2) continue;
    const score = (opposite[v] === 0 ? 1e6 : 0) + (side[v] === own ? depth[v] + 1 : -depth[v]);
    if (score > bestScore) {
      bestScore = score;
      best = v;
    }
  }
  return best;
}

/**
 * Looks for a smaller cut of a region that keeps the limits: a minimum cut; if its sides are too uneven, the lighter
 * side becomes terminal with one vertex more, and the flow goes on, until the cut is no longer smaller.
 *
 * @returns the new side of each vertex, null when there is no better cut
 * @source Michael Hamann, Ben Strasser, "Graph bisection with Pareto optimization", ALENEX 2016 (FlowCutter)
 */
function smallerCut(state: KwayState, region: PairRegion): Int32Array | null {
  const { graph } = region;
  const { n, ncon } = graph;
  const network = new FlowNetwork(graph);
  const now = cutOf(region);
  network.terminal[n - 2] = 1;
  network.terminal[n - 1] = 2;
  const fromSource = new Uint8Array(n);
  const toSink = new Uint8Array(n);
  const besideSource = new Int32Array(graph.adjncy.length);
  const besideSink = new Int32Array(graph.adjncy.length);
  for (let tries = 0; tries < PIERCINGS; tries++) {
    network.augment(now);
    if (network.value >= now * (1 - 1e-9)) return null;
    const nearSource = network.reach(1, fromSource, besideSource);
    const nearSink = network.reach(2, toSink, besideSink);
    const small = loadsOf(region, fromSource, 0);
    if (isWithin(state, region, small)) return Int32Array.from(fromSource, (mark) => 1 - mark);
    const large = loadsOf(region, toSink, 1);
    if (isWithin(state, region, large)) return new Int32Array(toSink);
    // The side that is lighter for its limit grows.
    const { limit } = state.limits;
    const a = small[0] / limit[region.a * ncon];
    const b = large[ncon] / limit[region.b * ncon];
    const own = a <= b ? 0 : 1;
    let pierced = 0;
    const mark = own === 0 ? fromSource : toSink;
    for (let u = 0; u < n; u++) if (mark[u] === 1) network.terminal[u] = own + 1;
    // One vertex at a time finds the best cuts; far from balance several do.
    for (let more = 1 + (tries >> 2); more > 0; more--) {
      const v =
        own === 0
          ? pierce(region, besideSource, nearSource, network.terminal, toSink, own)
          : pierce(region, besideSink, nearSink, network.terminal, fromSource, own);
      if (v < 0) break;
      network.terminal[v] = own + 1;
      pierced++;
    }
    if (pierced === 0) return null;
  }
  return null;
}

/** The region of a pair: as much of each part as the other could take if its limit were further by `reach` times. */
function regionOf(state: KwayState, a: number, b: number, border: readonly number[], reach: number): PairRegion | null {
  const { ncon, limit, share, scale } = state.limits;
  const room = (p: number): number => {
    const i = p * ncon;
    const wish = scale[0] > 0 ? share[i] / scale[0] : 0;
    return wish + reach * (limit[i] - wish) - state.loads[i];
  };
  return gatherRegion(state, a, b, border, [room(b), room(a)], MOST);
}

/**
 * Replaces the border between two parts by a minimum cut of its surroundings, pair by pair, until no pair gains.
 *
 * @param reach how far the regions go, in multiples of the room between wish and limit
 * @source Peter Sanders, Christian Schulz, "Engineering multilevel graph partitioning algorithms", ESA 2011
 */
export function refineByFlow(state: KwayState, reach: number, rng: Rng): void {
  const { k } = state.limits;
  let active = new Uint8Array(k).fill(1);
  for (let round = 0; round < 5; round++) {
    const next = new Uint8Array(k);
    const borders = findBorders(state);
    const pairs = new Int32Array(borders.pairs);
    shuffle(pairs, pairs.length, rng);
    for (const pair of pairs) {
      const a = Math.floor(pair / k);
      const b = pair % k;
      if (active[a] === 0 && active[b] === 0) continue;
      const region = regionOf(state, a, b, borders.vertices.get(pair) ?? [], reach);
      if (region === null || region.outside[0] === 0 || region.outside[1] === 0) continue;
      const side = smallerCut(state, region);
      if (side === null) continue;
      applySides(state, region, side);
      next[a] = 1;
      next[b] = 1;
    }
    if (next.every((flag) => flag === 0)) return;
    active = next;
  }
}
