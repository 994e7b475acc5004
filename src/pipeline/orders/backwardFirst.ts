import { FloatArrays, IntArrays } from '../arrays.ts';
import { BACKWARD, type DeviceOrders, FORWARD, type PipelineCosts, type PipelineShape, packTask } from '../schedule.ts';
import { WakeTree } from '../wakeTree.ts';

const NEVER = Number.POSITIVE_INFINITY;

/**
 * The order that a backward-first policy finds as it goes: a free device runs a ready backward, else a ready forward,
 * the lowest microbatch first, else it waits. The first stage admits a microbatch only while fewer than
 * `activeMicrobatches` are in flight. Whatever ends or arrives at an instant is there for the decisions of that instant.
 *
 * Every queue is in microbatch order, because the first stage admits in order and a stage's costs are the same for
 * all microbatches; so a queue is a counter. A task's output is announced when it starts, so that the only events are
 * the moments at which devices decide.
 */
export function backwardFirst(shape: PipelineShape, costs: PipelineCosts): DeviceOrders {
  const { stages, microbatches, activeMicrobatches } = shape;
  const { forward, backward, communication } = costs;
  const last = stages - 1;
  const moments = new FloatArrays(2 * stages * microbatches);
  // The first stage has its inputs from the beginning.
  const forwardReady = moments.take(stages * microbatches).fill(NEVER, microbatches);
  const backwardReady = moments.take(stages * microbatches).fill(NEVER);
  const counts = new IntArrays(3 * stages);
  const forwards = counts.take(stages);
  const backwards = counts.take(stages);
  const idle = counts.take(stages).fill(1);
  const tasks = new IntArrays(2 * stages * microbatches);
  const orders = Array.from({ length: stages }, () => tasks.take(2 * microbatches));
  const wakes = new WakeTree(stages);
  wakes.set(0, 0);

  while (wakes.earliest < NEVER) {
    const now = wakes.earliest;
    const device = wakes.first();
    const f = forwards[device];
    const b = backwards[device];
    const base = device * microbatches;
    const admits = f < microbatches && (device > 0 || f - b < activeMicrobatches);
    const forwardAt = admits ? forwardReady[base + f] : NEVER;
    const backwardAt = b < microbatches ? backwardReady[base + b] : NEVER;
    let neighbour = device;
    let arrival = NEVER;
    if (backwardAt <= now) {
      const end = now + backward[device];
      orders[device][f + b] = packTask(BACKWARD, 0, b);
      backwards[device] = b + 1;
      idle[device] = 0;
      wakes.set(device, end);
      if (device > 0) {
        neighbour = device - 1;
        arrival = end + communication[neighbour];
        backwardReady[base - microbatches + b] = arrival;
      }
    } else if (forwardAt <= now) {
      const end = now + forward[device];
      orders[device][f + b] = packTask(FORWARD, 0, f);
      forwards[device] = f + 1;
      idle[device] = 0;
      wakes.set(device, end);
      if (device < last) {
        neighbour = device + 1;
        arrival = end + communication[device];
        forwardReady[base + microbatches + f] = arrival;
      } else backwardReady[base + f] = end;
    } else {
      idle[device] = 1;
      wakes.set(device, backwardAt < forwardAt ? backwardAt : forwardAt);
    }
    if (idle[neighbour] === 1 && arrival < wakes.at(neighbour)) wakes.set(neighbour, arrival);
  }
  return orders;
}
