import { TOLERANCE } from './chain.ts';
import { type Adjacency, adjacencyOf, type DagProblem } from './dag.ts';
import { orderBy } from './orders.ts';

/** Graphs with more down-sets than this are left to orders and refinement: the program looks at every two of them. */
const MOST_DOWN_SETS = 1000;
const MOST_NODES = 64;

/** Down-sets of a graph: what a pipeline may have run when a stage ends. Each is a row of 32-bit words. */
interface DownSets {
  readonly rows: Int32Array[];
}

/**
 * The topological order in which the best cuts of all are contiguous, for one chunk a device: by dynamic programming
 * over down-sets, the least bottleneck, then the fewest bytes sent, each stage within its memory. Undefined where the
 * graph has too many down-sets, or no cuts fit.
 *
 * @source Tarnawski et al., Efficient Algorithms for Device Placement of DNN Graph Operators (2020), arXiv:2006.16423
 */
export function bestOrder(problem: DagProblem): Int32Array | undefined {
  const sets = problem.seconds.length <= MOST_NODES ? downSets(problem) : undefined;
  if (sets === undefined) return undefined;
  const count = sets.rows.length;
  const nodes = problem.seconds.length;
  const { stages } = problem;
  const seconds = sumsOf(sets, problem.seconds);
  const staticBytes = sumsOf(sets, problem.staticBytes);
  const activationBytes = sumsOf(sets, problem.activationBytes);
  const crossingSeconds = crossingOf(problem, sets, problem.edges.seconds);
  const crossingBytes = crossingOf(problem, sets, problem.edges.bytes);

  // Load and memory of every stage from one down-set to a larger one that fits some device.
  const pairFrom: number[] = [];
  const pairTo: number[] = [];
  const pairLoad: number[] = [];
  const pairTransient: number[] = [];
  for (let to = 0; to < count; to++) {
    for (let from = 0; from < to; from++) {
      if (!isSubset(sets.rows[from], sets.rows[to])) continue;
      pairFrom.push(from);
      pairTo.push(to);
      pairLoad.push(seconds[to] - seconds[from] + crossingSeconds[from] + crossingSeconds[to]);
      pairTransient.push(largestIn(sets.rows[from], sets.rows[to], problem.transientBytes));
    }
  }
  const last = count - 1;
  const none = Number.POSITIVE_INFINITY;
  const solve = (limit: number, reach: (earlier: number, pair: number) => number) => {
    let row = new Float64Array(count).fill(none);
    row[0] = 0;
    const choices: Int32Array[] = [];
    for (let stage = 0; stage < stages; stage++) {
      const next = new Float64Array(count).fill(none);
      const choice = new Int32Array(count).fill(-1);
      const room = problem.capacityBytes[stage] * (1 + TOLERANCE);
      for (let pair = 0; pair < pairFrom.length; pair++) {
        const from = pairFrom[pair];
        const to = pairTo[pair];
        if (row[from] === none || pairLoad[pair] > limit) continue;
        const held = problem.inFlight[stage] * (activationBytes[to] - activationBytes[from]);
        if (staticBytes[to] - staticBytes[from] + held + pairTransient[pair] > room) continue;
        const value = reach(row[from], pair);
        if (value >= next[to]) continue;
        next[to] = value;
        choice[to] = from;
      }
      row = next;
      choices.push(choice);
    }
    return { value: row[last], choices };
  };
  const bottleneck = solve(none, (earlier, pair) => Math.max(earlier, pairLoad[pair])).value;
  if (bottleneck === none) return undefined;
  const limit = bottleneck * (1 + TOLERANCE);
  const { choices } = solve(limit, (earlier, pair) => earlier + crossingBytes[pairTo[pair]]);
  const rank = new Int32Array(nodes);
  for (let stage = stages - 1, to = last; stage >= 0; stage--) {
    const from = choices[stage][to];
    for (let node = 0; node < nodes; node++) {
      if (contains(sets.rows[to], node) && !contains(sets.rows[from], node)) rank[node] = stage;
    }
    to = from;
  }
  return orderBy(problem, rank);
}

/** All down-sets, every one after its subsets, from the empty one to the whole; undefined where there are too many. */
function downSets(problem: DagProblem): DownSets | undefined {
  const nodes = problem.seconds.length;
  const words = Math.ceil(nodes / 32);
  const into = adjacencyOf(nodes, problem.edges.targets);
  const rows = [new Int32Array(words)];
  const known = new Set([rows[0].join()]);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index];
    for (let node = 0; node < nodes; node++) {
      if (contains(row, node) || !isReady(problem, into, row, node)) continue;
      const larger = row.slice();
      larger[node >> 5] |= 1 << (node & 31);
      const key = larger.join();
      if (known.has(key)) continue;
      if (rows.length === MOST_DOWN_SETS) return undefined;
      known.add(key);
      rows.push(larger);
    }
  }
  return { rows };
}

function isReady(problem: DagProblem, into: Adjacency, row: Int32Array, node: number): boolean {
  for (let i = into.start[node]; i < into.start[node + 1]; i++) {
    if (!contains(row, problem.edges.sources[into.edges[i]])) return false;
  }
  return true;
}

function contains(row: Int32Array, node: number): boolean {
  return ((row[node >> 5] >> (node & 31)) & 1) === 1;
}

function isSubset(small: Int32Array, large: Int32Array): boolean {
  for (let word = 0; word < small.length; word++) if ((small[word] & ~large[word]) !== 0) return false;
  return true;
}

function sumsOf(sets: DownSets, values: Float64Array): Float64Array {
  return Float64Array.from(sets.rows, (row) => {
    let sum = 0;
    for (let node = 0; node < values.length; node++) if (contains(row, node)) sum += values[node];
    return sum;
  });
}

/** What leaves each down-set. */
function crossingOf(problem: DagProblem, sets: DownSets, weights: Float64Array): Float64Array {
  const { sources, targets } = problem.edges;
  return Float64Array.from(sets.rows, (row) => {
    let sum = 0;
    for (let edge = 0; edge < weights.length; edge++) {
      if (contains(row, sources[edge]) && !contains(row, targets[edge])) sum += weights[edge];
    }
    return sum;
  });
}

function largestIn(small: Int32Array, large: Int32Array, values: Float64Array): number {
  let largest = 0;
  for (let node = 0; node < values.length; node++) {
    if (values[node] > largest && contains(large, node) && !contains(small, node)) largest = values[node];
  }
  return largest;
}
