import { BACKWARD, FORWARD, WEIGHT } from '../schedule.ts';
import { WakeTree } from '../wakeTree.ts';
import { PASSES, type PassOrders, type Problem } from './problem.ts';

const NEVER = Number.POSITIVE_INFINITY;
const NONE = -1;

/**
 * A list scheduler under a limit of memory: whenever a device is free it runs the ready pass of least rank, within the
 * limit. It stays idle only for a pass of lesser rank that will arrive within a share of the time the ready one takes.
 */
export class ListScheduler {
  readonly #problem: Problem;
  readonly #done: Int32Array;
  readonly #ready: Float64Array;
  readonly #held: Int32Array;
  readonly #length: Int32Array;
  readonly #running: Int32Array;
  readonly orders: PassOrders;

  constructor(problem: Problem) {
    const { stages, virtualStages, microbatches, passes, chunks } = problem;
    this.#problem = problem;
    this.#done = new Int32Array(PASSES * virtualStages);
    this.#ready = new Float64Array(passes);
    this.#held = new Int32Array(stages);
    this.#length = new Int32Array(stages);
    this.#running = new Int32Array(stages);
    this.orders = Array.from({ length: stages }, () => new Int32Array(PASSES * chunks * microbatches));
  }

  /**
   * Schedules all passes; the orders are in {@link orders}.
   * @param rank of every pass; the least runs first
   * @param patience share of a ready pass's time for which a device may wait for one of lesser rank
   * @returns false where the policy got stuck
   */
  run(rank: Float64Array, patience: number): boolean {
    const { stages, chunks, virtualStages: count, microbatches, stageOf, deviceOf } = this.#problem;
    const { cost, transfer, memoryLimit, passes } = this.#problem;
    const done = this.#done.fill(0);
    const ready = this.#ready.fill(NEVER).fill(0, 0, microbatches);
    const held = this.#held.fill(0);
    const length = this.#length.fill(0);
    const running = this.#running.fill(NONE);
    const wakes = new WakeTree(stages);
    wakes.set(deviceOf[0], 0);
    let left = passes;

    /** Tells whoever waits for a pass when its output will be there. */
    const announce = (kind: number, stage: number, microbatch: number, end: number) => {
      let target = NONE;
      let sink = stage;
      let arrival = end;
      if (kind === FORWARD) {
        if (stage + 1 < count) {
          sink = stage + 1;
          arrival += transfer[stage];
          target = (FORWARD * count + sink) * microbatches + microbatch;
        } else target = (BACKWARD * count + stage) * microbatches + microbatch;
      } else if (stage > 0) {
        sink = stage - 1;
        arrival += transfer[sink];
        target = (BACKWARD * count + sink) * microbatches + microbatch;
      }
      if (target === NONE) return;
      ready[target] = arrival;
      const device = deviceOf[sink];
      // An idle device looks again now, since it may want to wait for what has been announced.
      if (running[device] === NONE && arrival < wakes.at(device)) wakes.set(device, arrival);
    };

    while (left > 0) {
      const now = wakes.earliest;
      if (now === NEVER) return false;
      const device = wakes.first();
      wakes.set(device, NEVER);
      if (running[device] !== NONE) {
        const row = running[device];
        running[device] = NONE;
        done[row]++;
        if (row >= WEIGHT * count) held[device]--;
        left--;
      }
      let best = NONE;
      let bestRank = NEVER;
      let bestRow = NONE;
      let soon = NEVER;
      let soonRank = NEVER;
      for (let chunk = 0; chunk < chunks; chunk++) {
        const stage = stageOf[device * chunks + chunk];
        // A forward leaves room for one activation of every later chunk, so that its microbatch can turn round.
        const room = held[device] + chunks - chunk <= memoryLimit;
        for (let kind = FORWARD; kind <= WEIGHT; kind++) {
          const row = kind * count + stage;
          const j = done[row];
          if (j === microbatches || (kind === FORWARD && !room)) continue;
          if (kind !== FORWARD && j >= done[row - count]) continue;
          const pass = row * microbatches + j;
          const at = kind === WEIGHT ? now : ready[pass];
          if (at <= now) {
            if (rank[pass] < bestRank) {
              best = pass;
              bestRank = rank[pass];
              bestRow = row;
            }
          } else if (at < NEVER && (at < soon || (at === soon && rank[pass] < soonRank))) {
            soon = at;
            soonRank = rank[pass];
          }
        }
      }
      const waits = best !== NONE && soonRank < bestRank && soon < now + patience * cost[bestRow];
      if (best === NONE || waits) {
        wakes.set(device, soon);
        continue;
      }
      const end = now + cost[bestRow];
      if (bestRow < count) held[device]++;
      this.orders[device][length[device]++] = best;
      running[device] = bestRow;
      wakes.set(device, end);
      if (bestRow < WEIGHT * count) announce((bestRow / count) | 0, bestRow % count, best % microbatches, end);
    }
    return true;
  }
}
