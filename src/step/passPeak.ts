import type { PipelinePlan } from '../pipeline/plan.ts';
import { type Pass, visitPasses } from './passes.ts';
import type { StageProfile } from './stageProfile.ts';

/** The fullest moment of a device's passes. */
export interface PassPeak {
  readonly savedBytes: number;
  readonly transientBytes: number;
  /** The task that runs then; −1 where there is none. */
  readonly task: number;
}

/**
 * Walks a device's tasks in order, and says of each what is held while it runs: bytes saved for backward passes, and
 * bytes that only this task needs; then what it leaves behind. A forward pass adds what its stage saves for a
 * microbatch; the passes that read it last (both halves of a split backward pass) take it away.
 */
export function walkMemory(
  plan: PipelinePlan,
  device: number,
  stages: readonly StageProfile[],
  visit: (task: number, savedBytes: number, transientBytes: number, leftBytes: number) => void,
): void {
  let held = 0;
  let freed = 0;
  let transient = 0;
  const visitPass = (pass: Pass, lane: number) => {
    const stage = stages[lane % plan.virtualStages]!;
    switch (pass) {
      case 'forward':
        held += stage.savedBytes;
        return;
      case 'backward':
        transient += Math.max(stage.backwardTransientBytes, stage.lossTransientBytes);
        freed += stage.savedBytes;
        return;
      case 'backward-input':
        transient += Math.max(stage.backwardTransientBytes, stage.lossTransientBytes);
        freed += stage.savedBytes - stage.weightBytes;
        return;
      case 'backward-weight':
        freed += stage.weightBytes;
    }
  };
  for (let index = plan.deviceOffset[device]!; index < plan.deviceOffset[device + 1]!; index++) {
    const task = plan.deviceTasks[index]!;
    freed = 0;
    transient = 0;
    visitPasses(plan, task, visitPass);
    visit(task, held, transient, held - freed);
    held -= freed;
  }
}

/** The moment at which a device holds most for backward passes and for the task at work. */
export function passPeak(plan: PipelinePlan, device: number, stages: readonly StageProfile[]): PassPeak {
  let savedMost = 0;
  let transientMost = 0;
  let fullest = -1;
  walkMemory(plan, device, stages, (task, savedBytes, transientBytes) => {
    if (savedBytes + transientBytes > savedMost + transientMost) {
      savedMost = savedBytes;
      transientMost = transientBytes;
      fullest = task;
    }
  });
  return { savedBytes: savedMost, transientBytes: transientMost, task: fullest };
}
