import { findModel } from '../../src/graph/catalogue.ts';
import type { ComputeGraph, Unit } from '../../src/graph/computeGraph.ts';
import type { ModelSpec } from '../../src/graph/model.ts';
import type { Operator } from '../../src/graph/operator.ts';
import { transformerGraph } from '../../src/graph/transformer.ts';
import type { Sharding } from '../../src/graph/unitBuilder.ts';
import { findStack } from '../../src/stack/index.ts';
import type { Stack, StackName } from '../../src/stack/stack.ts';

export function model(name: string): ModelSpec {
  const found = findModel(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

export function stack(name: StackName, changes: Partial<Stack> = {}): Stack {
  return { ...findStack(name)!, ...changes };
}

/** A rank's share of a model on one device in 16 bits, its sequence as long as its position table, unless told otherwise. */
export function sharding(changes: Partial<Sharding> = {}): Sharding {
  return { tensor: 1, context: 1, sequenceParallel: false, sequenceLength: 2048, elementBytes: 2, ...changes };
}

/** The graph of a model under a stack and a sharding. */
export function graphOf(
  spec: ModelSpec | string,
  changes: Partial<Sharding> = {},
  software: Stack = stack('megatron-2021'),
): ComputeGraph {
  return transformerGraph(typeof spec === 'string' ? model(spec) : spec, software, sharding(changes));
}

/** Sums over every operator of every unit, repeated layers as often as they are repeated. */
export function total(graph: ComputeGraph, value: (operator: Operator) => number): number {
  return graph.units.reduce((sum, unit) => sum + unitTotal(unit, value), 0);
}

export function unitTotal(unit: Unit, value: (operator: Operator) => number): number {
  return unit.operators.reduce((sum, operator) => sum + value(operator), 0);
}

/** The layers of a graph are all one unit; this is it. */
export function layerOf(graph: ComputeGraph): Unit {
  return graph.units.find((unit) => unit.kind === 'layer')!;
}

/** True where every matrix and every head of the model can be cut into so many equal parts. */
export function divides(spec: ModelSpec, tensor: number): boolean {
  return [spec.attentionHeads, spec.keyValueHeads, spec.hiddenSize, spec.feedForwardSize].every(
    (size) => size % tensor === 0,
  );
}
