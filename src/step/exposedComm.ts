import type { CollectiveShape, Operator } from '../graph/operator.ts';
import { collectiveSeconds } from '../hardware/collectives/index.ts';
import { narrowFormat } from '../hardware/kernels/narrow.ts';
import type { OperatorTime } from '../hardware/operatorTime.ts';
import { elementBytes } from '../stack/precision.ts';
import type { Stack, TensorOverlap } from '../stack/stack.ts';
import type { UnitContext } from './unitContext.ts';

/** Seconds of collectives that nothing hides, by the kind of group. */
export interface ExposedComm {
  tensor: number;
  context: number;
}

/** Collectives of a unit's forward pass that hold up its operators. */
export function exposedForward(
  operators: readonly Operator[],
  times: readonly OperatorTime[],
  context: UnitContext,
): ExposedComm {
  const exposed = { tensor: 0, context: 0 };
  operators.forEach(({ collective }, index) => {
    if (collective?.forward === undefined) return;
    const comm = seconds(collective, collective.forward, context);
    if (collective.group === 'context') {
      exposed.context += exposedRing(comm, sumOf(times, attentionAfter(operators, index), 'forward'), context);
      return;
    }
    const beside = neighbours(operators, index);
    const pipelined = overlapOf(context.stack) === 'pipelined' && collective.forward !== 'all-reduce';
    exposed.tensor +=
      pipelined && beside.length > 0
        ? exposedPipelined(comm, sumOf(times, beside, 'forward'), context, collective.forward === 'all-gather')
        : comm;
  });
  return exposed;
}

/** Collectives of a unit's backward pass that hold up its operators. */
export function exposedBackward(
  operators: readonly Operator[],
  times: readonly OperatorTime[],
  context: UnitContext,
): ExposedComm {
  const overlap = overlapOf(context.stack);
  const exposed = { tensor: 0, context: 0 };
  operators.forEach(({ collective }, index) => {
    if (collective?.backward === undefined) return;
    const comm = (collective.backwardTimes ?? 1) * seconds(collective, collective.backward, context);
    const gather = collective.backwardGather ? seconds(collective, 'all-gather', context) : 0;
    if (collective.group === 'context') {
      const attention = sumOf(times, attentionAfter(operators, index), 'backwardInput');
      exposed.context += exposedRing(comm + gather, attention, context);
      return;
    }
    const beside = neighbours(operators, index);
    // Weight gradients that come in a later pass hide nothing of this one.
    const weight = context.splitsBackward ? 0 : sumOf(times, beside, 'backwardWeight');
    const input = sumOf(times, beside, 'backwardInput');
    const leaving = collective.backward === 'all-gather';
    if (overlap === 'none') exposed.tensor += comm + gather;
    else if (!leaving) exposed.tensor += Math.max(0, comm - weight) + Math.max(0, gather - input);
    else if (overlap === 'pipelined' && beside.length > 0) {
      exposed.tensor += exposedPipelined(comm, input, context, true);
    } else exposed.tensor += comm;
  });
  return exposed;
}

function seconds(collective: CollectiveShape, kind: NonNullable<CollectiveShape['forward']>, context: UnitContext) {
  const group = collective.group === 'tensor' ? context.tensorGroup : context.contextGroup;
  const { choice, stack } = context;
  const gathersNarrow = collective.group === 'tensor' && kind === 'all-gather' && stack.narrowGathers !== 'none';
  const element = elementBytes(choice.precision);
  const narrow = gathersNarrow ? narrowFormat(choice.precision, choice.precisionRecipe) : undefined;
  const share = (narrow?.operandBytes ?? element) / element;
  return collectiveSeconds(kind, collective.bytes * context.sequences * share, group);
}

function overlapOf(stack: Stack): TensorOverlap {
  return stack.asyncTensorParallel ? 'pipelined' : stack.tensorOverlap;
}

const sumOf = (times: readonly OperatorTime[], indices: readonly number[], part: keyof OperatorTime): number =>
  indices.reduce((sum, index) => sum + times[index][part], 0);

/** Products that a collective stands before (entering the tensor region) or behind (leaving it). */
function neighbours(operators: readonly Operator[], index: number): number[] {
  const { collective } = operators[index];
  const entering = collective?.forward === 'all-gather' || collective?.forward === undefined;
  if (!entering) return operators[index - 1]?.kind === 'matmul' ? [index - 1] : [];
  const found: number[] = [];
  for (let next = index + 1; operators[next]?.kind === 'matmul'; next++) found.push(next);
  return found;
}

function attentionAfter(operators: readonly Operator[], index: number): number[] {
  return operators[index + 1]?.kind === 'attention' ? [index + 1] : [];
}

/**
 * A collective cut into one piece a rank, run beside the product next to it: the product's own piece needs no
 * communication, and the last piece of a reduction has nothing left to hide under.
 */
function exposedPipelined(
  comm: number,
  product: number,
  { stack, tensorGroup: { ranks } }: UnitContext,
  entering: boolean,
): number {
  const hidden = product * (1 - 1 / ranks);
  if (stack.asyncTensorParallel) return comm - asyncHiddenShare * Math.min(comm, hidden);
  return Math.max(entering ? 0 : comm / ranks, comm - hidden);
}

/** What PyTorch's asynchronous tensor parallelism hides of what it could: fitted to torchtitan's steps with and without it. */
const asyncHiddenShare = 0.3;

/** Keys and values go round a ring while attention works on those it has; gathered at once, nothing hides them. */
function exposedRing(comm: number, attention: number, { stack, contextGroup }: UnitContext): number {
  return stack.contextParallel === 'ring' ? Math.max(0, comm - attention * (1 - 1 / contextGroup.ranks)) : comm;
}
