import { type Lost, lateSeconds } from '../hardware/collectives/index.ts';
import { TaskList } from '../pipeline/timeline.ts';

/** One unit of a pass, in the order in which the pass visits it: seconds of its work, its gather and its scatter. */
export interface ShardedUnit {
  readonly compute: number;
  /** Of it, products. */
  readonly products: number;
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
 * next unit's gather and the last unit's scatter in the order in which the host launches them, and slows the work beside it.
 * @source pytorch/pytorch torch/distributed/fsdp: backward prefetch, rate limiter of two all-gathers
 */
export function exposedShardedSeconds(units: readonly ShardedUnit[], lost: Lost): number {
  tasks.clear();
  const compute = tasks.addStream();
  const comm = tasks.addStream();
  const work: number[] = [];
  let computing = 0;
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
    const beside = (units[index + 1]?.gather ?? 0) + (units[index - 1]?.scatter ?? 0);
    const late = lateSeconds(unit.compute, unit.products, beside, lost);
    work.push(tasks.add(compute, unit.compute + late + unit.copy));
    tasks.after(ready);
    if (index + 1 < units.length) next = gather(index + 1);
    if (unit.scatter > 0) {
      tasks.add(comm, unit.scatter);
      tasks.after(work[index]);
    }
    computing += unit.compute;
  }
  return tasks.run().makespan - computing;
}
