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
  /** Its place in the order of its device, where that is given. */
  readonly place: number;
  /** Who waits for it: the next pass of its stage, and the same pass of another stage. */
  next: Task | undefined;
  onward: Task | undefined;
  waitsFor: number;
  start: number;
  end: number;
}

interface Entry {
  /** The moment of an event; the rank of a ready task. */
  readonly key: number;
  readonly task: Task;
  /** Of an event: the task ends, or else one of its inputs arrives. */
  readonly ends: boolean;
}

/** A binary heap, the least key first. */
class Heap {
  readonly #entries: Entry[] = [];

  get top(): Entry | undefined {
    return this.#entries[0];
  }

  push(entry: Entry): void {
    const entries = this.#entries;
    let hole = entries.length;
    entries.push(entry);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (entries[parent].key <= entry.key) break;
      entries[hole] = entries[parent];
      hole = parent;
    }
    entries[hole] = entry;
  }

  pop(): void {
    const entries = this.#entries;
    const moved = entries.pop();
    const size = entries.length;
    if (moved === undefined || size === 0) return;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      if (child + 1 < size && entries[child + 1].key < entries[child].key) child++;
      if (entries[child].key >= moved.key) break;
      entries[hole] = entries[child];
      hole = child;
    }
    entries[hole] = moved;
  }
}

interface Device {
  readonly index: number;
  readonly ready: Heap;
  running: Task | undefined;
  isAwake: boolean;
  /** Tasks it has started; forwards it has started and backwards it has ended. */
  started: number;
  admitted: number;
  finished: number;
  busy: number;
}

/** How a device chooses: the ready task of least rank runs next, if it may. */
interface Policy {
  rank(task: Task): number;
  mayRun(task: Task, device: Device): boolean;
}

/** An object for every task of the orders, each knowing who waits for it. */
function makeTasks(
  orders: DeviceOrders,
  shape: PipelineShape,
  placement: StagePlacement,
  costs: PipelineCosts,
): Task[] {
  const stages = virtualStageCount(placement, shape);
  const byPass = [FORWARD, BACKWARD, WEIGHT].map(() => Array.from({ length: stages }, (): Task[] => []));
  const costOf = [costs.forward, costs.backward, costs.weight];
  const tasks: Task[] = [];
  for (const [device, order] of orders.entries()) {
    for (const [place, packed] of order.entries()) {
      const kind = taskKind(packed);
      const stage = virtualStageOf(placement, shape.stages, device, taskChunk(packed));
      const microbatch = taskMicrobatch(packed);
      const cost = costOf[kind][stage];
      const task = {
        device,
        kind,
        stage,
        microbatch,
        cost,
        place,
        next: undefined,
        onward: undefined,
        waitsFor: 0,
        start: 0,
        end: 0,
      };
      byPass[kind][stage][microbatch] = task;
      tasks.push(task);
    }
  }
  for (const task of tasks) {
    const { kind, stage, microbatch } = task;
    task.next = byPass[kind + 1]?.[stage][microbatch];
    if (kind !== WEIGHT) task.onward = byPass[kind][kind === FORWARD ? stage + 1 : stage - 1]?.[microbatch];
    if (task.next !== undefined) task.next.waitsFor++;
    if (task.onward !== undefined) task.onward.waitsFor++;
  }
  return tasks;
}

/** Runs tasks on their devices under a policy, event by event, and gives the makespan. */
function simulate(tasks: readonly Task[], count: number, costs: PipelineCosts, policy: Policy): number {
  const devices = Array.from({ length: count }, (_, index): Device => {
    const ready = new Heap();
    return { index, ready, running: undefined, isAwake: true, started: 0, admitted: 0, finished: 0, busy: 0 };
  });
  const events = new Heap();
  for (const task of tasks) {
    if (task.waitsFor === 0) devices[task.device].ready.push({ key: policy.rank(task), task, ends: false });
  }
  const arrive = (task: Task, device: Device) => {
    task.waitsFor--;
    if (task.waitsFor === 0) device.ready.push({ key: policy.rank(task), task, ends: false });
  };
  let awake = devices.slice();
  let now = 0;
  for (;;) {
    for (const device of awake) {
      device.isAwake = false;
      const task = device.ready.top?.task;
      if (device.running !== undefined || task === undefined || !policy.mayRun(task, device)) continue;
      device.ready.pop();
      task.start = now;
      task.end = now + task.cost;
      device.running = task;
      device.started++;
      device.busy += task.cost;
      if (task.kind === FORWARD) device.admitted++;
      events.push({ key: task.end, task, ends: true });
    }
    if (events.top === undefined) return now;
    awake = [];
    now = events.top.key;
    while (events.top !== undefined && events.top.key <= now) {
      const { task, ends } = events.top;
      events.pop();
      const device = devices[task.device];
      if (!device.isAwake) {
        device.isAwake = true;
        awake.push(device);
      }
      if (!ends) {
        arrive(task, device);
        continue;
      }
      device.running = undefined;
      if (task.kind === BACKWARD) device.finished++;
      if (task.next !== undefined) arrive(task.next, device);
      if (task.onward === undefined) continue;
      if (task.onward.device === task.device) arrive(task.onward, device);
      else {
        const delay = costs.communication[Math.min(task.stage, task.onward.stage)];
        events.push({ key: now + delay, task: task.onward, ends: false });
      }
    }
  }
}

/** Makes the tasks of a step, runs them in the order of their devices, and gives the makespan. */
export function runOrders(
  orders: DeviceOrders,
  shape: PipelineShape,
  placement: StagePlacement,
  costs: PipelineCosts,
): number {
  return simulate(makeTasks(orders, shape, placement, costs), shape.stages, costs, {
    rank: (task) => task.place,
    mayRun: (task, device) => task.place === device.started,
  });
}

/**
 * As {@link runOrders}, but each device runs a ready backward before a forward and the lowest microbatch first, and the
 * first device has a cap on the microbatches in flight.
 */
export function runBackwardFirst(
  orders: DeviceOrders,
  shape: PipelineShape,
  placement: StagePlacement,
  costs: PipelineCosts,
): number {
  const { microbatches, activeMicrobatches } = shape;
  return simulate(makeTasks(orders, shape, placement, costs), shape.stages, costs, {
    rank: ({ kind, microbatch }) => (kind === BACKWARD ? microbatch : microbatches + microbatch),
    mayRun: ({ kind }, { index, admitted, finished }) =>
      kind === BACKWARD || index > 0 || admitted - finished < activeMicrobatches,
  });
}
