import { DirectedGraph } from 'graphology';
import { type ComputeGraph, unitPath } from './computeGraph.ts';
import { type Operator, sum } from './operator.ts';

export interface OperatorAttributes extends Operator {
  /** Whole path: `transformer.layer.3.attention.query_key_value`. */
  readonly module: string;
  readonly unit: number;
  /** Bytes of one sequence saved for the backward pass. */
  readonly savedBytes: number;
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
      const savedBytes = sum(operator.saved, ({ bytes }) => bytes);
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
