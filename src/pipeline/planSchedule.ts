import { fail } from '../errors.ts';
import { BoundedCache } from './boundedCache.ts';
import { isDeviceMap } from './placement.ts';
import { type PipelinePlan, planPipeline } from './plan.ts';
import {
  type DeviceOrders,
  MOST_CHUNKS,
  type PipelineCosts,
  type PipelineShape,
  placementOf,
  type Schedule,
} from './schedule.ts';

/** Plans kept, and tasks kept over all of them. */
const MOST_PLANS = 1024;
const MOST_TASKS = 4_000_000;
const plans = new BoundedCache<PipelinePlan>(MOST_PLANS, MOST_TASKS);

/** A key that two shapes share exactly when a fixed schedule orders them in the same way. */
export function planKey(schedule: Schedule, shape: PipelineShape): string {
  const { stages, virtualStages, microbatches, microbatchGroupSize } = shape;
  return `${schedule.name} ${stages} ${virtualStages} ${microbatches} ${microbatchGroupSize}`;
}

/** Throws where the schedule cannot run the shape, with what would be legal. */
export function checkShape(schedule: Schedule, shape: PipelineShape, path = 'schedule'): void {
  const { stages, virtualStages, microbatches, microbatchGroupSize, activeMicrobatches } = shape;
  const counts = { stages, virtualStages, microbatches, microbatchGroupSize, activeMicrobatches };
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isInteger(count) || count < 1) fail(name, `is ${count}; it is a whole number of at least 1`);
  }
  if (virtualStages > MOST_CHUNKS) fail('virtualStages', `is ${virtualStages}; it is at most ${MOST_CHUNKS}`);
  const fault = schedule.illegal(shape);
  if (fault !== undefined) fail(path, fault);
}

/** Plans of orders that were found as they went, with the orders they are of. */
interface FoundPlan {
  readonly orders: DeviceOrders;
  readonly plan: PipelinePlan;
}
const foundPlans = new BoundedCache<FoundPlan>(MOST_PLANS, MOST_TASKS);

/** A number that orders which differ hardly ever share (FNV-1a over their tasks). */
function orderHash(orders: DeviceOrders): number {
  let hash = 0x811c9dc5;
  for (const order of orders) {
    for (let i = 0; i < order.length; i++) hash = Math.imul(hash ^ order[i], 0x01000193);
  }
  return hash;
}

function sameOrders(a: DeviceOrders, b: DeviceOrders): boolean {
  if (a.length !== b.length) return false;
  for (let d = 0; d < a.length; d++) {
    if (a[d].length !== b[d].length) return false;
    for (let i = 0; i < a[d].length; i++) if (a[d][i] !== b[d][i]) return false;
  }
  return true;
}

/**
 * The plan of a schedule. It is kept and used again: that of a fixed schedule for any other costs, that of a dynamic one
 * for costs that lead to the same order.
 * @throws ForetrainError where the schedule cannot run the shape
 */
export function planSchedule(schedule: Schedule, shape: PipelineShape, costs: PipelineCosts): PipelinePlan {
  const key = planKey(schedule, shape);
  const kept = schedule.fixed ? plans.get(key) : undefined;
  if (kept !== undefined) return kept;
  checkShape(schedule, shape);
  const orders = schedule.order(shape, costs);
  const placement = placementOf(schedule, shape);
  if (schedule.fixed) {
    const plan = planPipeline(orders, shape, placement, schedule.splitsBackward);
    plans.set(key, plan, plan.tasks);
    return plan;
  }
  // The same order on other devices is another plan.
  const where = isDeviceMap(placement) ? placement.devices.join() : placement;
  const foundKey = `${key} ${where} ${orderHash(orders)}`;
  const found = foundPlans.get(foundKey);
  if (found !== undefined && sameOrders(found.orders, orders)) return found.plan;
  const plan = planPipeline(orders, shape, placement, schedule.splitsBackward);
  foundPlans.set(foundKey, { orders, plan }, plan.tasks);
  return plan;
}
