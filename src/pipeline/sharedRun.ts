import type { PipelinePlan } from './plan.ts';
import { PlanResults } from './planResults.ts';
import { type PipelineTimeline, runPipeline, type TransferMode } from './run.ts';
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
  const run = () => runPipeline(plan, costs, transfers);
  return timelines[transfers].get(plan, numbersOf(costs), plan.tasks, run);
}

/** All costs in one list; that of a plan has always the same length, with one more part where pairs have costs of their own. */
function numbersOf({ forward, backward, weight, communication, fusedPair }: PipelineCosts): Float64Array {
  const parts =
    fusedPair === undefined
      ? [forward, backward, weight, communication]
      : [forward, backward, weight, communication, fusedPair];
  const numbers = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    numbers.set(part, at);
    at += part.length;
  }
  return numbers;
}
