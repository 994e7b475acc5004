import { endOfStep } from '../../step/endOfStep.ts';
import type { StageProfile } from '../../step/stageProfile.ts';
import type { Setting } from './setting.ts';

/**
 * The least time from the last pass to the next step, for devices that hold at least so many parameters: the optimizer,
 * and averaging gradients where nothing hides that. A split backward pass steps each device as soon as it is done, and
 * the busiest need not be the slowest to step.
 * @param most parameters that some device has at least
 * @param least parameters that every device has at least
 */
export function tailSeconds({ job, layout, schedule }: Setting, most: number, least: number): number {
  const of = (parameters: number) =>
    endOfStep(job, layout, [{ start: 0, end: 0, stage: { ...idleStage, parameters: Math.floor(parameters) } }]);
  const { hostSecondsPerStep, overlapsGradients } = job.stack;
  if (schedule.splitsBackward) return of(least).optimizer + hostSecondsPerStep;
  const averaging = overlapsGradients ? 0 : of(least).reducedAt;
  return of(most).optimizer + averaging + hostSecondsPerStep;
}

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
