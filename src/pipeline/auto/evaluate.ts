import { BACKWARD, FORWARD, WEIGHT } from '../schedule.ts';
import { PASSES, type PassOrders, type Problem } from './problem.ts';

const NONE = -1;
const UNKNOWN = -1;

/** When passes run in given orders, and why not earlier. Overwritten by each evaluation. */
export interface Evaluation {
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** The pass that each one waited for last: before it on its device, or of another stage; −1 at the beginning. */
  readonly reason: Int32Array;
}

/** Evaluates orders of one problem again and again without allocating. */
export class Evaluator {
  readonly #problem: Problem;
  readonly #cursor: Int32Array;
  readonly #blockedOn: Int32Array;
  readonly #stack: Int32Array;
  /** By kind · virtualStages + virtual stage: how far it is to the pass it waits for, the delay, and the device that waits for it. */
  readonly #source: Int32Array;
  readonly #delay: Float64Array;
  readonly #waiting: Int32Array;
  readonly times: Evaluation;

  constructor(problem: Problem) {
    const { stages, passes, virtualStages: count, microbatches, deviceOf, transfer } = problem;
    this.#problem = problem;
    this.#cursor = new Int32Array(stages);
    this.#blockedOn = new Int32Array(stages);
    this.#stack = new Int32Array(stages + 1);
    this.#source = new Int32Array(PASSES * count);
    this.#delay = new Float64Array(PASSES * count);
    this.#waiting = new Int32Array(PASSES * count).fill(NONE);
    this.times = {
      start: new Float64Array(passes),
      end: new Float64Array(passes),
      reason: new Int32Array(passes),
    };
    for (let s = 0; s < count; s++) {
      if (s > 0) {
        this.#source[FORWARD * count + s] = -microbatches;
        this.#delay[FORWARD * count + s] = transfer[s - 1];
        this.#waiting[FORWARD * count + s - 1] = deviceOf[s];
      }
      if (s + 1 < count) {
        this.#source[BACKWARD * count + s] = microbatches;
        this.#delay[BACKWARD * count + s] = transfer[s];
        this.#waiting[BACKWARD * count + s + 1] = deviceOf[s];
      }
    }
  }

  /** The makespan of the orders; infinite where they deadlock or run a pass before what it needs on its own device. */
  makespan(orders: PassOrders): number {
    const { stages, virtualStages: count, microbatches, cost } = this.#problem;
    const { start, end, reason } = this.times;
    const cursor = this.#cursor.fill(0);
    const blockedOn = this.#blockedOn.fill(NONE);
    const stack = this.#stack;
    const ownPass = count * microbatches;
    end.fill(UNKNOWN);
    let depth = 0;
    for (let d = stages - 1; d >= 0; d--) stack[depth++] = d;
    let left = this.#problem.passes;
    let makespan = 0;
    while (depth > 0) {
      const d = stack[--depth];
      const order = orders[d];
      let at = cursor[d];
      let prior = at > 0 ? order[at - 1] : NONE;
      while (at < order.length) {
        const pass = order[at];
        const row = (pass / microbatches) | 0;
        // Every backward needs the forward, and every weight pass the backward, of its own stage.
        if (pass >= ownPass && end[pass - ownPass] === UNKNOWN) return Number.POSITIVE_INFINITY;
        let begin = prior === NONE ? 0 : end[prior];
        let why = prior;
        const offset = this.#source[row];
        if (offset !== 0) {
          const source = pass + offset;
          const done = end[source];
          if (done === UNKNOWN) {
            blockedOn[d] = source;
            break;
          }
          const arrival = done + this.#delay[row];
          if (arrival > begin) {
            begin = arrival;
            why = source;
          }
        }
        const done = begin + cost[row];
        start[pass] = begin;
        end[pass] = done;
        reason[pass] = why;
        if (done > makespan) makespan = done;
        const waiting = this.#waiting[row];
        if (waiting !== NONE && blockedOn[waiting] === pass) {
          blockedOn[waiting] = NONE;
          stack[depth++] = waiting;
        }
        prior = pass;
        at++;
        left--;
      }
      cursor[d] = at;
    }
    return left === 0 ? makespan : Number.POSITIVE_INFINITY;
  }
}

/** Whether a device's order never holds more microbatch activations than the limit. */
export function fitsMemory({ virtualStages, microbatches, memoryLimit }: Problem, order: Int32Array): boolean {
  const forwards = virtualStages * microbatches;
  let held = 0;
  for (let i = 0; i < order.length; i++) {
    if (order[i] < forwards) {
      if (++held > memoryLimit) return false;
    } else if (order[i] >= WEIGHT * forwards) held--;
  }
  return true;
}
