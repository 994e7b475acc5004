import type { Job } from '../job/job.ts';
import { oncePerObject } from '../keep.ts';
import type { RankLayout } from '../partition/placement.ts';
import type { PipelinePlan } from '../pipeline/plan.ts';
import { type PipelineTimeline, runPipeline } from '../pipeline/run.ts';
import type { PipelineCosts } from '../pipeline/schedule.ts';
import { sharedRun } from '../pipeline/sharedRun.ts';
import type { TransferMode } from '../stack/stack.ts';
import { type FinishedStep, finishStep, SETTLED, stepsOptimistically } from './finishStep.ts';
import { lastBackwards } from './passes.ts';
import type { StageProfile } from './stageProfile.ts';

/** Nobody writes into a timeline that is shared. */
const sharedLastBackwards = oncePerObject(lastBackwards);

/** Steps after which devices that start one step when they end the other have long settled; two is what most take. */
const MOST_STEPS = 64;

/**
 * Runs a step and what follows it. Where steps overlap, each device begins one when it has ended the other, and steps
 * are run one after the other until all devices take equally long for one: the growth rate of a max-plus system, which
 * is how often such a pipeline turns (Baccelli et al., Synchronization and Linearity, section 3.2). It never grows when
 * costs shrink.
 */
export function runStep(
  job: Job,
  layout: RankLayout,
  plan: PipelinePlan,
  costs: PipelineCosts,
  transfers: TransferMode,
  stages: readonly StageProfile[],
): { readonly timeline: PipelineTimeline; readonly step: FinishedStep } {
  let begins = new Float64Array(plan.stages);
  let timeline = sharedRun(plan, costs, transfers);
  let own: PipelineTimeline | undefined;
  let step = finishStep(job, layout, timeline, sharedLastBackwards(timeline), stages, begins);
  if (!stepsOptimistically(plan)) return { timeline, step };
  for (let steps = 1; steps < MOST_STEPS && !isSettled(step); steps++) {
    const next = step.spans.map((span, device) => begins[device]! + span);
    const first = Math.min(...next);
    begins = Float64Array.from(next, (moment) => moment - first);
    own = runPipeline(plan, costs, transfers, own, begins);
    timeline = own;
    step = finishStep(job, layout, timeline, lastBackwards(timeline), stages, begins);
  }
  return { timeline, step };
}

/** Whether all devices take equally long from the beginning of their step to that of the next. */
function isSettled({ spans }: FinishedStep): boolean {
  const longest = Math.max(...spans);
  return longest - Math.min(...spans) <= SETTLED * longest;
}
