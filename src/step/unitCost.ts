import type { Unit, UnitKind } from '../graph/computeGraph.ts';
import { sum } from '../graph/operator.ts';
import { fallsBack } from '../hardware/kernels/attention.ts';
import { narrowFormat } from '../hardware/kernels/narrow.ts';
import { type OperatorTime, operatorSeconds } from '../hardware/operatorTime.ts';
import { isRecomputed, type UnitRecompute } from '../memory/unitMemory.ts';
import { exposedBackward, exposedForward } from './exposedComm.ts';
import { scaleMaxima } from './scaleMaxima.ts';
import type { UnitContext } from './unitContext.ts';

/** Seconds of one unit for one microbatch on one device. Communication counts only where nothing hides it. */
export interface UnitCost {
  readonly forward: number;
  readonly recompute: number;
  readonly backwardInput: number;
  readonly backwardWeight: number;
  /** Of tensor-parallel ranks, in the forward, the recomputing and the backward pass. */
  readonly forwardTensorComm: number;
  readonly recomputeTensorComm: number;
  readonly backwardTensorComm: number;
  /** Of context-parallel ranks. */
  readonly forwardContextComm: number;
  readonly recomputeContextComm: number;
  readonly backwardContextComm: number;
  /** Of forward and of recomputing and backward, what products take. */
  readonly forwardProducts: number;
  readonly backwardProducts: number;
}

/**
 * Sharpness of the smooth maximum of device and host time: a host that is nearly as slow is felt a little. Fitted to
 * launch-bound steps of small models (arXiv 2312.12391, published measurements).
 */
const hostSharpness = 5;

/** A softmax of separate kernels adds about five launches to the twenty of a layer. */
const separateSoftmaxLaunches = 0.25;

/** Weight gradients are four to six of about 25 launches of a layer's backward pass. */
const weightShareOfHost = 0.2;

/**
 * Launches of a unit over those of a layer, about 25 forward and 30 backward: an embedding masks, looks up, adds and
 * drops out; a head has a norm, a product and a loss in some twenty passes, most of them forward.
 * @source D: kernels counted in Megatron-LM, core/tensor_parallel/layers.py and cross_entropy.py
 */
const launchesOver: Readonly<Record<UnitKind, { readonly forward: number; readonly backward: number }>> = {
  embedding: { forward: 0.25, backward: 0.15 },
  layer: { forward: 1, backward: 1 },
  head: { forward: 1, backward: 0.35 },
  operator: { forward: 0, backward: 0 },
};

/** What a unit costs, its operators run one after another with collectives beside them where the stack overlaps them. */
export function unitCost(unit: Unit, context: UnitContext, recompute: UnitRecompute): UnitCost {
  const { accelerator, stack, choice, sequences, splitsBackward } = context;
  const times = unit.operators.map((operator) => operatorSeconds(accelerator, choice, operator, sequences));
  const forward = sum(times, (time) => time.forward);
  const backwardInput = sum(times, (time) => time.backwardInput);
  const backwardWeight = sum(times, (time) => time.backwardWeight);
  const forwardComm = exposedForward(unit.operators, times, context);
  const backwardComm = exposedBackward(unit.operators, times, context);
  const maxima = scaleMaxima(unit, context);
  forwardComm.tensor += maxima.forward;
  backwardComm.tensor += maxima.backward;
  const repeated = unit.operators.map((operator, index) =>
    isRecomputed(unit, operator, stack, recompute) ? times[index].forward : 0,
  );
  const again = sum(repeated, (seconds) => seconds);

  const { ranks } = context.tensorGroup;
  const collectives = ranks > 1 ? 1 + stack.hostTensorFactorPerRank * ranks : 1;
  const separate = unit.operators.some((operator) => fallsBack(accelerator, choice, operator, sequences));
  const slower = collectives * (separate ? 1 + separateSoftmaxLaunches : 1);
  // A captured graph is launched as a whole: the host is done long before the device.
  const scaling = narrowFormat(choice.precision, choice.precisionRecipe) === undefined ? 1 : stack.hostFactorIn8Bits;
  const factor = stack.cudaGraphs ? 0 : slower * scaling * (unit.share ?? 1);
  const launches = launchesOver[unit.kind];
  const hostForward = stack.hostSecondsPerLayer.forward * launches.forward * factor;
  const hostBackward = stack.hostSecondsPerLayer.backward * launches.backward * factor;
  const forwardGap = hostGap(forward + forwardComm.tensor + forwardComm.context, hostForward);
  const inputSeconds = backwardInput + backwardComm.tensor + backwardComm.context;
  const inputGap = splitsBackward
    ? hostGap(inputSeconds, hostBackward * (1 - weightShareOfHost))
    : hostGap(inputSeconds + backwardWeight, hostBackward);
  const weightGap = splitsBackward ? hostGap(backwardWeight, hostBackward * weightShareOfHost) : 0;
  const whole = recompute === 'full' || recompute === 'inner' ? 1 : 0;
  return {
    forward: forward + forwardGap,
    recompute: again + whole * forwardGap,
    backwardInput: backwardInput + inputGap,
    backwardWeight: backwardWeight + weightGap,
    forwardTensorComm: forwardComm.tensor,
    recomputeTensorComm: whole * forwardComm.tensor,
    backwardTensorComm: backwardComm.tensor,
    forwardContextComm: forwardComm.context,
    recomputeContextComm: whole * forwardComm.context,
    backwardContextComm: backwardComm.context,
    ...productsOf(unit, times, repeated),
  };
}

/** What products take of a unit's passes, where its operators take so long and so long again. */
function productsOf(unit: Unit, times: readonly OperatorTime[], repeated: readonly number[]) {
  let forwardProducts = 0;
  let backwardProducts = 0;
  unit.operators.forEach((operator, index) => {
    if (operator.gemm === undefined) return;
    const { forward, backwardInput, backwardWeight } = times[index];
    forwardProducts += forward;
    backwardProducts += backwardInput + backwardWeight + repeated[index];
  });
  return { forwardProducts, backwardProducts };
}

/** Time the device waits for a host that needs `host` seconds to launch what takes the device `device` seconds. */
function hostGap(device: number, host: number): number {
  if (host === 0) return 0;
  return (device ** hostSharpness + host ** hostSharpness) ** (1 / hostSharpness) - device;
}
