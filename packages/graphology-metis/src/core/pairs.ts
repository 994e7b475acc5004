import { type KwayState, link, move } from './kway-state.ts';
import { totalExcess } from './limits.ts';
import { findBorders, gatherRegion, type PairRegion } from './pair-region.ts';
import { refineTwoWay, type TwoWayProblem } from './two-way.ts';

/** Most vertices of either part that take part in their refinement. */
const MOST = 1500;

/**
 * Whether parts are so nearly full that single moves have nowhere to go: some part's room above its wish is less than
 * twice the heaviest vertex.
 */
export function needsPairs(state: KwayState): boolean {
  const { graph, limits } = state;
  const { ncon } = graph;
  const heaviest = new Float64Array(ncon);
  for (let i = 0; i < graph.vwgt.length; i++) heaviest[i % ncon] = Math.max(heaviest[i % ncon], graph.vwgt[i]);
  for (let i = 0; i < limits.limit.length; i++) {
    const c = i % ncon;
    if (limits.scale[c] > 0 && limits.limit[i] - limits.share[i] / limits.scale[c] < 2 * heaviest[c]) return true;
  }
  return false;
}

/** Carries the sides of a region's vertices back to their parts. */
export function applySides(state: KwayState, region: PairRegion, side: Int32Array): void {
  const { vertices, a, b } = region;
  for (let i = 0; i < vertices.length; i++) {
    const v = vertices[i];
    const to = side[i] === 0 ? a : b;
    if (state.part[v] === to) continue;
    if (state.work.links[v] < 0) link(state, v);
    move(state, v, to);
  }
}

/** Refines two parts against each other; both may be over their limits for a moment, which lets vertices swap. */
function refinePair(state: KwayState, region: PairRegion): boolean {
  const { limits } = state;
  const { graph, a, b, outside } = region;
  const { ncon } = graph;
  const limit = new Float64Array(2 * ncon);
  const allowed = new Float64Array(2 * ncon);
  const wish = new Float64Array(2 * ncon);
  for (let s = 0; s < 2; s++) {
    const p = s === 0 ? a : b;
    for (let c = 0; c < ncon; c++) {
      limit[s * ncon + c] = limits.limit[p * ncon + c];
      allowed[s * ncon + c] = limits.allowed[p * ncon + c];
      wish[s * ncon + c] = limits.scale[c] > 0 ? limits.share[p * ncon + c] / limits.scale[c] : 0;
    }
  }
  const fixed = new Int32Array(graph.n).fill(-1);
  fixed[graph.n - 2] = 0;
  fixed[graph.n - 1] = 1;
  const problem: TwoWayProblem = {
    graph,
    limit,
    allowed,
    wish,
    scale: limits.scale,
    fixed,
    // The rest counts as one vertex, which keeps no part from being empty when there is no rest.
    fewest: [outside[0] > 0 ? 1 : 2, outside[1] > 0 ? 1 : 2],
  };
  const side = region.side.slice();
  refineTwoWay(problem, side, 4);
  const cut = state.cut;
  const excess = totalExcess(limits, state.loads);
  applySides(state, region, side);
  return state.cut < cut || totalExcess(limits, state.loads) < excess - 1e-12;
}

/** Two-way FM between every two parts that touch, until a round over all pairs changes nothing. */
export function refinePairs(state: KwayState): void {
  const { k } = state.limits;
  let active = new Uint8Array(k).fill(1);
  for (let round = 0; round < 4; round++) {
    const next = new Uint8Array(k);
    const { pairs, vertices } = findBorders(state);
    for (const pair of pairs) {
      const a = Math.floor(pair / k);
      const b = pair % k;
      if (active[a] === 0 && active[b] === 0) continue;
      const region = gatherRegion(state, a, b, vertices.get(pair) ?? [], [Infinity, Infinity], MOST);
      if (region !== null && refinePair(state, region)) {
        next[a] = 1;
        next[b] = 1;
      }
    }
    if (next.every((flag) => flag === 0)) return;
    active = next;
  }
}
