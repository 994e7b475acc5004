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

/** One rank's share of a model as a chain of units. It is the flat form of `toDirectedGraph`: repeated layers are stored once. */
export interface ComputeGraph {
  readonly model: ModelSpec;
  readonly units: readonly Unit[];
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
