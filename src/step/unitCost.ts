import type { Unit } from '../graph/computeGraph.ts';
import type { Operator } from '../graph/operator.ts';
import type { Accelerator } from '../hardware/accelerator.ts';
import { collectiveSeconds, type Group } from '../hardware/collectives/index.ts';
import type { KernelChoice } from '../hardware/kernels/choice.ts';
import { type OperatorTime, operatorSeconds } from '../hardware/operatorTime.ts';
import type { UnitRecompute } from '../memory/unitMemory.ts';
import type { Stack, TensorOverlap } from '../stack/stack.ts';

/** Seconds of one unit for one microbatch on one device. Communication counts only where nothing hides it. */
export interface UnitCost {
  readonly forward: number;
  readonly forwardTensorComm: number;
  readonly recompute: number;
  readonly recomputeTensorComm: number;
  readonly backwardInput: number;
  readonly backwardWeight: number;
  readonly backwardTensorComm: number;
}

/** Where and with what a unit runs. */
export interface UnitContext {
  readonly accelerator: Accelerator;
  readonly stack: Stack;
  readonly choice: KernelChoice;
  readonly tensorGroup: Group;
  /** Sequences of a microbatch. */
  readonly sequences: number;
}

/** Sharpness of the smooth maximum of device and host time: a host that is nearly as slow is felt a little. */
const hostSharpness = 4;

/** What a unit costs, its operators run one after another with collectives beside them where the stack overlaps them. */
export function unitCost(unit: Unit, context: UnitContext, recompute: UnitRecompute): UnitCost {
  const { accelerator, stack, choice, sequences } = context;
  const times = unit.operators.map((operator) => operatorSeconds(accelerator, choice, operator, sequences));
  const forward = total(times, (time) => time.forward);
  const forwardTensorComm = exposedForward(unit.operators, times, context);
  const backwardInput = total(times, (time) => time.backwardInput);
  const backwardWeight = total(times, (time) => time.backwardWeight);
  const backwardTensorComm = exposedBackward(unit.operators, times, context);
  const core = unit.operators.reduce(
    (sum, { kind }, index) => (kind === 'attention' ? sum + times[index]!.forward : sum),
    0,
  );

  const isLayer = unit.kind === 'layer';
  const slower = context.tensorGroup.ranks > 1 ? stack.hostTensorFactor : 1;
  const hostForward = isLayer ? stack.hostSecondsPerLayer.forward * slower : 0;
  const hostBackward = isLayer ? stack.hostSecondsPerLayer.backward * slower : 0;
  const forwardGap = hostGap(forward + forwardTensorComm, hostForward);
  const backwardGap = hostGap(backwardInput + backwardWeight + backwardTensorComm, hostBackward);
  return {
    forward: forward + forwardGap,
    forwardTensorComm,
    recompute: recompute === 'full' ? forward + forwardGap : recompute === 'selective' ? core : 0,
    recomputeTensorComm: recompute === 'full' ? forwardTensorComm : 0,
    backwardInput: backwardInput + backwardGap,
    backwardWeight,
    backwardTensorComm,
  };
}

const total = (times: readonly OperatorTime[], part: (time: OperatorTime) => number): number =>
  times.reduce((sum, time) => sum + part(time), 0);

/** Time the device waits for a host that needs `host` seconds to launch what takes the device `device` seconds. */
function hostGap(device: number, host: number): number {
  if (host === 0) return 0;
  return (device ** hostSharpness + host ** hostSharpness) ** (1 / hostSharpness) - device;
}

/** Products that a collective stands before (entering the tensor region) or behind (leaving it). */
function neighbours(operators: readonly Operator[], index: number): number[] {
  const { collective } = operators[index]!;
  const entering = collective!.forward === 'all-gather' || collective!.forward === undefined;
  const found: number[] = [];
  if (!entering) return operators[index - 1]?.kind === 'matmul' ? [index - 1] : [];
  for (let next = index + 1; operators[next]?.kind === 'matmul'; next++) found.push(next);
  return found;
}

function overlapOf(stack: Stack): TensorOverlap {
  return stack.asyncTensorParallel ? 'pipelined' : stack.tensorOverlap;
}

/**
 * A collective cut into one piece a rank, run beside the product next to it: the product's own piece needs no
 * communication, and the last piece of a reduction has nothing left to hide under.
 */
function exposedPipelined(comm: number, product: number, ranks: number, entering: boolean): number {
  const hidden = product * (1 - 1 / ranks);
  return Math.max(entering ? 0 : comm / ranks, comm - hidden);
}

function exposedForward(operators: readonly Operator[], times: readonly OperatorTime[], context: UnitContext): number {
  const { stack, tensorGroup, sequences } = context;
  let exposed = 0;
  operators.forEach(({ collective }, index) => {
    if (collective?.forward === undefined) return;
    const comm = collectiveSeconds(collective.forward, collective.bytes * sequences, tensorGroup);
    const beside = neighbours(operators, index);
    const pipelined = overlapOf(stack) === 'pipelined' && collective.forward !== 'all-reduce' && beside.length > 0;
    const product = beside.reduce((sum, at) => sum + times[at]!.forward, 0);
    exposed += pipelined
      ? exposedPipelined(comm, product, tensorGroup.ranks, collective.forward === 'all-gather')
      : comm;
  });
  return exposed;
}

function exposedBackward(operators: readonly Operator[], times: readonly OperatorTime[], context: UnitContext): number {
  const { stack, tensorGroup, sequences } = context;
  const overlap = overlapOf(stack);
  let exposed = 0;
  operators.forEach(({ collective }, index) => {
    if (collective?.backward === undefined) return;
    const bytes = collective.bytes * sequences;
    const comm = collectiveSeconds(collective.backward, bytes, tensorGroup);
    const gather = collective.backwardGather ? collectiveSeconds('all-gather', bytes, tensorGroup) : 0;
    const beside = neighbours(operators, index);
    const weight = beside.reduce((sum, at) => sum + times[at]!.backwardWeight, 0);
    const input = beside.reduce((sum, at) => sum + times[at]!.backwardInput, 0);
    const leaving = collective.backward === 'all-gather';
    if (overlap === 'none') exposed += comm + gather;
    else if (!leaving) exposed += Math.max(0, comm - weight) + Math.max(0, gather - input);
    else if (overlap === 'pipelined' && beside.length > 0) {
      exposed += exposedPipelined(comm, input, tensorGroup.ranks, true);
    } else exposed += comm;
  });
  return exposed;
}
