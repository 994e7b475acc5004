import { type Chain, TOLERANCE } from './chain.ts';
import { compareScores, type Score, score } from './evaluate.ts';
import { improveCuts, searchPairs } from './localSearch.ts';
import type { Budget } from './strands.ts';

/** What a kick and the sweeps after it count as, in transitions of the budget. */
const KICK_TRANSITIONS = 5000;
const SHIFTS_A_KICK = 3;
const FARTHEST_SHIFT = 2;

/**
 * Goes on from good cuts where the search is stuck: shifts a few runs of cuts at random, searches again, and keeps
 * what is better, until the floor is reached or the budget spent. The same chain always gets the same kicks.
 */
export function kickCuts(chain: Chain, ends: Int32Array, floor: number, budget: Budget): void {
  const random = generator(chain.units * chain.virtualStages);
  let best: Score = score(chain, ends);
  const isDone = () => best.overBytes === 0 && best.bottleneckSeconds <= floor * (1 + TOLERANCE);
  while (budget.transitions > 0 && !isDone()) {
    budget.transitions -= KICK_TRANSITIONS;
    const kicked = ends.slice();
    for (let i = 0; i < SHIFTS_A_KICK; i++) shiftRun(chain, kicked, random);
    improveCuts(chain, kicked, floor);
    searchPairs(chain, kicked, floor, budget, Number.POSITIVE_INFINITY);
    const reached = score(chain, kicked);
    if (compareScores(reached, best) >= 0) continue;
    best = reached;
    ends.set(kicked);
  }
}

/** Shifts a run of successive cuts by as much, where that empties no stage and passes over no forced cut. */
function shiftRun(chain: Chain, ends: Int32Array, random: (below: number) => number): void {
  const movable = chain.virtualStages - 1;
  const first = random(movable);
  const last = first + random(movable - first);
  const distance = (1 + random(FARTHEST_SHIFT)) * (random(2) === 0 ? 1 : -1);
  for (let cut = first; cut <= last; cut++) ends[cut] += distance;
  for (let stage = first; stage <= last + 1; stage++) {
    const from = stage === 0 ? 0 : ends[stage - 1];
    if (ends[stage] > from && chain.forced[ends[stage]] <= from) continue;
    for (let cut = first; cut <= last; cut++) ends[cut] -= distance;
    return;
  }
}

/** Whole numbers below a limit, from a linear congruential generator. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
