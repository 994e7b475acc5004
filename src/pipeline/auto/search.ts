import { lowerBound } from '../lowerBound.ts';
import { residentBound } from '../residentBound.ts';
import { BACKWARD, FORWARD, type PipelineCosts } from '../schedule.ts';
import { Evaluator } from './evaluate.ts';
import { type Budget, improve } from './improve.ts';
import { ListScheduler } from './listScheduler.ts';
import { PASSES, type PassOrders, type Problem } from './problem.ts';
import { randomNumbers } from './randomNumbers.ts';

/** Passes that a search evaluates, over all its tries; a step of more passes gets fewer tries. */
const PASSES_EVALUATED = 300_000;
/** A search that has not found anything better for so many tries gives up. */
const FRUITLESS_TRIES = 100;
const SEED = 1;
/** How far a try's ranks stray from the best order's own times, as a share of its makespan. */
const STRAYS = [0.02, 0.05, 0.1, 0.2];
const PATIENCES = [0, 0.5, 1];

/** Which kind of pass goes first, by kind; a weight pass always fills what is left. */
const PREFERENCES: readonly (readonly [number, number, number])[] = [
  [1, 0, 2],
  [0, 1, 2],
  [0, 0, 1],
  [0, 0, 0],
  [1, 0, 1],
];

/** Ranks by kind first, then by microbatch, then the later chunk first. */
function preferenceRanks(problem: Problem, preference: readonly number[]): Float64Array {
  const { virtualStages: count, microbatches, passes } = problem;
  const rank = new Float64Array(passes);
  for (let kind = FORWARD; kind < PASSES; kind++) {
    for (let s = 0; s < count; s++) {
      for (let j = 0; j < microbatches; j++) {
        const later = kind === FORWARD ? 1 - s / count : kind === BACKWARD ? s / count : 0;
        rank[(kind * count + s) * microbatches + j] = preference[kind] * microbatches + j + later / PASSES;
      }
    }
  }
  return rank;
}

export interface Found {
  readonly orders: PassOrders;
  readonly makespan: number;
}

const copyOf = (orders: PassOrders): PassOrders => orders.map((order) => order.slice());

/**
 * Searches for short orders: first those given, then list schedules under several preferences, then list schedules whose
 * ranks stray from the best order found, each made shorter move by move. Deterministic.
 * @param starts legal orders within the memory limit
 * @returns orders that are no longer than any start; an infinite makespan where there are none
 */
export function search(problem: Problem, costs: PipelineCosts, starts: readonly PassOrders[]): Found {
  const evaluator = new Evaluator(problem);
  const scheduler = new ListScheduler(problem);
  const { memoryLimit, stages, passes, virtualStages } = problem;
  const limits = new Float64Array(stages).fill(memoryLimit);
  const work = { ...problem, lanes: virtualStages, splitsBackward: true };
  const residency = { untilInput: limits, untilWeight: limits };
  const bound = Math.max(lowerBound(work, costs, residency), residentBound(work, costs, residency));
  const budget: Budget = { left: PASSES_EVALUATED };
  const random = randomNumbers(SEED);

  let best: Found = { orders: [], makespan: Number.POSITIVE_INFINITY };
  for (const orders of starts) {
    const makespan = evaluator.makespan(orders);
    if (makespan < best.makespan) best = { orders, makespan };
  }
  const consider = (orders: PassOrders): boolean => {
    const makespan = improve(problem, evaluator, orders, budget);
    if (makespan >= best.makespan) return false;
    best = { orders, makespan };
    return true;
  };
  for (const orders of starts) if (best.makespan > bound) consider(copyOf(orders));
  for (const preference of PREFERENCES) {
    const rank = preferenceRanks(problem, preference);
    for (const patience of PATIENCES) {
      if (best.makespan <= bound) return best;
      budget.left -= passes;
      if (scheduler.run(rank, patience)) consider(copyOf(scheduler.orders));
    }
  }
  const rank = new Float64Array(passes);
  let fruitless = 0;
  for (let tries = 0; budget.left > 0 && fruitless < FRUITLESS_TRIES && best.makespan > bound; tries++) {
    evaluator.makespan(best.orders);
    const stray = STRAYS[tries % STRAYS.length] * best.makespan;
    for (let pass = 0; pass < passes; pass++) rank[pass] = evaluator.times.start[pass] + stray * (random() - 0.5);
    budget.left -= passes;
    const patience = PATIENCES[Math.floor(random() * PATIENCES.length)];
    fruitless++;
    if (scheduler.run(rank, patience) && consider(copyOf(scheduler.orders))) fruitless = 0;
  }
  return best;
}
