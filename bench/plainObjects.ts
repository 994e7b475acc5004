import { virtualStageOf } from '../src/pipeline/placement.ts';
import {
  BACKWARD,
  type DeviceOrders,
  FORWARD,
  type PipelineCosts,
  type PipelineShape,
  type StagePlacement,
  taskChunk,
  taskKind,
  taskMicrobatch,
} from '../src/pipeline/schedule.ts';

/** How a simulator is written when nobody minds its speed: an object a task, and a heap of what happens next. */
interface Task {
  readonly device: number;
  readonly kind: number;
  readonly stage: number;
  readonly dependents: { readonly task: Task; readonly boundary: number }[];
  readonly waitsFor: number;
  waiting: number;
  ready: number;
  end: number;
}

interface Event {
  readonly time: number;
  readonly task: Task;
}

/** A binary heap of events, the earliest first. */
class EventHeap {
  readonly #events: Event[] = [];

  get size(): number {
    return this.#events.length;
  }

  push(event: Event): void {
    const events = this.#events;
    let hole = events.length;
    events.push(event);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (events[parent].time <= event.time) break;
      events[hole] = events[parent];
      hole = parent;
    }
    events[hole] = event;
  }

  pop(): Event {
    const events = this.#events;
    const top = events[0];
    const moved = events.pop()!;
    const size = events.length;
    if (size === 0) return top;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      if (child + 1 < size && events[child + 1].time < events[child].time) child++;
      if (events[child].time >= moved.time) break;
      events[hole] = events[child];
      hole = child;
    }
    events[hole] = moved;
    return top;
  }
}

/** Makes an object of every task, with those that wait for it. */
export function prepareTasks(orders: DeviceOrders, shape: PipelineShape, placement: StagePlacement): Task[] {
  const byName = new Map<string, Task>();
  const tasks: Task[] = [];
  for (const [device, order] of orders.entries()) {
    for (const packed of order) {
      const kind = taskKind(packed);
      const stage = virtualStageOf(placement, shape.stages, device, taskChunk(packed));
      const neighbour = kind === FORWARD ? stage > 0 : byNameNeedsInput(kind, stage, shape, placement);
      const task = { device, kind, stage, dependents: [], waitsFor: neighbour ? 1 : 0, waiting: 0, ready: 0, end: 0 };
      byName.set(`${kind} ${stage} ${taskMicrobatch(packed)}`, task);
      tasks.push(task);
    }
  }
  for (const [name, task] of byName) {
    if (task.waitsFor === 0) continue;
    const [, , microbatch] = name.split(' ');
    const source = task.kind === FORWARD ? task.stage - 1 : task.stage + 1;
    const producer = byName.get(`${task.kind} ${source} ${microbatch}`)!;
    const boundary = producer.device === task.device ? -1 : Math.min(source, task.stage);
    producer.dependents.push({ task, boundary });
  }
  return tasks;
}

function byNameNeedsInput(kind: number, stage: number, shape: PipelineShape, placement: StagePlacement): boolean {
  const last = shape.stages * (placement === 'v' ? 2 : shape.virtualStages) - 1;
  return kind === BACKWARD && stage < last;
}

function costOf(task: Task, costs: PipelineCosts): number {
  if (task.kind === FORWARD) return costs.forward[task.stage];
  return task.kind === BACKWARD ? costs.backward[task.stage] : costs.weight[task.stage];
}

/** Runs tasks in the order of their devices and gives the makespan. */
export function runOrders(tasks: readonly Task[], costs: PipelineCosts): number {
  const queues: Task[][] = [];
  for (const task of tasks) {
    task.waiting = task.waitsFor;
    task.ready = 0;
    while (queues.length <= task.device) queues.push([]);
    queues[task.device].push(task);
  }
  const next = queues.map(() => 0);
  const free = queues.map(() => 0);
  const running = queues.map(() => false);
  const heap = new EventHeap();
  let makespan = 0;
  const startNext = (device: number) => {
    if (running[device] || next[device] >= queues[device].length) return;
    const task = queues[device][next[device]];
    if (task.waiting > 0) return;
    next[device]++;
    running[device] = true;
    task.end = Math.max(free[device], task.ready) + costOf(task, costs);
    heap.push({ time: task.end, task });
  };
  for (let device = 0; device < queues.length; device++) startNext(device);
  while (heap.size > 0) {
    const { time, task } = heap.pop();
    makespan = Math.max(makespan, time);
    running[task.device] = false;
    free[task.device] = time;
    for (const { task: dependent, boundary } of task.dependents) {
      dependent.waiting--;
      dependent.ready = Math.max(dependent.ready, time + (boundary < 0 ? 0 : costs.communication[boundary]));
      startNext(dependent.device);
    }
    startNext(task.device);
  }
  return makespan;
}

interface Arrival {
  readonly microbatch: number;
  readonly kind: number;
}

interface Device {
  readonly index: number;
  readonly forwards: number[];
  readonly backwards: number[];
  running: Arrival | undefined;
  isAwake: boolean;
}

interface PolicyEvent {
  readonly time: number;
  readonly device: Device;
  readonly completes: boolean;
  readonly arrival: Arrival;
}

/** A backward-first policy with a cap on the microbatches in flight, decided as it goes; gives the makespan. */
export function runBackwardFirst(shape: PipelineShape, costs: PipelineCosts): number {
  const { stages, microbatches, activeMicrobatches } = shape;
  const devices = Array.from({ length: stages }, (_, index): Device => {
    return { index, forwards: [], backwards: [], running: undefined, isAwake: false };
  });
  const events: PolicyEvent[] = [];
  return runPolicy(devices, events, microbatches, activeMicrobatches, costs);
}

function runPolicy(
  devices: readonly Device[],
  heap: PolicyEvent[],
  microbatches: number,
  cap: number,
  costs: PipelineCosts,
): number {
  const [first] = devices;
  const last = devices.length - 1;
  let admitted = 0;
  let finished = 0;
  let makespan = 0;
  const decide = (device: Device, now: number) => {
    if (device.running !== undefined) return;
    let arrival: Arrival | undefined;
    if (device.backwards.length > 0) arrival = { microbatch: device.backwards.shift()!, kind: BACKWARD };
    else if (device === first) {
      if (admitted < microbatches && admitted - finished < cap) arrival = { microbatch: admitted++, kind: FORWARD };
    } else if (device.forwards.length > 0) arrival = { microbatch: device.forwards.shift()!, kind: FORWARD };
    if (arrival === undefined) return;
    device.running = arrival;
    const cost = arrival.kind === FORWARD ? costs.forward[device.index] : costs.backward[device.index];
    pushEvent(heap, { time: now + cost, device, completes: true, arrival });
  };
  decide(first, 0);
  while (heap.length > 0) {
    const now = heap[0].time;
    const awake: Device[] = [];
    while (heap.length > 0 && heap[0].time <= now) {
      const { device, completes, arrival } = popEvent(heap);
      if (!device.isAwake) {
        device.isAwake = true;
        awake.push(device);
      }
      if (!completes) {
        (arrival.kind === FORWARD ? device.forwards : device.backwards).push(arrival.microbatch);
        continue;
      }
      device.running = undefined;
      makespan = Math.max(makespan, now);
      const { index } = device;
      if (arrival.kind === FORWARD) {
        if (index === last) device.backwards.push(arrival.microbatch);
        else
          pushEvent(heap, {
            time: now + costs.communication[index],
            device: devices[index + 1],
            completes: false,
            arrival,
          });
      } else if (index === 0) finished++;
      else
        pushEvent(heap, {
          time: now + costs.communication[index - 1],
          device: devices[index - 1],
          completes: false,
          arrival,
        });
    }
    for (const device of awake) {
      device.isAwake = false;
      decide(device, now);
    }
  }
  return makespan;
}

function pushEvent(heap: PolicyEvent[], event: PolicyEvent): void {
  let hole = heap.length;
  heap.push(event);
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    if (heap[parent].time <= event.time) break;
    heap[hole] = heap[parent];
    hole = parent;
  }
  heap[hole] = event;
}

function popEvent(heap: PolicyEvent[]): PolicyEvent {
  const top = heap[0];
  const moved = heap.pop()!;
  const size = heap.length;
  if (size === 0) return top;
  let hole = 0;
  for (;;) {
    let child = 2 * hole + 1;
    if (child >= size) break;
    if (child + 1 < size && heap[child + 1].time < heap[child].time) child++;
    if (heap[child].time >= moved.time) break;
    heap[hole] = heap[child];
    hole = child;
  }
  heap[hole] = moved;
  return top;
}
