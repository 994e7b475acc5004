import { type Evaluator, fitsMemory } from './evaluate.ts';
import type { PassOrders, Problem } from './problem.ts';

/** Farthest that one step of the search carries a pass along its device's order. */
const FARTHEST = 4;

/** Work that a search may still do, in passes evaluated. */
export interface Budget {
  left: number;
}

/** Carries the pass at `from` to `to` in place. */
function carry(order: Int32Array, from: number, to: number): void {
  const pass = order[from];
  if (from < to) order.copyWithin(from, from + 1, to + 1);
  else order.copyWithin(to + 1, to, from);
  order[to] = pass;
}

/** Passes that decide the makespan, last first: each waited for the next. */
function criticalPasses(evaluator: Evaluator, problem: Problem, makespan: number): number[] {
  const { end, reason } = evaluator.times;
  let pass = 0;
  while (pass < problem.passes && end[pass] !== makespan) pass++;
  const path: number[] = [];
  for (; pass >= 0; pass = reason[pass]) path.push(pass);
  return path;
}

/**
 * Shortens orders step by step: a pass on the longest path is carried past a few of its neighbours wherever that makes
 * the step shorter and keeps within the memory limit. Ends where no such move helps or the budget is used up.
 * @param orders changed in place
 * @returns the makespan reached
 */
export function improve(problem: Problem, evaluator: Evaluator, orders: PassOrders, budget: Budget): number {
  const { microbatches, virtualStages, deviceOf, passes } = problem;
  const deviceOfPass = (pass: number) => deviceOf[Math.floor(pass / microbatches) % virtualStages];
  let best = evaluator.makespan(orders);
  budget.left -= passes;
  for (let found = true; found; ) {
    found = false;
    const path = criticalPasses(evaluator, problem, best);
    const reason = evaluator.times.reason.slice();
    for (const pass of path) {
      const prior = reason[pass];
      // Only where a pass waits for its device does its place in the order matter.
      if (prior < 0 || deviceOfPass(prior) !== deviceOfPass(pass)) continue;
      const order = orders[deviceOfPass(pass)];
      const at = order.indexOf(pass);
      if (at < 1 || order[at - 1] !== prior) continue;
      for (let by = 1; by <= FARTHEST && !found; by++) {
        found = tryMove(at, at - by) || tryMove(at - 1, at - 1 + by);
      }
      if (found || budget.left <= 0) break;

      function tryMove(from: number, to: number): boolean {
        if (to < 0 || to >= order.length || budget.left <= 0) return false;
        carry(order, from, to);
        if (fitsMemory(problem, order)) {
          budget.left -= passes;
          const makespan = evaluator.makespan(orders);
          if (makespan < best) {
            best = makespan;
            return true;
          }
        }
        carry(order, to, from);
        return false;
      }
    }
    if (budget.left <= 0) break;
  }
  return best;
}
