import { type KwayState, link, move } from './kway-state.ts';
import { refineTwoWay, type TwoWayProblem } from './two-way.ts';

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

/** Pairs of parts with an edge between them, as `a * k + b` with a < b. */
export function touchingPairs(state: KwayState): number[] {
  const { graph, limits, part, work } = state;
  const pairs = new Set<number>();
  for (let v = 0; v < graph.n; v++) {
    const from = graph.xadj[v];
    for (let i = from, end = from + work.links[v]; i < end; i++) {
      const q = work.linkPart[i];
      if (q > part[v]) pairs.add(part[v] * limits.k + q);
    }
  }
  return [...pairs].sort((a, b) => a - b);
}

/** Refines two parts against each other; both may be over their limits for a moment, which lets vertices swap. */
function refinePair(state: KwayState, vertices: Int32Array, a: number, b: number): boolean {
  const { graph, limits, part, fixed, work } = state;
  const { ncon } = graph;
  const n = vertices.length;
  const local = new Map<number, number>();
  vertices.forEach((v, i) => {
    local.set(v, i);
  });
  const xadj = new Int32Array(n + 1);
  const heads: number[] = [];
  const weights: number[] = [];
  const vwgt = new Float64Array(n * ncon);
  vertices.forEach((v, i) => {
    for (let c = 0; c < ncon; c++) vwgt[i * ncon + c] = graph.vwgt[v * ncon + c];
    for (let e = graph.xadj[v]; e < graph.xadj[v + 1]; e++) {
      const u = local.get(graph.adjncy[e]);
      if (u === undefined) continue;
      heads.push(u);
      weights.push(graph.adjwgt[e]);
    }
    xadj[i + 1] = heads.length;
  });
  const limit = new Float64Array(2 * ncon);
  const wish = new Float64Array(2 * ncon);
  for (let c = 0; c < ncon; c++) {
    [a, b].forEach((p, s) => {
      limit[s * ncon + c] = limits.limit[p * ncon + c];
      wish[s * ncon + c] = limits.scale[c] > 0 ? limits.share[p * ncon + c] / limits.scale[c] : 0;
    });
  }
  const problem: TwoWayProblem = {
    graph: { n, ncon, xadj, adjncy: Int32Array.from(heads), adjwgt: Float64Array.from(weights), vwgt },
    limit,
    wish,
    scale: limits.scale,
    fixed: fixed === null ? null : vertices.map((v) => (fixed[v] < 0 ? -1 : fixed[v] === a ? 0 : 1)),
    fewest: [1, 1],
  };
  const side = vertices.map((v) => (part[v] === a ? 0 : 1));
  refineTwoWay(problem, side, 4);
  let changed = false;
  for (let i = 0; i < n; i++) {
    const to = side[i] === 0 ? a : b;
    const v = vertices[i];
    if (part[v] === to) continue;
    if (work.links[v] < 0) link(state, v);
    move(state, v, to);
    changed = true;
  }
  return changed;
}

/** Two-way FM between every two parts that touch, until a round over all pairs changes nothing. */
export function refinePairs(state: KwayState): void {
  const { graph, limits, part } = state;
  const { k } = limits;
  let active = new Uint8Array(k).fill(1);
  for (let round = 0; round < 4; round++) {
    const next = new Uint8Array(k);
    for (const pair of touchingPairs(state)) {
      const a = Math.floor(pair / k);
      const b = pair % k;
      if (active[a] === 0 && active[b] === 0) continue;
      const vertices: number[] = [];
      for (let v = 0; v < graph.n; v++) if (part[v] === a || part[v] === b) vertices.push(v);
      const before = state.cut;
      if (refinePair(state, Int32Array.from(vertices), a, b) && state.cut < before) {
        next[a] = 1;
        next[b] = 1;
      }
    }
    if (next.every((flag) => flag === 0)) return;
    active = next;
  }
}
