import { once } from '../../keep.ts';
import { type EndOf, type LastBackward, pairReductionSeconds } from '../../step/endOfStep.ts';
import { normSeconds, tiedBytes } from '../../step/finishStep.ts';
import type { LastPass } from '../../step/passes.ts';
import type { StageProfile } from '../../step/stageProfile.ts';
import { sumOfLayers, type UnitCosts } from './costs.ts';
import { type OrderFacts, stagesOn } from './orderFacts.ts';
import type { Setting } from './setting.ts';
import type { PassBound, StageSeconds } from './stageTimes.ts';

/** The last backward pass of each of a device's virtual stages, in the order in which they ran. */
export type DevicePasses = readonly LastPass[];

/** Stages whose cuts are known. */
export interface KnownStages {
  readonly seconds: StageSeconds;
  /** Of every virtual stage. */
  readonly parameters: Float64Array;
}

/** The least seconds from when all gradients are averaged until a device with so many parameters is done. */
export function steppedSeconds(endOf: EndOf, parameters: number): number {
  const { optimizer, gather } = endOf([{ start: 0, end: 0, stage: { ...idleStage, parameters, forward: endless } }]);
  return optimizer + gather;
}

/**
 * When the gradients of some device are averaged at the earliest, where layers are dealt out to devices with one virtual
 * stage each: one has its share of the layers at least. Before its last backward pass it has run all others.
 */
export function sharedReductionSeconds(endOf: EndOf, { job, shape }: Setting, costs: UnitCosts): number {
  const { stages, microbatches } = shape;
  const share = Math.ceil(job.model.layers / stages);
  const backward = sumOfLayers(costs, share, 'backward');
  const end = microbatches * (sumOfLayers(costs, share, 'forward') + backward);
  return reducedSeconds(endOf, { start: end - backward, end }, share * costs.parameters);
}

/** When the gradients of a device with so many parameters are averaged, whose last backward pass is known. */
export function reducedSeconds(
  endOf: EndOf,
  last: { readonly start: number; readonly end: number },
  parameters: number,
): number {
  return endOf([{ ...last, stage: { ...idleStage, parameters } }]).reducedAt;
}

/** The end of the passes of devices that are worth a look: when those of each of their stages end, in their order. */
export interface PassEnds {
  readonly seconds: number;
  readonly devices: readonly (readonly LastBackward[])[];
}

/**
 * When bounded passes end on the devices given.
 * @param mayBeLonger whether passes may take longer than their bound and so hide more
 */
export function passEnds(
  { order, schedule }: Setting & { readonly order: OrderFacts },
  costs: UnitCosts,
  known: KnownStages,
  { seconds, deviceEnds }: PassBound,
  devices: readonly number[],
  mayBeLonger: boolean,
): PassEnds {
  const { forward, backward } = known.seconds;
  const stageOf = stagesThatEnd(costs, known, mayBeLonger);
  // A pass that takes longer than is known begins no earlier than all others of its device have run.
  const othersSeconds = (device: number, final: number) =>
    stagesOn(order)[device]!.reduce(
      (sum, stage) => sum + order.microbatches * (forward[stage]! + backward[stage]!),
      0,
    ) - backward[final]!;
  return {
    seconds,
    devices: devices.map((device) => {
      const final = order.lastBackward[device]!;
      const end = deviceEnds[device]!;
      const isOpen = mayBeLonger || schedule.splitsBackward;
      const start = isOpen ? Math.min(end, othersSeconds(device, final)) : end - backward[final]!;
      // Its other stages are done already: their gradients have left.
      const others = stagesOn(order)[device]!.filter((stage) => stage !== final);
      return [
        ...others.map((stage) => ({ start: 0, end: 0, stage: stageOf(stage) })),
        { start, end, stage: stageOf(final) },
      ];
    }),
  };
}

/**
 * The least time of a step whose cuts are known, the passes being bounded: a device averages the gradients of its last
 * backward pass when that ends, and the slowest steps its optimizer and gathers what that changed.
 */
export function boundedStepSeconds(
  endOf: EndOf,
  { job, schedule }: Setting,
  { seconds, devices }: PassEnds,
  { tied, norm }: AfterReduction,
): number {
  // The last pass of all is one of the first virtual stage.
  let barrier = seconds + tied;
  let slowest = 0;
  let optimistic = 0;
  for (const last of devices) {
    const { reducedAt, optimizer, gather } = endOf(last);
    barrier = Math.max(barrier, reducedAt + (isTied(last) ? tied : 0));
    slowest = Math.max(slowest, optimizer + gather);
    optimistic = Math.max(optimistic, last.at(-1)!.end + optimizer + gather);
  }
  return (
    (schedule.splitsBackward ? Math.max(seconds, optimistic) : barrier + norm + slowest) + job.stack.hostSecondsPerStep
  );
}

/** What comes between the averaging of each device's gradients and the steps of all optimizers, seconds. */
export interface AfterReduction {
  /** Averaging what both ends of a model share, where two devices have it. */
  readonly tied: number;
  /** Until all know the norm of all gradients. */
  readonly norm: number;
}

/** Nobody waits for anything where backward passes are split. */
export function afterReduction(setting: Setting, { head }: UnitCosts): AfterReduction {
  const { job, layout, order, schedule } = setting;
  if (schedule.splitsBackward) return { tied: 0, norm: 0 };
  const distance = order === undefined ? 0 : Math.abs(order.deviceOf.at(-1)! - order.deviceOf[0]!);
  const isShared = distance > 0 && head.tiedParameters > 0;
  const bytes = tiedBytes(job, head.tiedParameters);
  return {
    tied: isShared ? pairReductionSeconds(job, layout, distance, bytes) : 0,
    norm: normSeconds(job, layout),
  };
}

function isTied(last: readonly LastBackward[]): boolean {
  return last.some(({ stage }) => stage.holdsEmbedding || stage.holdsHead);
}

/** Of the devices that have alike stages, the one that ends its passes last: its step ends no earlier than theirs. */
export function lastOfAlike(
  order: OrderFacts,
  { seconds, parameters }: KnownStages,
  { deviceEnds }: PassBound,
): readonly number[] {
  const { forward, backward } = seconds;
  const ends = order.deviceOf.length - 1;
  const on = stagesOn(order);
  const areAlike = (one: number, other: number) =>
    on[one]!.length === on[other]!.length &&
    on[one]!.every((stage, at) => {
      const like = on[other]![at]!;
      const isFinal = stage === order.lastBackward[one];
      // What the two ends of a model share makes devices that have them unlike all others.
      if (Math.min(stage, like) === 0 || Math.max(stage, like) === ends) return false;
      if (isFinal !== (like === order.lastBackward[other])) return false;
      return (
        parameters[stage] === parameters[like] && forward[stage] === forward[like] && backward[stage] === backward[like]
      );
    });
  const found: number[] = [];
  for (let device = 0; device < order.stages; device++) {
    const at = found.findIndex((one) => areAlike(one, device));
    if (at < 0) found.push(device);
    else if (deviceEnds[device]! > deviceEnds[found[at]!]!) found[at] = device;
  }
  return found;
}

/** The same where a simulation with other states has shown when the passes run. */
export function learnedStepSeconds(
  endOf: EndOf,
  { job }: Setting,
  costs: UnitCosts,
  known: KnownStages,
  passes: readonly DevicePasses[],
  mayBeLonger: boolean,
  { tied, norm }: AfterReduction,
): number {
  const stageOf = stagesThatEnd(costs, known, mayBeLonger);
  let barrier = 0;
  let slowest = 0;
  for (const last of passes) {
    const ended = last.map(({ stage, start, end }) => ({ start, end, stage: stageOf(stage) }));
    const { reducedAt, optimizer, gather } = endOf(ended);
    barrier = Math.max(barrier, reducedAt + (isTied(ended) ? tied : 0));
    slowest = Math.max(slowest, optimizer + gather);
  }
  return barrier + norm + slowest + job.stack.hostSecondsPerStep;
}

/** What the end of a step looks at of virtual stages. */
function stagesThatEnd(costs: UnitCosts, { seconds, parameters }: KnownStages, mayBeLonger: boolean) {
  const ends = parameters.length - 1;
  return once(
    (stage: number): StageProfile => ({
      ...idleStage,
      parameters: parameters[stage]!,
      forward: mayBeLonger ? endless : seconds.forward[stage]!,
      tiedParameters:
        (stage === 0 ? costs.embedding.tiedParameters : 0) + (stage === ends ? costs.head.tiedParameters : 0),
      holdsEmbedding: stage === 0 && costs.embedding.tiedParameters > 0,
      holdsHead: stage === ends && costs.head.tiedParameters > 0,
    }),
  );
}

/** A forward pass that hides whatever can be hidden, seconds. */
const endless = 1e30;

const idleStage: StageProfile = {
  profiles: [],
  layers: 0,
  operators: 0,
  parameters: 0,
  wholeParameters: 0,
  tiedParameters: 0,
  savedBytes: 0,
  weightBytes: 0,
  backwardTransientBytes: 0,
  lossTransientBytes: 0,
  holdsEmbedding: false,
  holdsHead: false,
  sendBytes: 0,
  forwardDataComm: 0,
  backwardDataComm: 0,
  forwardOffload: 0,
  backwardOffload: 0,
  hostBytes: 0,
  offloadBufferBytes: 0,
  forward: 0,
  recompute: 0,
  backwardInput: 0,
  backwardWeight: 0,
  forwardTensorComm: 0,
  recomputeTensorComm: 0,
  backwardTensorComm: 0,
  forwardContextComm: 0,
  recomputeContextComm: 0,
  backwardContextComm: 0,
  forwardProducts: 0,
  backwardProducts: 0,
};
