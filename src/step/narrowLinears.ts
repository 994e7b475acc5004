import type { Unit } from '../graph/computeGraph.ts';
import type { Operator } from '../graph/operator.ts';

/** The products of a unit that are in 8 bits where a job is: those of layers. */
export function narrowLinears(unit: Unit): readonly Operator[] {
  return unit.kind === 'layer' ? unit.operators.filter(({ kind }) => kind === 'matmul') : [];
}
