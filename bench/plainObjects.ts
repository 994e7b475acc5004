import { virtualStageCount, virtualStageOf } from '../src/pipeline/placement.ts';
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
  WEIGHT,
} from '../src/pipeline/schedule.ts';

// How a pipeline simulator is written when nobody minds its speed: an object a task, a heap of what happens next.

interface Task {
  readonly device: number;
  readonly kind: number;
  readonly stage: number;
  readonly microbatch: number;
  readonly cost: number;
  /** Who waits for it, and how long its output takes to get there. */
  readonly dependents: { readonly task: Task; readonly delay: number }[];
  waitsFor: number;
  ready: number;
  start: number;
  end: number;
}

interface Event {
  readonly time: number;
  readonly task: Task;
  /** The task ends, or else its input arrives. */
  readonly ends: boolean;
}

/** A binary heap of events, the earliest first. */
class EventHeap {
  readonly #events: Event[] = [];

  get size(): number {
    return this.#events.length;
  }

  get earliest(): number {
    return this.#events[0].time;
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

interface Job {
  readonly orders: DeviceOrders;
  readonly shape: PipelineShape;
  readonly placement: StagePlacement;
  readonly costs: PipelineCosts;
}

/** An object for every task of the orders, by device, each knowing who waits for it. */
function makeTasks({ orders, shape, placement, costs }: Job): Task[][] {
  const stages = virtualStageCount(placement, shape);
  const byPass = [FORWARD, BACKWARD, WEIGHT].map(() => Array.from({ length: stages }, (): Task[] => []));
  const costOf = [costs.forward, costs.backward, costs.weight];
  const devices = orders.map((order, device) =>
    Array.from(order, (packed): Task => {
      const kind = taskKind(packed);
      const stage = virtualStageOf(placement, shape.stages, device, taskChunk(packed));
      const microbatch = taskMicrobatch(packed);
      const cost = costOf[kind][stage];
      const task = { device, kind, stage, microbatch, cost, dependents: [], waitsFor: 0, ready: 0, start: 0, end: 0 };
      byPass[kind][stage][microbatch] = task;
      return task;
    }),
  );
  for (const tasks of devices) {
    for (const task of tasks) {
      const { kind, stage, microbatch } = task;
      const source = kind === FORWARD ? stage - 1 : stage + 1;
      if (kind === WEIGHT || source < 0 || source === stages) continue;
      const producer = byPass[kind][source][microbatch];
      const delay = producer.device === task.device ? 0 : costs.communication[Math.min(source, stage)];
      producer.dependents.push({ task, delay });
      task.waitsFor++;
    }
  }
  return devices;
}

/** Makes the tasks of the orders, runs them, and gives the makespan. */
export function runOrders(job: Job): number {
  const devices = makeTasks(job);
  const next = devices.map(() => 0);
  const busy = devices.map(() => false);
  const heap = new EventHeap();
  let makespan = 0;
  const startNext = (device: number, now: number) => {
    const task = devices[device][next[device]];
    if (busy[device] || task === undefined || task.waitsFor > 0) return;
    next[device]++;
    busy[device] = true;
    task.start = Math.max(now, task.ready);
    task.end = task.start + task.cost;
    heap.push({ time: task.end, task, ends: true });
  };
  for (let device = 0; device < devices.length; device++) startNext(device, 0);
  while (heap.size > 0) {
    const { time, task } = heap.pop();
    makespan = Math.max(makespan, time);
    busy[task.device] = false;
    for (const dependent of task.dependents) {
      dependent.task.waitsFor--;
      dependent.task.ready = time + dependent.delay;
      startNext(dependent.task.device, time);
    }
    startNext(task.device, time);
  }
  return makespan;
}

/** The ready task to run next: a backward before a forward, the lowest microbatch first. */
function pick(ready: readonly Task[]): number {
  let best = 0;
  for (let i = 1; i < ready.length; i++) {
    const { kind, microbatch } = ready[i];
    const backwardFirst = kind === BACKWARD && ready[best].kind === FORWARD;
    if (backwardFirst || (kind === ready[best].kind && microbatch < ready[best].microbatch)) best = i;
  }
  return best;
}

/** Runs a backward-first policy, decided as it goes with a cap on the microbatches in flight; gives the makespan. */
export function runBackwardFirst(shape: PipelineShape, costs: PipelineCosts): number {
  const { stages, microbatches, activeMicrobatches } = shape;
  const ready = Array.from({ length: stages }, (): Task[] => []);
  const running = ready.map((): Task | undefined => undefined);
  const heap = new EventHeap();
  let admitted = 0;
  let finished = 0;
  let makespan = 0;
  const make = (kind: number, stage: number, microbatch: number): Task => {
    const cost = (kind === FORWARD ? costs.forward : costs.backward)[stage];
    return { device: stage, kind, stage, microbatch, cost, dependents: [], waitsFor: 0, ready: 0, start: 0, end: 0 };
  };
  const decide = (device: number, now: number) => {
    if (running[device] !== undefined) return;
    const mayAdmit = device === 0 && admitted < microbatches && admitted - finished < activeMicrobatches;
    if (mayAdmit && ready[0].length === 0) ready[0].push(make(FORWARD, 0, admitted++));
    if (ready[device].length === 0) return;
    const [task] = ready[device].splice(pick(ready[device]), 1);
    running[device] = task;
    task.start = now;
    task.end = now + task.cost;
    heap.push({ time: task.end, task, ends: true });
  };
  decide(0, 0);
  while (heap.size > 0) {
    const now = heap.earliest;
    const awake = new Set<number>();
    while (heap.size > 0 && heap.earliest <= now) {
      const { task, ends } = heap.pop();
      const { device, kind, microbatch } = task;
      awake.add(device);
      if (!ends) {
        ready[device].push(task);
        continue;
      }
      running[device] = undefined;
      makespan = now;
      if (kind === BACKWARD && device === 0) finished++;
      else if (kind === FORWARD && device === stages - 1) ready[device].push(make(BACKWARD, device, microbatch));
      else {
        const to = kind === FORWARD ? device + 1 : device - 1;
        const delay = costs.communication[Math.min(device, to)];
        heap.push({ time: now + delay, task: make(kind, to, microbatch), ends: false });
      }
    }
    for (const device of awake) decide(device, now);
  }
  return makespan;
}
