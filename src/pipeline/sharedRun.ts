import type { PipelinePlan } from './plan.ts';
import { PlanResults } from './planResults.ts';
import { costTables, type PipelineTimeline, runPipeline, type TransferMode } from './run.ts';
import type { PipelineCosts } from './schedule.ts';

/** Timelines kept, and tasks kept over all of them: 16 bytes each. */
const MOST_TIMELINES = 256;
const MOST_TASKS = 1_000_000;

const timelines: Readonly<Record<TransferMode, PlanResults<PipelineTimeline>>> = {
  async: new PlanResults(MOST_TIMELINES, MOST_TASKS),
  link: new PlanResults(MOST_TIMELINES, MOST_TASKS),
  blocking: new PlanResults(MOST_TIMELINES, MOST_TASKS),
};

/** As {@link runPipeline}, from when all devices are free; the very same timeline for the same costs, so nobody may write into it. */
export function sharedRun(plan: PipelinePlan, costs: PipelineCosts, transfers: TransferMode): PipelineTimeline {
  const { costOf, transferOf } = costTables(plan, costs);
  const numbers = new Float64Array(costOf.length + transferOf.length);
  numbers.set(costOf);
  numbers.set(transferOf, costOf.length);
  return timelines[transfers].get(plan, numbers, plan.tasks, () => runPipeline(plan, costs, transfers));
}
