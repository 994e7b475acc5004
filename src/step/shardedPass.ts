import { TaskList } from '../pipeline/timeline.ts';

/** One unit of a pass, in the order in which the pass visits it: seconds of its work, its gather and its scatter. */
export interface ShardedUnit {
  readonly compute: number;
  /** Kernels around its collectives, between the work. */
  readonly copy: number;
  /** Gathering its parameters from the ranks that share them; 0 where they are there already. */
  readonly gather: number;
  /** Scattering its gradients among them; 0 in a forward pass. */
  readonly scatter: number;
}

/** Units whose gathered parameters may be alive at once: the one at work and the next. */
const gatheredAtOnce = 2;

const tasks = new TaskList();

/**
 * Time that a pass over sharded units takes beyond their own work. Units work one after another; one stream carries the
 * next unit's gather and the last unit's scatter in the order in which the host launches them. While both are busy, the
 * collectives' kernels take `stolen` of the multiprocessors from the work.
 * @source pytorch/pytorch torch/distributed/fsdp: backward prefetch, rate limiter of two all-gathers
 */
export function exposedShardedSeconds(units: readonly ShardedUnit[], stolen: number): number {
  tasks.clear();
  const compute = tasks.addStream();
  const comm = tasks.addStream();
  const work: number[] = [];
  let computing = 0;
  let copying = 0;
  let communicating = 0;
  const gather = (index: number) => {
    const task = tasks.add(comm, units[index].gather);
    const freed = index - gatheredAtOnce;
    if (freed >= 0) tasks.after(work[freed]);
    return task;
  };
  let next = gather(0);
  for (let index = 0; index < units.length; index++) {
    const unit = units[index];
    const ready = next;
    work.push(tasks.add(compute, unit.compute + unit.copy));
    tasks.after(ready);
    if (index + 1 < units.length) next = gather(index + 1);
    if (unit.scatter > 0) {
      tasks.add(comm, unit.scatter);
      tasks.after(work[index]);
    }
    computing += unit.compute;
    copying += unit.copy;
    communicating += unit.gather + unit.scatter;
  }
  const { makespan } = tasks.run();
  const together = Math.max(0, computing + copying + communicating - makespan);
  return makespan - computing + stolen * together;
}
