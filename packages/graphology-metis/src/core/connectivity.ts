import { mightSplit } from './contiguous.ts';
import { type KwayState, link, linkTo, move } from './kway-state.ts';
import { totalExcess } from './limits.ts';

/** For each part the parts it touches, with the number of its vertices at each border. */
function neighbourParts(state: KwayState): Map<number, number>[] {
  const { graph, limits, part, work } = state;
  const touching = Array.from({ length: limits.k }, () => new Map<number, number>());
  for (let v = 0; v < graph.n; v++) {
    const from = graph.xadj[v];
    const mine = touching[part[v]];
    for (let i = from, end = from + work.links[v]; i < end; i++) {
      const p = work.linkPart[i];
      if (p !== part[v]) mine.set(p, (mine.get(p) ?? 0) + 1);
    }
  }
  return touching;
}

interface Score {
  readonly most: number;
  readonly sum: number;
}

function score(touching: readonly Map<number, number>[]): Score {
  let most = 0;
  let sum = 0;
  for (const parts of touching) {
    most = Math.max(most, parts.size);
    sum += parts.size;
  }
  return { most, sum };
}

function isLower(a: Score, b: Score): boolean {
  return a.most < b.most || (a.most === b.most && a.sum < b.sum);
}

/** Moves all vertices of part `a` that touch part `b` to where each is best connected among parts other than `a`. */
function separate(state: KwayState, a: number, b: number, to: number): { v: number; from: number }[] {
  const { graph, part, fixed, members, work } = state;
  const log: { v: number; from: number }[] = [];
  for (let v = 0; v < graph.n; v++) {
    if (part[v] !== a || work.links[v] < 1 || members[a] === 1) continue;
    if (fixed !== null && fixed[v] >= 0) continue;
    if (linkTo(state, v, b) === 0) continue;
    if (state.contiguous && (linkTo(state, v, to) === 0 || mightSplit(state, v))) continue;
    if (work.links[v] < 0) link(state, v);
    log.push({ v, from: a });
    move(state, v, to);
  }
  return log;
}

/**
 * Lowers the largest number of parts that any part touches, then the sum: takes the part that touches most and dissolves
 * its thinnest borders, one after the other, as long as no limit is broken and the cut grows by no more than a tenth.
 *
 * @source METIS 5.2.1, libmetis/minconn.c (the idea of moving the groups behind the weakest part edges)
 */
export function reduceConnectivity(state: KwayState): void {
  const { limits } = state;
  const cutLimit = state.cut * 1.1;
  let touching = neighbourParts(state);
  let now = score(touching);
  const excess = totalExcess(limits, state.loads);
  for (let attempts = 4 * limits.k; attempts > 0; ) {
    let improved = false;
    const parts = touching
      .map((_, p) => p)
      .sort((p, q) => touching[q].size - touching[p].size)
      .filter((p) => touching[p].size === now.most || touching[p].size > 2);
    search: for (const a of parts) {
      const thin = [...touching[a]].sort((x, y) => x[1] - y[1]).slice(0, 3);
      for (const [b] of thin) {
        // Either side may give way: a's vertices to b or a third part, or b's to a.
        for (const [give, keep, to] of [
          [a, b, b],
          [b, a, a],
          ...[...touching[a].keys()].filter((c) => c !== b).map((c) => [a, b, c]),
        ]) {
          if (attempts-- <= 0) return;
          const log = separate(state, give, keep, to);
          if (log.length === 0) continue;
          const after = neighbourParts(state);
          const next = score(after);
          if (isLower(next, now) && state.cut <= cutLimit && totalExcess(limits, state.loads) <= excess + 1e-12) {
            touching = after;
            now = next;
            improved = true;
            break search;
          }
          for (const { v, from } of log.reverse()) move(state, v, from);
        }
      }
    }
    if (!improved) return;
  }
}
