import type { Job } from '../job/job.ts';
import { TaskList } from '../pipeline/timeline.ts';

/** Seconds that copies to and from the host hold up the passes of one microbatch. */
export interface OffloadSeconds {
  readonly forwardOffload: number;
  readonly backwardOffload: number;
}

/** One unit's work in both passes, and the copies of what it saves. */
export interface OffloadedUnit {
  readonly forward: number;
  readonly backward: number;
  readonly toHost: number;
  readonly toDevice: number;
}

/** Rates between one rank and its host while all ranks of the instance copy at once. */
export function hostRates({ instance }: Job['cluster']): { readonly toHost: number; readonly toDevice: number } {
  const specified = instance.hostLinkBytesPerSecond ?? Number.POSITIVE_INFINITY;
  const { toHost, toDevice } = instance.measuredHostLinkBytesPerSecond ?? { toHost: specified, toDevice: specified };
  const sharers = instance.ranksPerHostLink ?? 1;
  return { toHost: toHost / sharers, toDevice: toDevice / sharers };
}

/** Microbatches that are run one after another until their passes repeat. */
const rounds = 4;

const tasks = new TaskList();

/**
 * What copying saved tensors adds to a forward and a backward pass in the steady state, where each follows the other.
 * A unit's tensors leave when its forward pass ends; its backward pass waits until they are back. They are those of a
 * microbatch that left long before, since the last layers of one that turns round at once stay. One stream copies in
 * either direction. No more than `window` units may have copies under way: a unit waits for the copy of the one that
 * many before it, and no copy back starts earlier than that many units ahead.
 */
export function exposedOffloadSeconds(units: readonly OffloadedUnit[], window: number): OffloadSeconds {
  tasks.clear();
  const compute = tasks.addStream();
  const out = tasks.addStream();
  const back = tasks.addStream();
  const count = units.length;
  const works: number[] = [];
  const copies: number[] = [];
  let forwardEnd = -1;
  let lastForward = -1;
  let lastBackward = -1;
  let before = -1;
  for (let round = 0; round < rounds; round++) {
    before = lastBackward;
    for (const { forward, toHost } of units) {
      const work = tasks.add(compute, forward);
      const pending = copies[works.length - window];
      if (pending !== undefined && pending >= 0) tasks.after(pending);
      const copy = tasks.add(out, toHost);
      tasks.after(work);
      works.push(work);
      copies.push(copy);
      lastForward = work;
    }
    forwardEnd = lastForward;
    for (let unit = count - 1; unit >= 0; unit--) {
      const { backward, toDevice } = units[unit]!;
      const load = tasks.add(back, toDevice);
      const opened = works[works.length - window];
      if (opened !== undefined) tasks.after(opened);
      lastBackward = tasks.add(compute, backward);
      tasks.after(load);
      works.push(lastBackward);
      copies.push(-1);
    }
  }
  const { end } = tasks.run();
  const began = before < 0 ? 0 : end[before]!;
  const total = (part: (unit: OffloadedUnit) => number) => units.reduce((sum, unit) => sum + part(unit), 0);
  return {
    forwardOffload: Math.max(0, end[forwardEnd]! - began - total(({ forward }) => forward)),
    backwardOffload: Math.max(0, end[lastBackward]! - end[forwardEnd]! - total(({ backward }) => backward)),
  };
}
