import { type PipelineTimeline, producedAt } from '../pipeline/run.ts';
import type { FinishedStep } from './finishStep.ts';
import { type Pass, visitPasses } from './passes.ts';
import { type Breakdown, type BreakdownKind, breakdownKinds } from './report.ts';
import type { StageProfile } from './stageProfile.ts';

/**
 * What the critical device does from the beginning to the end of a step: its tasks by what they are made of; a wait for an input
 * that is on its way counts as communication, one for an input that nobody has made yet as bubble.
 */
export function breakdownOf(
  timeline: PipelineTimeline,
  stages: readonly StageProfile[],
  step: FinishedStep,
): Breakdown {
  const { plan, start, end } = timeline;
  const device = step.criticalDevice;
  const last = step.ends[device]!;
  const seconds = Object.fromEntries(breakdownKinds.map((kind) => [kind, 0])) as Record<BreakdownKind, number>;
  const visit = (pass: Pass, lane: number) => addPass(seconds, pass, stages[lane % plan.virtualStages]!);
  let free = step.beginsAt[device]!;
  for (let index = plan.deviceOffset[device]!; index < plan.deviceOffset[device + 1]!; index++) {
    const task = plan.deviceTasks[index]!;
    const gap = start[task]! - free;
    const bubble = Math.min(gap, Math.max(0, producedAt(timeline, task) - free));
    seconds.bubble += bubble;
    seconds.pipelineComm += gap - bubble;
    visitPasses(plan, task, visit);
    free = end[task]!;
  }
  seconds.dataComm += last.reducedAt - free + last.gather;
  seconds.bubble += Math.max(0, step.barrier - last.reducedAt);
  seconds.optimizer += last.optimizer;
  seconds.other += step.hostSeconds;
  return seconds;
}

/** Adds what one pass of a stage is made of. */
function addPass(seconds: Record<BreakdownKind, number>, pass: Pass, stage: StageProfile): void {
  switch (pass) {
    case 'forward':
      seconds.forward += stage.forward;
      seconds.tensorComm += stage.forwardTensorComm;
      seconds.contextComm += stage.forwardContextComm;
      seconds.dataComm += stage.forwardDataComm;
      seconds.offload += stage.forwardOffload;
      return;
    case 'backward-weight':
      seconds.backward += stage.backwardWeight;
      return;
    case 'backward':
    case 'backward-input':
      seconds.recompute += stage.recompute;
      seconds.backward += stage.backwardInput + (pass === 'backward' ? stage.backwardWeight : 0);
      seconds.tensorComm += stage.recomputeTensorComm + stage.backwardTensorComm;
      seconds.contextComm += stage.recomputeContextComm + stage.backwardContextComm;
      seconds.dataComm += stage.backwardDataComm;
      seconds.offload += stage.backwardOffload;
  }
}
