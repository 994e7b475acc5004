import { fail } from '../errors.ts';
import { BoundedCache } from './boundedCache.ts';
import { type PipelinePlan, planPipeline } from './plan.ts';
import { type PipelineCosts, type PipelineShape, placementOf, type Schedule } from './schedule.ts';

/** Plans kept, and tasks kept over all of them. */
const MOST_PLANS = 256;
const MOST_TASKS = 4_000_000;
const plans = new BoundedCache<PipelinePlan>(MOST_PLANS, MOST_TASKS);

/** A key that two shapes share exactly when a fixed schedule orders them in the same way. */
export function planKey(schedule: Schedule, shape: PipelineShape): string {
  const { stages, virtualStages, microbatches, microbatchGroupSize } = shape;
  return `${schedule.name} ${stages} ${virtualStages} ${microbatches} ${microbatchGroupSize}`;
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
  const key = schedule.fixed ? planKey(schedule, shape) : '';
  const kept = schedule.fixed ? plans.get(key) : undefined;
  if (kept !== undefined) return kept;
  checkShape(schedule, shape);
  const orders = schedule.order(shape, costs);
  const plan = planPipeline(orders, shape, placementOf(schedule, shape), schedule.splitsBackward);
  if (schedule.fixed) plans.set(key, plan, plan.tasks);
  return plan;
}
