import { type PipelinePlan, planPipeline } from './plan.ts';
import { type Insertion, repeatsOf } from './repeats.ts';
import { type PipelineCosts, type PipelineShape, placementOf, type Schedule } from './schedule.ts';

/** A place where the whole step runs more periods than the plan, in terms of the plan's tasks. */
export interface Jump extends Insertion {
  readonly device: number;
  position: number;
  periodic: number;
  /** How far before it, in tasks of its device, lies what tasks of the last period and beyond it take. */
  reach: number;
}

/**
 * A plan of a step with fewer microbatches, and the places where a longer step runs more of the same periods. Edges that
 * lead across such a place are marked with the jump they cross.
 */
export interface SteadyPlan {
  readonly plan: PipelinePlan;
  readonly jumps: readonly Jump[];
  /** By task: its place on its device. */
  readonly position: Int32Array;
  /** By task: jump between it and the task before it, or that its input was produced before; NO_JUMP where none. */
  readonly previousJump: Int32Array;
  readonly inputJump: Int32Array;
  readonly pairInputJump: Int32Array;
}

export const NO_JUMP = -1;

/** The jump before which a task repeats, if it does. */
function jumpAfter(jumps: readonly Jump[], device: number, position: number): number {
  return jumps.findIndex(
    (jump) => jump.device === device && position < jump.position && position >= jump.position - jump.periodic,
  );
}

/**
 * Plans a step of `short` microbatches so that longer ones can be worked out from it.
 * @param period microbatches of one chunk in a period
 * @param longer the shape that is one period longer
 * @returns undefined where the orders of the two do not differ by one period
 */
export function steadyPlan(
  schedule: Schedule,
  short: PipelineShape,
  longer: PipelineShape,
  period: number,
  costs: PipelineCosts,
): SteadyPlan | undefined {
  const orders = schedule.order(short, costs);
  const devices = repeatsOf(orders, schedule.order(longer, costs), period);
  if (devices === undefined) return undefined;
  const plan = planPipeline(orders, short, placementOf(schedule, short), schedule.splitsBackward);
  const { tasks, stages, deviceOffset, deviceTasks, device: deviceOf, input, pairInput } = plan;

  const jumps = devices.flatMap(({ insertions }, device) =>
    insertions.map((insertion): Jump => ({ ...insertion, device, reach: insertion.length })),
  );
  const position = new Int32Array(tasks);
  const shifted = new Uint8Array(tasks);
  for (let d = 0; d < stages; d++) {
    for (let at = deviceOffset[d]; at < deviceOffset[d + 1]; at++) {
      position[deviceTasks[at]] = at - deviceOffset[d];
      shifted[deviceTasks[at]] = devices[d].shifted[at - deviceOffset[d]];
    }
  }
  if (!alignJumps(plan, jumps, position, shifted)) return undefined;
  // One period more after each jump, so that the last microbatch of the step is in the plan.
  for (const jump of jumps) retreat(plan, jump, jump.position - jump.length, shifted);

  const previousJump = new Int32Array(tasks).fill(NO_JUMP);
  const inputJump = new Int32Array(tasks).fill(NO_JUMP);
  const pairInputJump = new Int32Array(pairInput.length).fill(NO_JUMP);
  for (const [index, { device, position: at }] of jumps.entries()) {
    previousJump[deviceTasks[deviceOffset[device] + at]] = index;
  }
  /** Marks an edge that crosses a jump, and notes how far back it reaches. False where no jump explains it. */
  const mark = (k: number, source: number, marks: Int32Array): boolean => {
    if (source === tasks) return true;
    const crosses = shifted[k] !== shifted[source];
    if (!crosses) {
      const own = jumps[jumpAfter(jumps, deviceOf[k], position[k])];
      const inLastPeriod = own !== undefined && position[k] >= own.position - own.length;
      if (!inLastPeriod) return true;
    }
    const jump = jumpAfter(jumps, deviceOf[source], position[source]);
    if (jump === NO_JUMP) return false;
    jumps[jump].reach = Math.max(jumps[jump].reach, jumps[jump].position - position[source]);
    if (crosses) marks[k] = jump;
    return true;
  };
  for (let k = 0; k < tasks; k++) {
    if (!mark(k, input[k], inputJump)) return undefined;
    if (pairInput.length > 0 && !mark(k, pairInput[k], pairInputJump)) return undefined;
  }
  return { plan, jumps, position, previousJump, inputJump, pairInputJump };
}

/**
 * Moves jumps to earlier tasks until no task before a jump takes its input from a task after one: any place among tasks
 * that repeat will do for a jump. False where there is none.
 */
function alignJumps(plan: PipelinePlan, jumps: readonly Jump[], position: Int32Array, shifted: Uint8Array): boolean {
  const { tasks, device: deviceOf, input, pairInput } = plan;
  const sources = pairInput.length > 0 ? [input, pairInput] : [input];
  for (let moved = true; moved; ) {
    moved = false;
    for (const source of sources) {
      for (let k = 0; k < tasks; k++) {
        const y = source[k];
        if (y === tasks || shifted[k] === shifted[y]) continue;
        const theirs = jumps[jumpAfter(jumps, deviceOf[y], position[y])];
        if (theirs !== undefined && theirs.direction === shifted[k] - shifted[y]) continue;
        const own = jumps[jumpAfter(jumps, deviceOf[k], position[k])];
        if (own === undefined || own.direction !== shifted[y] - shifted[k]) return false;
        retreat(plan, own, position[k], shifted);
        moved = true;
      }
    }
  }
  return true;
}

/** Moves a jump to an earlier place on its device. */
function retreat({ deviceOffset, deviceTasks }: PipelinePlan, jump: Jump, to: number, shifted: Uint8Array): void {
  const first = deviceOffset[jump.device];
  const after = jump.direction === 1 ? 1 : 0;
  for (let at = to; at < jump.position; at++) shifted[deviceTasks[first + at]] = after;
  jump.periodic -= jump.position - to;
  jump.position = to;
}
