import { type EndOfStep, endOfStep } from '../../step/endOfStep.ts';
import type { LastPass } from '../../step/passes.ts';
import type { StageProfile } from '../../step/stageProfile.ts';
import type { UnitCosts } from './costs.ts';
import type { OrderFacts } from './orderFacts.ts';
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

/** The least time of the optimizer where cuts are open: some device has its share of the parameters at least. */
export function openTailSeconds({ job, layout, schedule }: Setting, parameters: number): number {
  const { hostSecondsPerStep } = job.stack;
  // A split backward pass steps each device as soon as it is done: the busiest need not be the slowest to step.
  if (schedule.splitsBackward) return hostSecondsPerStep;
  const stage = { ...idleStage, parameters: Math.floor(parameters) };
  return endOfStep(job, layout)([{ start: 0, end: 0, stage }]).optimizer + hostSecondsPerStep;
}

/**
 * The least time of a step whose cuts are known, the passes being bounded: a device averages the gradients of its last
 * backward pass when that ends, and the slowest steps its optimizer and gathers what that changed.
 * @param mayBeLonger whether passes may take longer than their bound and so hide more
 */
export function boundedStepSeconds(
  setting: Setting & { readonly order: OrderFacts },
  costs: UnitCosts,
  known: KnownStages,
  passes: PassBound,
  mayBeLonger: boolean,
): number {
  const { order, job, schedule } = setting;
  const { hostSecondsPerStep } = job.stack;
  const endOf = endOfStages(setting, costs, known, mayBeLonger);
  let barrier = passes.seconds;
  let slowest = 0;
  let optimistic = 0;
  for (let device = 0; device < order.stages; device++) {
    const final = order.lastBackward[device]!;
    const end = passes.deviceEnds[device]!;
    // Its other stages are done already: their gradients have left.
    const others = stagesOn(order, device)
      .filter((stage) => stage !== final)
      .map((stage) => ({ stage, start: 0, end: 0 }));
    const spent = mayBeLonger || schedule.splitsBackward ? end : known.seconds.backward[final]!;
    const last = [...others, { stage: final, start: end - spent, end }];
    const step = endOf(last);
    barrier = Math.max(barrier, step.reducedAt);
    slowest = Math.max(slowest, step.optimizer + step.gather);
    optimistic = Math.max(optimistic, end + step.optimizer + step.gather);
  }
  return (schedule.splitsBackward ? Math.max(passes.seconds, optimistic) : barrier + slowest) + hostSecondsPerStep;
}

/** The same where a simulation with other states has shown when the passes run. */
export function learnedStepSeconds(
  setting: Setting & { readonly order: OrderFacts },
  costs: UnitCosts,
  known: KnownStages,
  passes: readonly DevicePasses[],
  mayBeLonger: boolean,
): number {
  const endOf = endOfStages(setting, costs, known, mayBeLonger);
  let barrier = 0;
  let slowest = 0;
  for (const last of passes) {
    const { reducedAt, optimizer, gather } = endOf(last);
    barrier = Math.max(barrier, reducedAt);
    slowest = Math.max(slowest, optimizer + gather);
  }
  return barrier + slowest + setting.job.stack.hostSecondsPerStep;
}

function stagesOn({ deviceOf }: OrderFacts, device: number): number[] {
  const own: number[] = [];
  deviceOf.forEach((on, stage) => {
    if (on === device) own.push(stage);
  });
  return own;
}

/** What ends the step of a device whose last passes are known. */
function endOfStages(
  { job, layout }: Setting,
  costs: UnitCosts,
  { seconds, parameters }: KnownStages,
  mayBeLonger: boolean,
): (last: DevicePasses) => EndOfStep {
  const endOf = endOfStep(job, layout);
  const ends = parameters.length - 1;
  const stages = Array.from(
    parameters,
    (own, stage): StageProfile => ({
      ...idleStage,
      parameters: own,
      forward: mayBeLonger ? endless : seconds.forward[stage]!,
      tiedParameters:
        (stage === 0 ? costs.embedding.tiedParameters : 0) + (stage === ends ? costs.head.tiedParameters : 0),
      holdsEmbedding: stage === 0 && costs.embedding.tiedParameters > 0,
      holdsHead: stage === ends && costs.head.tiedParameters > 0,
    }),
  );
  return (last) => endOf(last.map(({ stage, start, end }) => ({ start, end, stage: stages[stage]! })));
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
};
