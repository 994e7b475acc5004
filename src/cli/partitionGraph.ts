import { MultiDirectedGraph, MultiGraph, MultiUndirectedGraph } from 'graphology';
import { type CsrPartition, metis, partitionCsr, readMetisGraph } from 'graphology-metis';
import type { SerializedGraph } from 'graphology-types';
import { fail } from '../errors.ts';
import { messageOf } from './faults.ts';

/** What `foretrain partition GRAPH.json --parts K --json` answers. */
export interface GraphPartition {
  /** Part of each node, from 0. */
  readonly parts: Readonly<Record<string, number>>;
  /** Weight of the edges between parts. */
  readonly cut: number;
  /** Sum over nodes of their size times the other parts they have neighbours in. */
  readonly communicationVolume: number;
  /** Heaviest part over the mean, less 1. */
  readonly imbalance: number;
  /** True where the edges between parts, in their directions, lead in no circle; undirected ones lead both ways. */
  readonly acyclic: boolean;
  /** Weight of the heaviest part, and a weight that no partition's heaviest part is below. */
  readonly bottleneck: number;
  readonly lowerBound: number;
}

/** A graph's edges and the weight of its nodes, by number. */
interface Flat {
  readonly weights: Float64Array;
  readonly arcs: readonly (readonly [from: number, to: number])[];
}

/** True for the text of a METIS file: it begins with a comment or two numbers, and never with a brace. */
export function isMetisText(text: string): boolean {
  return /^\s*(?:%|\d+\s+\d+)/.test(text);
}

/** True for a graphology export. */
export function isGraphExport(value: unknown): value is SerializedGraph {
  return typeof value === 'object' && value !== null && 'nodes' in value && Array.isArray(value.nodes);
}

/** Partitions a METIS `.graph` file; nodes are numbered from 1, as in the file. */
export function partitionMetisText(text: string, parts: number): GraphPartition {
  const csr = asked(() => readMetisGraph(text));
  const nodes = csr.xadj.length - 1;
  const found = asked(() => partitionCsr(csr, { parts }));
  const arcs: [number, number][] = [];
  for (let v = 0; v < nodes; v++) for (let e = csr.xadj[v]; e < csr.xadj[v + 1]; e++) arcs.push([v, csr.adjncy[e]]);
  const weights = Float64Array.from({ length: nodes }, (_, v) => csr.vwgt?.[v * csr.ncon] ?? 1);
  const names = Array.from({ length: nodes }, (_, v) => `${v + 1}`);
  return answer(names, found.parts, found, { weights, arcs }, parts);
}

/**
 * Partitions a graphology export. A node weighs its `weight`, or the FLOPs of an operator, or 1; an edge its `weight`, or
 * its `bytes`, or 1.
 */
export function partitionExport(value: SerializedGraph, parts: number): GraphPartition {
  const graph = asked(() => graphOf(value));
  const hasWeight = graph.someNode((_, { weight }) => weight !== undefined);
  const weightOf = (node: string): number => {
    const { weight, forwardFlops = 0, backwardFlops = 0 } = graph.getNodeAttributes(node);
    return hasWeight ? Number(weight ?? 1) : forwardFlops + backwardFlops;
  };
  const isWeighted = hasWeight || graph.someNode((node) => weightOf(node) > 0);
  const found = asked(() =>
    metis.detailed(graph, {
      parts,
      getEdgeWeight: (_, { weight, bytes }) => weight ?? bytes ?? 1,
      getNodeWeight: isWeighted ? weightOf : null,
      getNodeSize: graph.someNode((_, { size }) => size !== undefined) ? 'size' : null,
    }),
  );
  const names = graph.nodes();
  const number = new Map(names.map((node, index) => [node, index]));
  const arcs: [number, number][] = [];
  graph.forEachEdge((_edge, _attributes, source, target, _s, _t, undirected) => {
    const [from, to] = [number.get(source) ?? 0, number.get(target) ?? 0];
    arcs.push([from, to]);
    if (undirected) arcs.push([to, from]);
  });
  const weights = Float64Array.from(names, (node) => (isWeighted ? weightOf(node) : 1));
  const part = Int32Array.from(names, (node) => found.parts[node]);
  return answer(names, part, found, { weights, arcs }, parts);
}

/** The graph of an export. Only one of both kinds says of an edge whether it is directed. */
function graphOf(value: SerializedGraph) {
  const { type = 'mixed' } = value.options ?? {};
  const graph =
    type === 'directed'
      ? new MultiDirectedGraph()
      : type === 'undirected'
        ? new MultiUndirectedGraph()
        : new MultiGraph();
  graph.import(value);
  return graph;
}

function answer(
  names: readonly string[],
  part: Int32Array,
  { cut, communicationVolume }: Pick<CsrPartition, 'cut' | 'communicationVolume'>,
  { weights, arcs }: Flat,
  count: number,
): GraphPartition {
  const loads = new Float64Array(count);
  part.forEach((p, node) => {
    loads[p] += weights[node];
  });
  const total = loads.reduce((sum, load) => sum + load, 0);
  const bottleneck = Math.max(...loads);
  return {
    parts: Object.fromEntries(names.map((name, node) => [name, part[node]])),
    cut,
    communicationVolume,
    imbalance: total > 0 ? Math.max(0, (bottleneck * count) / total - 1) : 0,
    acyclic: isAcyclic(part, arcs, count),
    bottleneck,
    lowerBound: lowerBound(weights, total, count),
  };
}

/** The mean, rounded up where weights are whole, or the heaviest node. */
function lowerBound(weights: Float64Array, total: number, count: number): number {
  const mean = total / count;
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  return Math.max(heaviest, weights.every(Number.isInteger) ? Math.ceil(mean) : mean);
}

/** Whether parts can be put in an order that all edges between them follow (Kahn's algorithm). */
function isAcyclic(part: Int32Array, arcs: Flat['arcs'], count: number): boolean {
  const next = Array.from({ length: count }, () => new Set<number>());
  for (const [from, to] of arcs) if (part[from] !== part[to]) next[part[from]].add(part[to]);
  const entering = new Int32Array(count);
  for (const targets of next) for (const target of targets) entering[target]++;
  const ready = Array.from(entering.keys()).filter((p) => entering[p] === 0);
  let ordered = 0;
  for (let p = ready.pop(); p !== undefined; p = ready.pop()) {
    ordered++;
    for (const target of next[p]) if (--entering[target] === 0) ready.push(target);
  }
  return ordered === count;
}

/** Runs what speaks in errors of its own; they become faults of the graph. */
function asked<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    const message = messageOf(error).replace(/^[\w-]+(?:\.\w+)?: /, '');
    const at = /^(line \d+): (.*)$/s.exec(message);
    return at === null ? fail('graph', message) : fail(at[1], at[2], 'syntax');
  }
}
