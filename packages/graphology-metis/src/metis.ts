import type { AbstractGraph, Attributes } from 'graphology-types';
import { isGraph } from 'graphology-utils';
import { fault } from './errors.ts';
import { type EdgeNumber, type FlattenedGraph, flattenGraph, type NodeNumber } from './graph-to-csr.ts';
import { type CsrPartition, partitionFlat } from './partition.ts';
import { DEFAULTS, type PartitionOptions, resolveSettings } from './settings.ts';

/** Part that nodes must be in: by key, or an attribute, or a function; `undefined` or `null` leaves a node free. */
export type FixedNodes =
  | { readonly [node: string]: number }
  | string
  | ((node: string, attributes: Attributes) => number | null | undefined);

/** Options of `metis`. Only `parts` is needed. */
export interface MetisOptions extends PartitionOptions {
  /** Weight of an edge: attribute name, function, or null for 1 each. Default `'weight'`. */
  readonly getEdgeWeight?: EdgeNumber | null | undefined;
  /** Weight of a node, or an array of several, each balanced on its own. Default null: every node counts 1. */
  readonly getNodeWeight?: NodeNumber | readonly NodeNumber[] | null | undefined;
  /** What it costs to send a node to another part, for the communication volume. Default null: 1 each. */
  readonly getNodeSize?: NodeNumber | null | undefined;
  /** Nodes that must be in given parts. */
  readonly fixed?: FixedNodes | undefined;
  /** Groups of nodes that must share a part. */
  readonly together?: readonly (readonly string[])[] | undefined;
  /** Attribute that `metis.assign` writes. Default `'part'`. */
  readonly nodePartAttribute?: string | undefined;
}

/** Part of each node, from 0. */
export interface PartMapping {
  [node: string]: number;
}

/** A partition and what it is worth. */
export interface DetailedPartition {
  /** Part of each node. */
  parts: PartMapping;
  /** Number of parts asked for. */
  count: number;
  /** Weight of the edges between parts. */
  cut: number;
  /** Sum over nodes of their size times the number of other parts they have neighbours in. */
  communicationVolume: number;
  /** `partWeights[p][c]`: weight of part `p` in node weight `c`. */
  partWeights: number[][];
  /** `limits[p][c]`: what it was allowed to be. */
  limits: number[][];
  /** For each node weight, by how much the worst part weighs over its share, as a fraction. */
  imbalance: number[];
  /** Number of connected pieces of each part. */
  components: number[];
  /** Whether all wishes that limit were met. */
  feasible: boolean;
  /** What could not be met, in sentences. */
  warnings: string[];
}

/** The default export: a function with three properties. */
export interface Metis {
  /**
   * Partitions a graph.
   *
   * @throws Error when the graph is none or an option is wrong
   */
  (graph: AbstractGraph, options: MetisOptions): PartMapping;
  /** Partitions a graph and writes each node's part into an attribute. */
  assign(graph: AbstractGraph, options: MetisOptions): void;
  /** Partitions a graph and tells what the partition is worth. */
  detailed(graph: AbstractGraph, options: MetisOptions): DetailedPartition;
  /** Options where none are given. */
  readonly defaults: typeof defaults;
}

const defaults = {
  ...DEFAULTS,
  getEdgeWeight: 'weight',
  getNodeWeight: null,
  getNodeSize: null,
  nodePartAttribute: 'part',
} as const;

function nodeWeights(option: MetisOptions['getNodeWeight']): readonly NodeNumber[] {
  const given = option ?? [];
  const list = typeof given === 'string' || typeof given === 'function' ? [given] : given;
  if (!Array.isArray(list) || list.some((item) => typeof item !== 'string' && typeof item !== 'function')) {
    throw fault('`getNodeWeight` option should be an attribute name, a function, an array of these, or null.');
  }
  return list;
}

function fixedParts(
  source: AbstractGraph,
  flat: FlattenedGraph,
  fixed: FixedNodes | undefined,
): Int32Array | undefined {
  if (fixed === undefined) return undefined;
  const parts = new Int32Array(flat.nodes.length).fill(-1);
  const set = (v: number, node: string, part: unknown): void => {
    if (part === undefined || part === null) return;
    if (typeof part !== 'number' || !Number.isInteger(part) || part < 0) {
      throw fault(`\`fixed\` option should give a part number for node "${node}", not ${String(part)}.`);
    }
    parts[v] = part;
  };
  if (typeof fixed === 'string' || typeof fixed === 'function') {
    source.forEachNode((node, attributes) => {
      const v = flat.index.get(node) ?? 0;
      set(v, node, typeof fixed === 'string' ? attributes[fixed] : fixed(node, attributes));
    });
    return parts;
  }
  if (fixed === null || typeof fixed !== 'object') {
    throw fault('`fixed` option should be an object of parts by node, an attribute name or a function.');
  }
  for (const [node, part] of Object.entries(fixed)) {
    const v = flat.index.get(node);
    if (v === undefined) throw fault(`\`fixed\` option names node "${node}", which is not in the graph.`);
    set(v, node, part);
  }
  return parts;
}

function groupsOf(flat: FlattenedGraph, together: MetisOptions['together']): number[][] | undefined {
  if (together === undefined) return undefined;
  if (!Array.isArray(together) || together.some((group) => !Array.isArray(group))) {
    throw fault('`together` option should be an array of arrays of nodes.');
  }
  return together.map((group: readonly string[]) =>
    group.map((node) => {
      const v = flat.index.get(String(node));
      if (v === undefined) throw fault(`\`together\` option names node "${node}", which is not in the graph.`);
      return v;
    }),
  );
}

function solve(source: AbstractGraph, options: MetisOptions): { flat: FlattenedGraph; result: CsrPartition } {
  if (!isGraph(source)) throw fault('the given graph is not a valid graphology instance.');
  if (options === null || typeof options !== 'object') throw fault('the options should be an object with `parts`.');
  const weights = nodeWeights(options.getNodeWeight);
  const settings = resolveSettings(options, Math.max(1, weights.length));
  const flat = flattenGraph(source, {
    edgeWeight: options.getEdgeWeight === undefined ? defaults.getEdgeWeight : options.getEdgeWeight,
    nodeWeights: weights,
    nodeSize: options.getNodeSize ?? null,
  });
  const { fixed, together, ...rest } = options;
  const ties = { fixed: fixedParts(source, flat, fixed), together: groupsOf(flat, together) };
  return { flat, result: partitionFlat(flat.graph, flat.sizes, { ...rest, ...ties }, settings) };
}

function mappingOf(flat: FlattenedGraph, parts: Int32Array): PartMapping {
  const mapping: PartMapping = {};
  flat.nodes.forEach((node, v) => {
    mapping[node] = parts[v];
  });
  return mapping;
}

function partition(source: AbstractGraph, options: MetisOptions): PartMapping {
  const { flat, result } = solve(source, options);
  return mappingOf(flat, result.parts);
}

function assign(source: AbstractGraph, options: MetisOptions): void {
  const { flat, result } = solve(source, options);
  const name = options.nodePartAttribute ?? defaults.nodePartAttribute;
  source.updateEachNodeAttributes(
    (node, attributes) => {
      attributes[name] = result.parts[flat.index.get(node) ?? 0];
      return attributes;
    },
    { attributes: [name] },
  );
}

function rowsOf(values: Float64Array, count: number): number[][] {
  const ncon = values.length / count;
  return Array.from({ length: count }, (_, p) => Array.from(values.subarray(p * ncon, (p + 1) * ncon)));
}

function detailed(source: AbstractGraph, options: MetisOptions): DetailedPartition {
  const { flat, result } = solve(source, options);
  const { cut, communicationVolume, imbalance, components, feasible, warnings } = result;
  return {
    parts: mappingOf(flat, result.parts),
    count: options.parts,
    cut,
    communicationVolume,
    partWeights: rowsOf(result.partWeights, options.parts),
    limits: rowsOf(result.limits, options.parts),
    imbalance,
    components,
    feasible,
    warnings,
  };
}

/** Multilevel graph partitioning: divides the nodes into parts of equal weight with few edges between them. */
export const metis: Metis = Object.assign(partition, { assign, detailed, defaults });
