import type { AbstractGraph, Attributes } from 'graphology-types';
import { createEdgeWeightGetter } from 'graphology-utils/getters.js';
import { contract } from './core/contract.ts';
import type { FlatGraph } from './core/flat-graph.ts';
import { fault } from './errors.ts';

/** A number of a node: the name of an attribute or a function. */
export type NodeNumber = string | ((node: string, attributes: Attributes) => number);

/** The weight of an edge: the name of an attribute or a function with graphology's edge mapper signature. */
export type EdgeNumber =
  | string
  | ((
      edge: string,
      attributes: Attributes,
      source: string,
      target: string,
      sourceAttributes: Attributes,
      targetAttributes: Attributes,
      undirected: boolean,
    ) => number);

/** A graphology graph as flat arrays. */
export interface FlattenedGraph {
  readonly graph: FlatGraph;
  readonly sizes: Float64Array | null;
  /** Key of each vertex. */
  readonly nodes: readonly string[];
  /** Vertex of each key. */
  readonly index: ReadonlyMap<string, number>;
}

/** Which numbers to read. */
export interface Getters {
  readonly edgeWeight: EdgeNumber | null;
  readonly nodeWeights: readonly NodeNumber[];
  readonly nodeSize: NodeNumber | null;
}

function nodeNumber(option: string, getter: NodeNumber, node: string, attributes: Attributes): number {
  const value: unknown = typeof getter === 'string' ? attributes[getter] : getter(node, attributes);
  // As graphology does for edges: what is no number counts 1.
  if (typeof value !== 'number' || Number.isNaN(value)) return 1;
  if (value < 0 || value === Infinity) {
    throw fault(`\`${option}\` gave ${value} for node "${node}", but should give a non-negative finite number.`);
  }
  return value;
}

/**
 * Flattens a graph of any type: directions forgotten, self-loops skipped, parallel and opposite edges summed.
 *
 * @throws Error when a weight or size is negative or not finite
 */
export function flattenGraph(source: AbstractGraph, getters: Getters): FlattenedGraph {
  const nodes = source.nodes();
  const n = nodes.length;
  const index = new Map<string, number>();
  for (let v = 0; v < n; v++) index.set(nodes[v], v);

  const ncon = Math.max(1, getters.nodeWeights.length);
  const vwgt = new Float64Array(n * ncon).fill(1);
  const sizes = getters.nodeSize === null ? null : new Float64Array(n);
  let next = 0;
  source.forEachNode((node, attributes) => {
    const v = next++;
    getters.nodeWeights.forEach((getter, c) => {
      vwgt[v * ncon + c] = nodeNumber('getNodeWeight', getter, node, attributes);
    });
    if (sizes !== null && getters.nodeSize !== null) {
      sizes[v] = nodeNumber('getNodeSize', getters.nodeSize, node, attributes);
    }
  });

  const weightOf = createEdgeWeightGetter(getters.edgeWeight ?? undefined).fromEntry;
  const from = new Int32Array(source.size);
  const to = new Int32Array(source.size);
  const weights = new Float64Array(source.size);
  const xadj = new Int32Array(n + 1);
  let m = 0;
  source.forEachEdge((edge, attributes, a, b, aAttributes, bAttributes, undirected) => {
    const weight = weightOf(edge, attributes, a, b, aAttributes, bAttributes, undirected);
    if (!(weight >= 0) || weight === Infinity) {
      throw fault(`\`getEdgeWeight\` gave ${weight} for edge "${edge}", but should give a non-negative finite number.`);
    }
    const u = index.get(a) ?? 0;
    const v = index.get(b) ?? 0;
    if (u === v) return;
    from[m] = u;
    to[m] = v;
    weights[m++] = weight;
    xadj[u + 1]++;
    xadj[v + 1]++;
  });
  for (let v = 0; v < n; v++) xadj[v + 1] += xadj[v];
  const at = xadj.slice(0, n);
  const adjncy = new Int32Array(2 * m);
  const adjwgt = new Float64Array(2 * m);
  for (let e = 0; e < m; e++) {
    adjncy[at[from[e]]] = to[e];
    adjwgt[at[from[e]]++] = weights[e];
    adjncy[at[to[e]]] = from[e];
    adjwgt[at[to[e]]++] = weights[e];
  }
  const flat: FlatGraph = { n, ncon, xadj, adjncy, adjwgt, vwgt };
  // Only an undirected simple graph cannot have two edges between two nodes.
  const simple = source.type === 'undirected' && !source.multi;
  const graph = simple
    ? flat
    : contract(
        flat,
        Int32Array.from({ length: n }, (_, v) => v),
        n,
      );
  return { graph, sizes, nodes, index };
}
