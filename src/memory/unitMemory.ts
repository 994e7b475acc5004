import type { Unit } from '../graph/computeGraph.ts';
import { type Operator, savedBytes, sum } from '../graph/operator.ts';
import type { Stack } from '../stack/stack.ts';

/** What a unit does with its saved tensors: keeps them, drops those of the attention core, or all but its input. */
export type UnitRecompute = 'none' | 'selective' | 'full';

/** Bytes of one unit for `sequences` sequences on one rank. */
export interface UnitMemory {
  /** Kept from the forward to the backward pass of a microbatch. */
  readonly savedBytes: number;
  /** Alive only while the unit's forward or backward pass runs, beyond what is saved. */
  readonly forwardTransientBytes: number;
  readonly backwardTransientBytes: number;
}

/**
 * What one unit keeps and what it needs while it runs.
 * @source arXiv 2205.05198 section 5: selective recomputation drops the attention core, full keeps the unit's input
 */
export function unitMemory(unit: Unit, stack: Stack, sequences: number, recompute: UnitRecompute): UnitMemory {
  const all = sum(unit.operators, savedBytes);
  const core = sum(unit.operators, coreBytes);
  const kept = recompute === 'full' ? unit.boundaryBytes : recompute === 'selective' ? all - core : all;
  const loss = unit.operators.find((operator) => operator.kind === 'loss');
  const logits = loss === undefined ? 0 : savedBytes(loss) / stack.lossBytesPerLogit.saved;
  const lossPeak = logits * (stack.lossBytesPerLogit.peak - stack.lossBytesPerLogit.saved);
  return {
    savedBytes: kept * sequences,
    forwardTransientBytes: 0,
    backwardTransientBytes: (all - kept + lossPeak) * sequences,
  };
}

function coreBytes(operator: Operator): number {
  return sum(operator.saved, (tensor) => (tensor.core ? tensor.bytes : 0));
}
