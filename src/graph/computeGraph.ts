import { DirectedGraph } from 'graphology';
import type { ModelSpec } from './model.ts';
import type { Operator, OperatorEdge } from './operator.ts';

/**
 * A unit is what stacks cut between: the embedding, one transformer layer, or the head; of a model of any shape, one
 * operator.
 */
export type UnitKind = 'embedding' | 'layer' | 'head' | 'operator';

/** A unit's operators in topological order, with the edges among them. Equal units are one and the same object. */
export interface Unit {
  readonly kind: UnitKind;
  readonly operators: readonly Operator[];
  readonly edges: readonly OperatorEdge[];
  /**
   * Hidden states that enter and leave the unit, bytes of one sequence on this rank; of a model of any shape all that
   * crosses from this unit and those before it to those after it.
   */
  readonly boundaryBytes: number;
  /** Of a slice: its part of the whole unit, by operators. */
  readonly share?: number;
}

/** One rank's share of a model as a chain of units. It is the flat form of {@link toDirectedGraph}: repeated layers are stored once. */
export interface ComputeGraph {
  readonly model: ModelSpec;
  readonly units: readonly Unit[];
}

export interface OperatorAttributes extends Operator {
  /** Whole path: `transformer.layer.3.attention.query_key_value`. */
  readonly module: string;
  readonly unit: number;
  /** Bytes of one sequence saved for the backward pass. */
  readonly savedBytes: number;
}

/** Path of a unit's modules: layers are numbered from 0, operators of a model of any shape have names of their own. */
export function unitPath(graph: ComputeGraph, unit: number): string {
  const { kind, operators } = graph.units[unit]!;
  switch (kind) {
    case 'layer':
      return `transformer.layer.${unit - 1}`;
    case 'embedding':
    case 'head':
      return `transformer.${kind}`;
    case 'operator':
      return operators[0]!.module;
  }
}

/** The compute graph for graphology: a node an operator, named by its module path, an edge a tensor. */
export function toDirectedGraph(graph: ComputeGraph): DirectedGraph<OperatorAttributes, { bytes: number }> {
  const directed = new DirectedGraph<OperatorAttributes, { bytes: number }>();
  const { graph: whole } = graph.model;
  let entry = '';
  let entryBytes = 0;
  for (const [index, unit] of graph.units.entries()) {
    const path = unitPath(graph, index);
    const names = unit.operators.map(({ module }) => (unit.kind === 'operator' ? path : `${path}.${module}`));
    for (const [position, operator] of unit.operators.entries()) {
      const savedBytes = operator.saved.reduce((total, tensor) => total + tensor.bytes, 0);
      directed.addNode(names[position], { ...operator, module: names[position]!, unit: index, savedBytes });
    }
    for (const edge of unit.edges) {
      if (edge.from >= 0) directed.addDirectedEdge(names[edge.from], names[edge.to], { bytes: edge.bytes });
      else if (index > 0 && whole === undefined) directed.addDirectedEdge(entry, names[edge.to], { bytes: entryBytes });
    }
    entry = names[names.length - 1]!;
    entryBytes = unit.boundaryBytes;
  }
  for (const { from, to, bytes } of whole?.links ?? []) {
    directed.addDirectedEdge(whole!.nodes[from]!.name, whole!.nodes[to]!.name, { bytes });
  }
  return directed;
}
