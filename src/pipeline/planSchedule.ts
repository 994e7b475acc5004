import { fail } from '../errors.ts';
import { type PipelinePlan, planPipeline } from './plan.ts';
import { type PipelineCosts, type PipelineShape, placementOf, type Schedule } from './schedule.ts';

/** Plans kept, and tasks kept over all of them; beyond either the least recently used goes. */
const MOST_PLANS = 256;
const MOST_TASKS = 4_000_000;

const plans = new Map<string, PipelinePlan>();
let tasksKept = 0;

function keyOf(schedule: Schedule, shape: PipelineShape): string {
  const { stages, virtualStages, microbatches, microbatchGroupSize, activeMicrobatches } = shape;
  return `${schedule.name} ${stages} ${virtualStages} ${microbatches} ${microbatchGroupSize} ${activeMicrobatches}`;
}

function keep(key: string, plan: PipelinePlan): void {
  plans.set(key, plan);
  tasksKept += plan.tasks;
  for (const [oldest, old] of plans) {
    if (plans.size === 1 || (plans.size <= MOST_PLANS && tasksKept <= MOST_TASKS)) return;
    plans.delete(oldest);
    tasksKept -= old.tasks;
  }
}

/** Throws where the schedule cannot run the shape, with what would be legal. */
export function checkShape(schedule: Schedule, shape: PipelineShape, path = 'schedule'): void {
  const fault = schedule.illegal(shape);
  if (fault !== undefined) fail(path, fault);
}

/**
 * The plan of a schedule. That of a fixed schedule is kept and used again for other costs.
 * @throws ForetrainError where the schedule cannot run the shape
 */
export function planSchedule(schedule: Schedule, shape: PipelineShape, costs: PipelineCosts): PipelinePlan {
  const key = schedule.fixed ? keyOf(schedule, shape) : '';
  const kept = schedule.fixed ? plans.get(key) : undefined;
  if (kept !== undefined) {
    plans.delete(key);
    plans.set(key, kept);
    return kept;
  }
  checkShape(schedule, shape);
  const plan = planPipeline(schedule.order(shape, costs), shape, placementOf(schedule, shape), schedule.splitsBackward);
  if (schedule.fixed) keep(key, plan);
  return plan;
}
