import type { Unit } from '../graph/computeGraph.ts';
import { type Operator, savedBytes, sum } from '../graph/operator.ts';
import type { Stack } from '../stack/stack.ts';

/**
 * What a unit does with its saved tensors: keeps them, drops those of the attention core, keeps what torchtitan's
 * per-operator policy keeps, or keeps only its input.
 */
export type UnitRecompute = 'none' | 'selective' | 'selective-op' | 'full';

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
  const kept = keptBytes(unit, recompute, all);
  const loss = unit.operators.find((operator) => operator.kind === 'loss');
  const logits = loss === undefined ? 0 : savedBytes(loss) / stack.lossBytesPerLogit.saved;
  const lossPeak = logits * (stack.lossBytesPerLogit.peak - stack.lossBytesPerLogit.saved);
  return {
    savedBytes: kept * sequences,
    forwardTransientBytes: 0,
    backwardTransientBytes: (Math.max(0, all - kept) + lossPeak) * sequences,
  };
}

function keptBytes(unit: Unit, recompute: UnitRecompute, all: number): number {
  switch (recompute) {
    case 'none':
      return all;
    case 'selective':
      return all - sum(unit.operators, coreBytes);
    case 'selective-op':
      return unit.boundaryBytes + sum(unit.operators, (operator) => policyBytes(unit, operator));
    case 'full':
      return unit.boundaryBytes;
  }
}

/** Whether the backward pass runs an operator's forward pass again. */
export function isRecomputed(unit: Unit, operator: Operator, stack: Stack, recompute: UnitRecompute): boolean {
  if (recompute !== 'none' && stack.recomputeStopsEarly && isSpared(unit, operator)) return false;
  switch (recompute) {
    case 'none':
      return false;
    case 'selective':
      return operator.kind === 'attention';
    case 'selective-op':
      return policyBytes(unit, operator) === 0 && operator.kind !== 'collective';
    case 'full':
      return true;
  }
}

/** Behind the last tensor that the backward pass needs: a product needs its input, not its output. */
function isSpared(unit: Unit, operator: Operator): boolean {
  const last = unit.operators.findLastIndex(({ saved }) => saved.length > 0);
  const index = unit.operators.indexOf(operator);
  return index > last || (index === last && operator.kind === 'matmul');
}

/**
 * Output bytes that torchtitan's per-operator policy keeps: of every second matrix product, of attention with its
 * statistics, and of reductions among tensor ranks.
 * @source pytorch/torchtitan b5bcd76 distributed/activation_checkpoint.py
 */
function policyBytes(unit: Unit, operator: Operator): number {
  switch (operator.kind) {
    case 'matmul': {
      const products = unit.operators.filter(({ kind }) => kind === 'matmul');
      return products.indexOf(operator) % 2 === 0 ? operator.outputBytes : 0;
    }
    case 'attention':
      return operator.outputBytes + coreBytes(operator);
    case 'collective':
      return operator.collective?.forward === 'reduce-scatter' ? operator.outputBytes : 0;
    default:
      return 0;
  }
}

function coreBytes(operator: Operator): number {
  return sum(operator.saved, (tensor) => (tensor.core ? tensor.bytes : 0));
}
