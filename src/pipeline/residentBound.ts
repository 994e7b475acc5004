import type { PipelineWork, Residency } from './lowerBound.ts';
import { type JobList, preemptiveBound } from './oneMachine.ts';
import { deviceOf } from './placement.ts';
import type { PipelineCosts } from './schedule.ts';

/** What the recurrences look up: transfers are 0 inside a device, weight is undefined where the backward is not split. */
interface ResidentWork {
  readonly microbatches: number;
  readonly device: Int32Array;
  readonly forward: Float64Array;
  readonly backward: Float64Array;
  readonly weight: Float64Array | undefined;
  readonly transfer: Float64Array;
  readonly untilInput: ArrayLike<number>;
  readonly untilWeight: ArrayLike<number>;
}

/** By virtual stage · microbatches + k: the least moment, or the least time still to go. */
interface Moments {
  readonly forward: Float64Array;
  readonly backward: Float64Array;
  readonly weight: Float64Array;
}

function createMoments(length: number): Moments {
  return { forward: new Float64Array(length), backward: new Float64Array(length), weight: new Float64Array(length) };
}

/**
 * When the k-th forward, backward and weight pass of each stage can end at the earliest. The k-th forward of a stage
 * starts after its (k − K)-th activation has gone, whatever the order of microbatches.
 */
function earliestEnds(work: ResidentWork): Moments {
  const { microbatches: m, device, forward, backward, weight, transfer, untilInput, untilWeight } = work;
  const count = forward.length;
  const ends = createMoments(count * m);
  for (let k = 0; k < m; k++) {
    for (let s = 0; s < count; s++) {
      const at = s * m + k;
      let begin = k > 0 ? ends.forward[at - 1] : 0;
      if (s > 0) begin = Math.max(begin, ends.forward[at - m] + transfer[s - 1]);
      const input = k - untilInput[device[s]];
      const whole = k - untilWeight[device[s]];
      if (input >= 0) begin = Math.max(begin, ends.backward[s * m + input]);
      if (whole >= 0) begin = Math.max(begin, ends.weight[s * m + whole]);
      ends.forward[at] = begin + forward[s];
    }
    for (let s = count - 1; s >= 0; s--) {
      const at = s * m + k;
      let begin = Math.max(ends.forward[at], k > 0 ? ends.backward[at - 1] : 0);
      if (s + 1 < count) begin = Math.max(begin, ends.backward[at + m] + transfer[s]);
      ends.backward[at] = begin + backward[s];
      ends.weight[at] = weight
        ? Math.max(ends.backward[at], k > 0 ? ends.weight[at - 1] : 0) + weight[s]
        : ends.backward[at];
    }
  }
  return ends;
}

/** The same from the end: the least time from the start of the k-th pass from the last to the end of the step. */
function leastToGo(work: ResidentWork): Moments {
  const { microbatches: m, device, forward, backward, weight, transfer, untilInput, untilWeight } = work;
  const count = forward.length;
  const left = createMoments(count * m);
  for (let k = 0; k < m; k++) {
    for (let s = 0; s < count; s++) {
      const at = s * m + k;
      const input = k - untilInput[device[s]];
      const whole = k - untilWeight[device[s]];
      const gone = whole >= 0 ? left.forward[s * m + whole] : 0;
      if (weight) left.weight[at] = Math.max(gone, k > 0 ? left.weight[at - 1] : 0) + weight[s];
      let after = Math.max(weight ? left.weight[at] : gone, k > 0 ? left.backward[at - 1] : 0);
      if (input >= 0) after = Math.max(after, left.forward[s * m + input]);
      if (s > 0) after = Math.max(after, left.backward[at - m] + transfer[s - 1]);
      left.backward[at] = after + backward[s];
    }
    for (let s = count - 1; s >= 0; s--) {
      const at = s * m + k;
      let after = Math.max(left.backward[at], k > 0 ? left.forward[at - 1] : 0);
      if (s + 1 < count) after = Math.max(after, left.forward[at + m] + transfer[s]);
      left.forward[at] = after + forward[s];
    }
  }
  return left;
}

/**
 * A lower bound of every order in which each device holds no more activations than given: the preemptive one-machine
 * bound of each device, with heads and tails that know how many passes come before and after. Often it is reached: it
 * shows that 1F1B and ZB-H1 at equal stages are the best there is in their memory, whatever a transfer takes.
 * @returns 0 for a `dual` placement, which it does not cover
 */
export function residentBound(of: PipelineWork, costs: PipelineCosts, residency: Residency): number {
  if (of.placement === 'dual') return 0;
  const { stages, virtualStages: count, microbatches: m, splitsBackward } = of;
  const { forward, backward, communication } = costs;
  const weight = splitsBackward ? costs.weight : undefined;
  const device = Int32Array.from({ length: count }, (_, s) => deviceOf(of.placement, stages, s));
  const transfer = communication.map((cost, s) => (device[s] === device[s + 1] ? 0 : cost));
  const work = { microbatches: m, device, forward, backward, weight, transfer, ...residency };
  const ends = earliestEnds(work);
  const left = leastToGo(work);
  const jobs = Array.from({ length: stages }, (): JobList => ({ head: [], work: [], tail: [] }));
  const add = (s: number, cost: number, end: Float64Array, toGo: Float64Array) => {
    const own = jobs[device[s]];
    for (let k = 0; k < m; k++) {
      own.head.push(end[s * m + k] - cost);
      own.work.push(cost);
      own.tail.push(toGo[s * m + m - 1 - k] - cost);
    }
  };
  for (let s = 0; s < count; s++) {
    add(s, forward[s], ends.forward, left.forward);
    add(s, backward[s], ends.backward, left.backward);
    if (weight) add(s, weight[s], ends.weight, left.weight);
  }
  return jobs.reduce((bound, own) => Math.max(bound, preemptiveBound(own)), 0);
}
