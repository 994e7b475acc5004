import { chainOf, TOLERANCE } from './chain.ts';
import { chainInOrder, type DagProblem } from './dag.ts';
import { compareScores, type Score, score } from './evaluate.ts';
import { exact } from './exact.ts';
import { bestOrder } from './exactDag.ts';
import { virtualStageCount } from './layout.ts';
import { levels, orderBy, topologicalOrders } from './orders.ts';
import type { Cuts } from './problem.ts';
import { refineStages } from './refineDag.ts';

export interface DagCuts {
  /** The topological order that is cut. */
  readonly order: Int32Array;
  /** Contiguous cuts of that order. */
  readonly cuts: Cuts;
  /** Virtual stage of each node. */
  readonly stageOf: Int32Array;
}

/** Rounds of refinement, each of which gives an order to cut anew. */
const MOST_ROUNDS = 4;

/**
 * Cuts an acyclic graph into stages with acyclic dependencies: the best of `exact` on several topological orders. These
 * are branch after branch, level by level, and those in which the parts of any given partition stay together; for small
 * graphs also the order in which the best cuts of all are contiguous, which proves them. With one chunk a device, nodes
 * are then moved between stages.
 *
 * @param hints partitions of the nodes that need not be acyclic, such as a multilevel one: the part of each node
 * @param known topological orders that somebody has already: the cuts are never worse than `exact` on any of them
 */
export function cutDag(
  problem: DagProblem,
  hints: readonly Int32Array[] = [],
  known: readonly Int32Array[] = [],
): DagCuts {
  const oneChunk = isOneChunk(problem);
  const optimal = oneChunk ? bestOrder(problem) : undefined;
  const orders = optimal === undefined ? [...known, ...topologicalOrders(problem)] : [optimal];
  for (const parts of hints) orders.push(orderByParts(problem, parts));
  let best = cutOrder(problem, orders[0]);
  for (const order of orders.slice(1)) best = better(best, cutOrder(problem, order));
  if (oneChunk && optimal === undefined) {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const refined = stagesOf(best);
      refineStages(problem, refined);
      const next = better(best, cutOrder(problem, orderBy(problem, refined)));
      if (next === best) break;
      best = next;
    }
  }
  const bound = dagLowerBound(problem);
  const { cuts, order } = best;
  const meets = cuts.overBytes === 0 && cuts.bottleneckSeconds <= bound * (1 + TOLERANCE);
  return {
    order,
    cuts: {
      ...cuts,
      lowerBoundSeconds: Math.min(bound, cuts.bottleneckSeconds),
      proved: meets || optimal !== undefined,
    },
    stageOf: stagesOf(best),
  };
}

/**
 * The topological order in which the parts of a partition stay together as far as the edges let them: parts in the order
 * of their mean level. Cutting it repairs a partition whose parts need each other in a circle.
 */
export function orderByParts(problem: DagProblem, parts: Int32Array): Int32Array {
  const count = parts.reduce((most, part) => Math.max(most, part + 1), 0);
  const sums = new Float64Array(count);
  const sizes = new Float64Array(count);
  const level = levels(problem);
  for (let node = 0; node < parts.length; node++) {
    sums[parts[node]] += level[node];
    sizes[parts[node]]++;
  }
  return orderBy(
    problem,
    Float64Array.from(parts, (part) => sums[part] / sizes[part]),
  );
}

interface CutOrder {
  readonly order: Int32Array;
  readonly cuts: Cuts;
  readonly score: Score;
}

function cutOrder(problem: DagProblem, order: Int32Array): CutOrder {
  const chain = chainInOrder(problem, order);
  const cuts = exact(chain);
  return { order, cuts, score: score(chainOf(chain), cuts.ends) };
}

function better(a: CutOrder, b: CutOrder): CutOrder {
  return compareScores(b.score, a.score) < 0 ? b : a;
}

function stagesOf({ order, cuts }: CutOrder): Int32Array {
  const stageOf = new Int32Array(order.length);
  for (let position = 0, stage = 0; position < order.length; position++) {
    while (position >= cuts.ends[stage]) stage++;
    stageOf[order[position]] = stage;
  }
  return stageOf;
}

function isOneChunk(problem: DagProblem): boolean {
  return problem.placement === 'linear' || virtualStageCount(problem) === 1;
}

/**
 * Seconds below which the bottleneck of no order can come: the optimum without limits on memory where it can be had,
 * else the mean and the heaviest node.
 */
export function dagLowerBound(problem: DagProblem): number {
  if (isOneChunk(problem)) {
    const free = { ...problem, capacityBytes: new Float64Array(problem.stages).fill(Number.POSITIVE_INFINITY) };
    const order = bestOrder(free);
    if (order !== undefined) return exact(chainInOrder(free, order)).bottleneckSeconds;
  }
  let sum = 0;
  let heaviest = 0;
  for (const seconds of problem.seconds) {
    sum += seconds;
    if (seconds > heaviest) heaviest = seconds;
  }
  return Math.max(heaviest, ((problem.placement === 'dual' ? 2 : 1) * sum) / problem.stages);
}
