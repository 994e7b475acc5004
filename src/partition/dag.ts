import type { PartitionProblem } from './problem.ts';

/**
 * A graph of operators to be cut into stages, each of which may only need what earlier ones give. Units are its nodes;
 * an edge is a tensor from one node to another.
 */
export interface DagProblem extends Omit<PartitionProblem, 'boundarySeconds' | 'boundaryBytes' | 'cutsAfter'> {
  readonly edges: DagEdges;
}

/** Edges side by side; the graph is acyclic, and no edge is a loop. */
export interface DagEdges {
  readonly sources: Int32Array;
  readonly targets: Int32Array;
  /** What the tensor costs each of two neighbouring stages between which it passes. */
  readonly seconds: Float64Array;
  readonly bytes: Float64Array;
}

/** Edges by node: those of node v are `edges[start[v]]` up to `edges[start[v + 1] − 1]`. */
export interface Adjacency {
  readonly start: Int32Array;
  readonly edges: Int32Array;
}

/** Edges grouped by one of their ends. */
export function adjacencyOf(nodes: number, ends: Int32Array): Adjacency {
  const start = new Int32Array(nodes + 1);
  for (const node of ends) start[node + 1]++;
  for (let node = 0; node < nodes; node++) start[node + 1] += start[node];
  const next = start.slice();
  const edges = new Int32Array(ends.length);
  for (let edge = 0; edge < ends.length; edge++) edges[next[ends[edge]]++] = edge;
  return { start, edges };
}

/**
 * The chain that a topological order makes of a graph: a position is crossed by every tensor whose source lies before
 * and whose target lies after it. A tensor that several nodes need crosses once for each edge; stages that it only
 * passes through hand it on.
 */
export function chainInOrder(problem: DagProblem, order: Int32Array): PartitionProblem {
  const { edges, ...rest } = problem;
  const nodes = order.length;
  const place = new Int32Array(nodes);
  for (let position = 0; position < nodes; position++) place[order[position]] = position;
  const boundary = (weights: Float64Array): Float64Array => {
    const changes = new Float64Array(nodes);
    for (let edge = 0; edge < weights.length; edge++) {
      changes[place[edges.sources[edge]]] += weights[edge];
      changes[place[edges.targets[edge]]] -= weights[edge];
    }
    const crossing = new Float64Array(Math.max(0, nodes - 1));
    let sum = 0;
    for (let position = 0; position + 1 < nodes; position++) {
      sum += changes[position];
      // What rounding leaves of a sum that has come back to nothing is nothing.
      crossing[position] = Math.max(0, sum);
    }
    return crossing;
  };
  const inOrder = (values: Float64Array) => Float64Array.from(order, (node) => values[node]);
  return {
    ...rest,
    seconds: inOrder(problem.seconds),
    staticBytes: inOrder(problem.staticBytes),
    activationBytes: inOrder(problem.activationBytes),
    transientBytes: inOrder(problem.transientBytes),
    boundarySeconds: boundary(edges.seconds),
    boundaryBytes: boundary(edges.bytes),
    cutsAfter: [],
  };
}
