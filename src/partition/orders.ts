import { type Adjacency, adjacencyOf, type DagProblem } from './dag.ts';

/** Topological orders worth cutting: branch after branch, in both directions, and level by level. */
export function topologicalOrders(problem: DagProblem): Int32Array[] {
  const nodes = problem.seconds.length;
  const { sources, targets } = problem.edges;
  const out = adjacencyOf(nodes, sources);
  const into = adjacencyOf(nodes, targets);
  return [depthFirst(out, targets).reverse(), depthFirst(into, sources), orderBy(problem, levels(problem))];
}

/**
 * The topological order that takes, of the nodes that are ready, the one with the least rank first (of equal ones the
 * lowest node): nodes of one rank stay together as far as the edges let them.
 */
export function orderBy(problem: DagProblem, rank: ArrayLike<number>): Int32Array {
  const nodes = problem.seconds.length;
  const { sources, targets } = problem.edges;
  const out = adjacencyOf(nodes, sources);
  const missing = new Int32Array(nodes);
  for (const node of targets) missing[node]++;
  const before = (a: number, b: number) => rank[a] < rank[b] || (rank[a] === rank[b] && a < b);
  const heap: number[] = [];
  const push = (node: number): void => {
    let i = heap.push(node) - 1;
    for (let up = (i - 1) >> 1; i > 0 && before(node, heap[up]); i = up, up = (i - 1) >> 1) heap[i] = heap[up];
    heap[i] = node;
  };
  const pop = (): number => {
    const top = heap[0];
    const node = heap.pop()!;
    let i = 0;
    for (let child = 1; child < heap.length; child = 2 * i + 1) {
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], node)) break;
      heap[i] = heap[child];
      i = child;
    }
    if (heap.length > 0) heap[i] = node;
    return top;
  };
  for (let node = 0; node < nodes; node++) if (missing[node] === 0) push(node);
  const order = new Int32Array(nodes);
  for (let position = 0; position < nodes; position++) {
    const node = pop();
    order[position] = node;
    for (let i = out.start[node]; i < out.start[node + 1]; i++) {
      const target = targets[out.edges[i]];
      if (--missing[target] === 0) push(target);
    }
  }
  return order;
}

/** Longest path, in edges, from any source to each node. */
export function levels(problem: DagProblem): Int32Array {
  const nodes = problem.seconds.length;
  const { sources, targets } = problem.edges;
  const out = adjacencyOf(nodes, sources);
  const level = new Int32Array(nodes);
  for (const node of depthFirst(out, targets).reverse()) {
    for (let i = out.start[node]; i < out.start[node + 1]; i++) {
      const target = targets[out.edges[i]];
      level[target] = Math.max(level[target], level[node] + 1);
    }
  }
  return level;
}

/** Nodes in the order in which a depth-first search leaves them: each after all that it leads to. */
function depthFirst({ start, edges }: Adjacency, ends: Int32Array): Int32Array {
  const nodes = start.length - 1;
  const next = start.slice(0, nodes);
  const seen = new Uint8Array(nodes);
  const order = new Int32Array(nodes);
  let count = 0;
  for (let root = nodes - 1; root >= 0; root--) {
    if (seen[root] === 1) continue;
    const stack = [root];
    seen[root] = 1;
    while (stack.length > 0) {
      const node = stack[stack.length - 1];
      if (next[node] === start[node + 1]) {
        order[count++] = node;
        stack.pop();
        continue;
      }
      const end = ends[edges[next[node]++]];
      if (seen[end] === 1) continue;
      seen[end] = 1;
      stack.push(end);
    }
  }
  return order;
}
