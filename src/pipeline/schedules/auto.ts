import { fail } from '../../errors.ts';
import { autoPlacement, deviceOrders, type Problem, passOrders, problemOf } from '../auto/problem.ts';
import { search } from '../auto/search.ts';
import { inFlight } from '../memory.ts';
import { chunksPerDevice } from '../placement.ts';
import { type DeviceOrders, type PipelineCosts, type PipelineShape, placementOf, type Schedule } from '../schedule.ts';

/** The orders of the named schedules that have this placement, are legal, and keep within the memory limit. */
function namedOrders(named: readonly Schedule[], shape: PipelineShape, costs: PipelineCosts, problem: Problem) {
  const whole = { ...costs, backward: costs.backward.map((input, s) => input + costs.weight[s]) };
  const orders: DeviceOrders[] = [];
  for (const schedule of named) {
    if (placementOf(schedule, shape) !== problem.placement || schedule.illegal(shape) !== undefined) continue;
    const order = schedule.order(shape, schedule.splitsBackward ? costs : whole);
    if (inFlight(order).every(({ peak }) => peak <= problem.memoryLimit)) orders.push(order);
  }
  return orders;
}

function illegal(shape: PipelineShape): string | undefined {
  const { memoryLimit } = shape;
  const least = chunksPerDevice(autoPlacement(shape), shape);
  if (memoryLimit === undefined || memoryLimit >= least) return undefined;
  return `no order holds less than ${least} microbatch activations of a virtual stage on a device with ${least} of them: memoryLimit must be at least ${least}, not ${memoryLimit}`;
}

/**
 * An order of its own for the costs at hand: list scheduling with the backward pass split, within a memory limit, from
 * the best named schedule that fits; so never slower than that. It minds the latency of transfers, not their queues.
 * @param named the schedules it starts from
 * @source list scheduling under a memory limit as in arXiv 2401.10241, section 3; moves on the critical path as in
 * job-shop local search (Nowicki and Smutnicki, Management Science 42, 1996)
 */
export function autoSchedule(named: readonly Schedule[]): Schedule {
  return {
    name: 'auto',
    summary: 'an order of its own for the costs and a memory limit, from the best named one that fits',
    source: 'arXiv 2401.10241',
    placement: 'linear',
    placementFor: autoPlacement,
    splitsBackward: true,
    fixed: false,
    illegal,
    order: (shape, costs) => {
      const problem = problemOf(shape, costs);
      const starts = namedOrders(named, shape, costs, problem).map((order) => passOrders(problem, order));
      const { orders, makespan } = search(problem, costs, starts);
      if (makespan === Number.POSITIVE_INFINITY)
        fail(
          'memoryLimit',
          `auto finds no order within ${problem.memoryLimit} microbatch activations of a virtual stage`,
        );
      return deviceOrders(problem, orders);
    },
  };
}
