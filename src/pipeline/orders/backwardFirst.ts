import { FloatArrays, IntArrays } from '../arrays.ts';
import { BACKWARD, type DeviceOrders, FORWARD, type PipelineCosts, type PipelineShape, packTask } from '../schedule.ts';
import { WakeTree } from '../wakeTree.ts';

const IDLE = -1;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * The order that a backward-first policy finds as it goes: a free device runs a ready backward, else a ready forward,
 * the lowest microbatch first, else it waits. The first stage admits a microbatch only while fewer than
 * `activeMicrobatches` are in flight. All completions and arrivals of an instant come before its decisions.
 *
 * Every queue is in microbatch order, because the first stage admits in order and a stage's costs are the same for
 * all microbatches; so a queue is a counter, and the only events are the moments at which devices wake.
 */
export function backwardFirst(shape: PipelineShape, costs: PipelineCosts): DeviceOrders {
  const { stages, microbatches, activeMicrobatches } = shape;
  const { forward, backward, communication } = costs;
  const last = stages - 1;
  const moments = new FloatArrays(2 * stages * microbatches);
  // The first stage has its inputs from the beginning.
  const forwardReady = moments.take(stages * microbatches).fill(NEVER, microbatches);
  const backwardReady = moments.take(stages * microbatches).fill(NEVER);
  const forwards = new Int32Array(stages);
  const backwards = new Int32Array(stages);
  const running = new Int8Array(stages).fill(IDLE);
  const tasks = new IntArrays(2 * stages * microbatches);
  const orders = Array.from({ length: stages }, () => tasks.take(2 * microbatches));
  const awake = new Int32Array(stages);
  const isAwake = new Uint8Array(stages);
  const wakes = new WakeTree(stages);
  wakes.set(0, 0);

  while (wakes.earliest < NEVER) {
    const now = wakes.earliest;
    let count = 0;
    while (wakes.earliest <= now) {
      const device = wakes.first();
      wakes.set(device, NEVER);
      if (isAwake[device] === 0) {
        isAwake[device] = 1;
        awake[count++] = device;
      }
      const kind = running[device];
      if (kind === IDLE) continue;
      running[device] = IDLE;
      let neighbour = device + 1;
      let arrival = now;
      if (kind === FORWARD) {
        const done = forwards[device]++;
        if (device === last) {
          backwardReady[device * microbatches + done] = now;
          continue;
        }
        arrival += communication[device];
        forwardReady[neighbour * microbatches + done] = arrival;
      } else {
        const done = backwards[device]++;
        if (device === 0) continue;
        neighbour = device - 1;
        arrival += communication[neighbour];
        backwardReady[neighbour * microbatches + done] = arrival;
      }
      if (running[neighbour] === IDLE && arrival < wakes.at(neighbour)) wakes.set(neighbour, arrival);
    }
    for (let i = 0; i < count; i++) {
      const device = awake[i];
      isAwake[device] = 0;
      const f = forwards[device];
      const b = backwards[device];
      const base = device * microbatches;
      const admits = f < microbatches && (device > 0 || f - b < activeMicrobatches);
      const forwardAt = admits ? forwardReady[base + f] : NEVER;
      const backwardAt = b < microbatches ? backwardReady[base + b] : NEVER;
      if (backwardAt <= now) {
        running[device] = BACKWARD;
        orders[device][f + b] = packTask(BACKWARD, 0, b);
        wakes.set(device, now + backward[device]);
      } else if (forwardAt <= now) {
        running[device] = FORWARD;
        orders[device][f + b] = packTask(FORWARD, 0, f);
        wakes.set(device, now + forward[device]);
      } else {
        wakes.set(device, backwardAt < forwardAt ? backwardAt : forwardAt);
      }
    }
  }
  return orders;
}
