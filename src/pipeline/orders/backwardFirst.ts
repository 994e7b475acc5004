import { IntArrays } from '../arrays.ts';
import { BACKWARD, type DeviceOrders, FORWARD, type PipelineCosts, type PipelineShape, packTask } from '../schedule.ts';
import { WakeTree } from '../wakeTree.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Numbers kept for each device: forwards and backwards begun, and whether it is idle. */
const COUNTS = 3;

/** Room that one call leaves to the next: a search asks for thousands of short orders. */
const scratch = { ready: new Float64Array(0), counts: new Int32Array(0) };

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
  const idle = 2 * stages;
  const passes = stages * microbatches;
  if (scratch.ready.length < 2 * passes) scratch.ready = new Float64Array(2 * passes);
  if (scratch.counts.length < COUNTS * stages) scratch.counts = new Int32Array(COUNTS * stages);
  // When inputs are there: forward ones first, then backward ones.
  const ready = scratch.ready.fill(NEVER, 0, 2 * passes).fill(0, 0, microbatches);
  const counts = scratch.counts.fill(0, 0, 2 * stages).fill(1, 2 * stages, COUNTS * stages);
  const tasks = new IntArrays(2 * passes);
  const orders = Array.from({ length: stages }, () => tasks.take(2 * microbatches));
  const wakes = new WakeTree(stages);
  wakes.set(0, 0);

  while (wakes.earliest < NEVER) {
    const now = wakes.earliest;
    const device = wakes.first();
    const f = counts[device];
    const b = counts[stages + device];
    const base = device * microbatches;
    const admits = f < microbatches && (device > 0 || f - b < activeMicrobatches);
    const forwardAt = admits ? ready[base + f] : NEVER;
    const backwardAt = b < microbatches ? ready[passes + base + b] : NEVER;
    let neighbour = device;
    let arrival = NEVER;
    if (backwardAt <= now) {
      const end = now + backward[device];
      orders[device][f + b] = packTask(BACKWARD, 0, b);
      counts[stages + device] = b + 1;
      counts[idle + device] = 0;
      wakes.set(device, end);
      if (device > 0) {
        neighbour = device - 1;
        arrival = end + communication[neighbour];
        ready[passes + base - microbatches + b] = arrival;
      }
    } else if (forwardAt <= now) {
      const end = now + forward[device];
      orders[device][f + b] = packTask(FORWARD, 0, f);
      counts[device] = f + 1;
      counts[idle + device] = 0;
      wakes.set(device, end);
      if (device < last) {
        neighbour = device + 1;
        arrival = end + communication[device];
        ready[base + microbatches + f] = arrival;
      } else ready[passes + base + f] = end;
    } else {
      counts[idle + device] = 1;
      wakes.set(device, backwardAt < forwardAt ? backwardAt : forwardAt);
    }
    if (counts[idle + neighbour] === 1 && arrival < wakes.at(neighbour)) wakes.set(neighbour, arrival);
  }
  return orders;
}
