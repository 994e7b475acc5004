import { linksOf, type PlanLinks } from './links.ts';
import { costTables, type TransferMode } from './run.ts';
import type { PipelineCosts } from './schedule.ts';
import { type Jump, NO_JUMP, type SteadyPlan } from './steadyPlan.ts';

/**
 * Differences of moments of one run that are this small beside the makespan are rounding. It leaves room for the
 * rounding of some dozen additions, and even a million periods turn it into less than 1e-9 of the whole.
 */
const ROUNDING = 1e-14;

/** What one run of a steady plan is made of. `delivered` has two entries a task and a last one that is 0. */
export interface SteadyBuffers {
  readonly end: Float64Array;
  readonly delivered: Float64Array;
  readonly start: Float64Array;
  readonly arrived: Float64Array;
  readonly freed: Float64Array;
}

/** Tasks of a device from one period to the next of `multiple` periods. */
const stride = (jump: Jump, multiple: number): number => multiple * jump.length;

/** The task that lies `back` tasks before another on its device. */
function before({ plan, position }: SteadyPlan, task: number, back: number): number {
  return plan.deviceTasks[plan.deviceOffset[plan.device[task]] + position[task] - back];
}

/** For each link that a jump's last period uses: the slot of its last delivery, and that of a period before. */
function lastDeliveries(
  steady: SteadyPlan,
  links: PlanLinks,
  jump: Jump,
  multiple: number,
): Map<number, [number, number]> {
  const { plan } = steady;
  const last = new Map<number, [number, number]>();
  const back = stride(jump, multiple);
  for (let at = jump.position - back; at < jump.position; at++) {
    const k = plan.deviceTasks[plan.deviceOffset[jump.device] + at];
    const k0 = before(steady, k, back);
    const pass = links.outputSlot[k] & 1;
    if (links.outputLink[k] >= 0) last.set(links.outputLink[k], [2 * k + pass, 2 * k0 + pass]);
    if (links.pairOutputLink.length > 0 && links.pairOutputLink[k] >= 0)
      last.set(links.pairOutputLink[k], [2 * k + 1, 2 * k0 + 1]);
  }
  return last;
}

/**
 * Runs a steady plan with `copies` more runs of `multiple` periods at each jump, as if every one of them lasted as long
 * as the one before the jump. {@link isSteady} says whether they do.
 */
export function runJumping(
  steady: SteadyPlan,
  costs: PipelineCosts,
  transfers: TransferMode,
  copies: number,
  multiple: number,
): SteadyBuffers {
  const { plan, jumps, previousJump, inputJump, pairInputJump } = steady;
  const { tasks, costClass, previous, inputTransfer, outputTransfer, pairInputTransfer, pairOutputTransfer } = plan;
  const { costOf, transferOf } = costTables(plan, costs);
  const links = linksOf(plan);
  const { inputSlot, pairInputSlot, outputSlot, outputLink, pairOutputLink } = links;
  const hasPairs = pairInputSlot.length > 0;
  const blocking = transfers === 'blocking';
  const serial = transfers === 'link';
  const make = (length: number) => new Float64Array(length);
  const end = make(tasks + 1 + plan.stages);
  const delivered = make(2 * tasks + 1);
  const start = make(tasks);
  const arrived = make(tasks);
  const freed = make(tasks);
  const linkFree = make(plan.stages * plan.stages);

  const jumped = (moments: Float64Array, now: number, earlier: number) =>
    moments[now] + copies * (moments[now] - moments[earlier]);
  const delivery = (slot: number, mark: number, free: number, transfer: number) => {
    if (slot === 2 * tasks) return 0;
    let moment = delivered[slot];
    if (mark !== NO_JUMP) {
      const source = slot >> 1;
      const earlier = before(steady, source, stride(jumps[mark], multiple));
      moment = jumped(delivered, slot, 2 * earlier + (slot & 1));
    }
    // A blocking receive is posted when the device is free, and takes as long as the transfer.
    if (blocking) return Math.max(free, moment) + transferOf[transfer];
    return serial ? moment : moment + transferOf[transfer];
  };
  const deliver = (slot: number, link: number, transfer: number, done: number) => {
    delivered[slot] = done;
    if (!serial || link < 0) return;
    linkFree[link] = Math.max(done, linkFree[link]) + transferOf[transfer];
    delivered[slot] = linkFree[link];
  };

  for (let k = 0; k < tasks; k++) {
    const prior = previous[k];
    let free = end[prior];
    if (previousJump[k] !== NO_JUMP) {
      const jump = jumps[previousJump[k]];
      free = jumped(end, prior, before(steady, prior, stride(jump, multiple)));
      if (serial) {
        for (const [link, [slot, earlier]] of lastDeliveries(steady, links, jump, multiple))
          linkFree[link] = jumped(delivered, slot, earlier);
      }
    }
    let arrival = delivery(inputSlot[k], inputJump[k], free, inputTransfer[k]);
    if (hasPairs) arrival = Math.max(arrival, delivery(pairInputSlot[k], pairInputJump[k], free, pairInputTransfer[k]));
    let ready = free;
    if (blocking && prior < tasks) {
      ready = free + transferOf[outputTransfer[prior]];
      if (hasPairs) ready = Math.max(ready, free + transferOf[pairOutputTransfer[prior]]);
    }
    const begin = Math.max(ready, arrival);
    const done = begin + costOf[costClass[k]];
    freed[k] = free;
    arrived[k] = arrival;
    start[k] = begin;
    end[k] = done;
    deliver(outputSlot[k], outputLink[k], outputTransfer[k], done);
    if (hasPairs) deliver(2 * k + 1 - (outputSlot[k] & 1), pairOutputLink[k], pairOutputTransfer[k], done);
  }
  return { start, end, delivered, arrived, freed };
}

/**
 * Whether every period beyond a jump lasts as long as the one before it. Each moment of a period is the latest of a few
 * others plus a cost. If over one period none of those grew by more than the moment itself, and all of them grew as much
 * in the periods before, as far back as anything reaches, then the next period grows by the same: and so on for ever.
 */
export function isSteady(
  steady: SteadyPlan,
  buffers: SteadyBuffers,
  multiple: number,
  transfers: TransferMode,
): boolean {
  const { plan, jumps } = steady;
  const { end, delivered } = buffers;
  const links = linksOf(plan);
  const tolerance = ROUNDING * end.reduce((a, b) => Math.max(a, b), 0);
  const hasPairs = plan.pairInput.length > 0;
  const strides = new Int32Array(plan.tasks);
  for (const jump of jumps) {
    const back = stride(jump, multiple);
    const reach = Math.min(jump.periodic, jump.reach + back);
    if (jump.reach + 2 * back > jump.periodic) return false;
    for (let at = jump.position - reach; at < jump.position; at++)
      strides[plan.deviceTasks[plan.deviceOffset[jump.device] + at]] = back;
  }
  const grewTask = (k: number) => end[k] - end[before(steady, k, strides[k])];
  const grewSlot = (slot: number) => {
    const k = slot >> 1;
    return delivered[slot] - delivered[2 * before(steady, k, strides[k]) + (slot & 1)];
  };
  for (const jump of jumps) {
    const back = stride(jump, multiple);
    const linkGrew = new Map<number, number>();
    if (transfers === 'link') {
      for (const [link, [slot]] of lastDeliveries(steady, links, jump, multiple)) linkGrew.set(link, grewSlot(slot));
    }
    for (let at = jump.position - jump.reach - back; at < jump.position; at++) {
      const k = plan.deviceTasks[plan.deviceOffset[jump.device] + at];
      const grew = grewTask(k);
      if (at + back < jump.position) {
        // Farther back than the last period: as long as in the period after it.
        const next = before(steady, k, -back);
        if (Math.abs(grew - grewTask(next)) > tolerance) return false;
        for (const pass of [0, 1]) {
          if (Math.abs(grewSlot(2 * k + pass) - grewSlot(2 * next + pass)) > tolerance) return false;
        }
        continue;
      }
      if (grewTask(plan.previous[k]) > grew + tolerance) return false;
      const slots = hasPairs ? [links.inputSlot[k], links.pairInputSlot[k]] : [links.inputSlot[k]];
      for (const slot of slots) {
        if (slot < 2 * plan.tasks && grewSlot(slot) > grew + tolerance) return false;
      }
      if (transfers !== 'link') continue;
      const pass = links.outputSlot[k] & 1;
      const outputs: readonly [number, number][] = hasPairs
        ? [
            [links.outputLink[k], 2 * k + pass],
            [links.pairOutputLink[k], 2 * k + 1],
          ]
        : [[links.outputLink[k], 2 * k + pass]];
      for (const [link, slot] of outputs) {
        if (link < 0) continue;
        const grewDelivery = grewSlot(slot);
        if (grew > grewDelivery + tolerance || linkGrew.get(link)! > grewDelivery + tolerance) return false;
      }
    }
  }
  return true;
}
