import type { Unit } from '../graph/computeGraph.ts';
import { type Operator, savedBytes, sum } from '../graph/operator.ts';
import type { Stack } from '../stack/stack.ts';
import { offloadableBytes } from './offload.ts';
import type { UnitRecompute } from './recompute.ts';

export type { UnitRecompute };

/** A tensor that stays from the forward to the backward pass of a microbatch. */
export interface KeptTensor {
  readonly name: string;
  readonly bytes: number;
}

/** Bytes of one unit for `sequences` sequences on one rank. */
export interface UnitMemory {
  /** Kept from the forward to the backward pass of a microbatch, and all of it together. */
  readonly kept: readonly KeptTensor[];
  readonly savedBytes: number;
  /** The part of it that a backward pass of the inputs leaves for that of the weights. */
  readonly weightBytes: number;
  /** Tensors that the backward pass computes again. */
  readonly recomputedBytes: number;
  /** Gradients of activations, the most that are alive at once. */
  readonly gradientBytes: number;
  /** Alive only while the loss runs, beyond what is saved; 0 in a unit without one. */
  readonly lossTransientBytes: number;
  /** Of what is kept, what the stack can copy to the host. */
  readonly offloadableBytes: number;
}

/**
 * What one unit keeps and what it needs while it runs. PyTorch keeps the graph of a split backward pass until its
 * second part, all but the logits.
 * @source arXiv 2205.05198 section 5: selective recomputation drops the attention core, full keeps the unit's input;
 * pytorch/pytorch torch/distributed/pipelining/_backward.py; the peaks of arXiv 2401.10241 table 4
 */
export function unitMemory(unit: Unit, stack: Stack, sequences: number, recompute: UnitRecompute): UnitMemory {
  const all = sum(unit.operators, savedBytes);
  const tensors = keptTensors(unit, recompute).map(({ name, bytes }) => ({ name, bytes: bytes * sequences }));
  const saved = sum(tensors, ({ bytes }) => bytes);
  const losses = unit.operators.filter(isLoss);
  return {
    kept: tensors,
    savedBytes: saved,
    weightBytes: Math.max(0, saved - sum(losses, savedBytes) * sequences),
    recomputedBytes: Math.max(0, all * sequences - saved),
    gradientBytes: gradientBytes(unit) * sequences,
    lossTransientBytes: sum(losses, ({ backwardWorkspaceBytes = 0 }) => backwardWorkspaceBytes) * sequences,
    offloadableBytes: offloadableBytes(
      stack,
      recompute,
      tensors.map(({ bytes }) => bytes),
    ),
  };
}

/**
 * Most bytes of gradients that one sequence's backward pass through a unit has alive beyond what its saved tensors have
 * given back by then: that of an operator's output, those of its inputs, and that which goes round by the residual.
 */
function gradientBytes(unit: Unit): number {
  const incoming = new Float64Array(unit.operators.length);
  for (const { to, bytes } of unit.edges) incoming[to]! += bytes;
  let freed = 0;
  let most = 0;
  for (let index = unit.operators.length - 1; index >= 0; index--) {
    const operator = unit.operators[index]!;
    if (!isLoss(operator)) {
      const inside = operator.backwardWorkspaceBytes ?? 0;
      // What crosses behind the only operator of a unit has its output in it.
      const gradients = unit.kind === 'operator' ? unit.boundaryBytes : unit.boundaryBytes + operator.outputBytes;
      most = Math.max(most, gradients + incoming[index]! + inside - freed);
    }
    freed += savedBytes(operator);
  }
  return most;
}

/** The tensors of one sequence that a unit keeps. */
function keptTensors(unit: Unit, recompute: UnitRecompute): readonly KeptTensor[] {
  const saved = unit.operators.flatMap((operator) => operator.saved);
  const input = { name: `input of the ${unit.kind}`, bytes: unit.boundaryBytes };
  switch (recompute) {
    case 'none':
      return saved;
    case 'cheap':
      return saved.filter(({ name }) => !madeCheaply(unit).has(name));
    case 'selective':
      return saved.filter(({ core }) => !core);
    case 'selective-op': {
      const outputs = unit.operators.map((operator) => ({
        name: `output of ${operator.module}`,
        bytes: policyBytes(unit, operator),
      }));
      return [input, ...outputs.filter(({ bytes }) => bytes > 0)];
    }
    case 'full':
      // What an embedding keeps is its input. The loss is outside of every checkpoint.
      return unit.kind === 'embedding' || unit.operators.every(isLoss)
        ? saved
        : [input, ...unit.operators.filter(isLoss).flatMap((loss) => loss.saved)];
    case 'inner':
      return [];
  }
}

function isLoss({ kind }: Operator): boolean {
  return kind === 'loss';
}

/** Whether the backward pass runs an operator's forward pass again. */
export function isRecomputed(unit: Unit, operator: Operator, stack: Stack, recompute: UnitRecompute): boolean {
  if (recompute !== 'none' && stack.recomputeStopsEarly && isSpared(unit, operator)) return false;
  switch (recompute) {
    case 'none':
      return false;
    case 'cheap':
      return cheapMakers(unit).includes(operator);
    case 'selective':
      return operator.kind === 'attention';
    case 'selective-op':
      return policyBytes(unit, operator) === 0 && operator.kind !== 'collective';
    case 'full':
    case 'inner':
      return !isLoss(operator);
  }
}

/**
 * Norms and activations whose output only a product keeps: cheap to make again from their own input, which is kept.
 * @source Megatron-LM core/tensor_parallel/random.py, CheckpointWithoutOutput: `layernorm` and activation recomputation
 */
function cheapMakers(unit: Unit): readonly Operator[] {
  return unit.operators.filter(
    (operator) => (operator.kind === 'norm' || operator.kind === 'activation') && eaters(unit, operator).length > 0,
  );
}

/** Names of the inputs that products keep and that cheap operators make. */
function madeCheaply(unit: Unit): ReadonlySet<string> {
  const makers = cheapMakers(unit);
  return new Set(makers.flatMap((maker) => eaters(unit, maker).flatMap(({ saved }) => saved.map(({ name }) => name))));
}

/** The products that take an operator's output, straight or gathered from all tensor ranks. */
function eaters(unit: Unit, maker: Operator): readonly Operator[] {
  const readers = (index: number) => unit.edges.filter(({ from }) => from === index).map(({ to }) => to);
  return readers(unit.operators.indexOf(maker)).flatMap((to) => {
    const reader = unit.operators[to]!;
    const behind = reader.kind === 'collective' ? readers(to).map((index) => unit.operators[index]!) : [reader];
    return behind.filter(({ kind }) => kind === 'matmul');
  });
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
