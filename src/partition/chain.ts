import { type Arrangement, arrangementOf, groupCapacities } from './layout.ts';
import type { PartitionProblem } from './problem.ts';

/** Relative slack within which two sums of seconds, or of bytes, count as equal: sums by prefixes differ in their last bits. */
export const TOLERANCE = 1e-9;

/** A factor that makes smaller by more than rounding. */
export const LESS = 1 - 3 * TOLERANCE;

/** A problem made ready for search: prefix sums and the devices' layout. Position i lies before unit i. */
export interface Chain extends Arrangement {
  readonly problem: PartitionProblem;
  readonly units: number;
  /** The smaller capacity of each group's devices. */
  readonly capacityBytes: Float64Array;
  /** Sums of the units before each position. */
  readonly seconds: Float64Array;
  readonly staticBytes: Float64Array;
  readonly activationBytes: Float64Array;
  readonly transientBytes: Float64Array;
  /** Cost and size of the tensor that crosses a position; none at both ends. */
  readonly edgeSeconds: Float64Array;
  readonly edgeBytes: Float64Array;
  /** The last position before each one where a stage must end: no stage that ends here may begin earlier. */
  readonly forced: Int32Array;
}

// The tables of the one chain that is alive: to allocate them anew would take longer than to cut the chain.
let tables = tablesFor(128);

/**
 * Prefix sums and layout of a problem. They share their memory with those of the next call, so that a chain is done
 * with before another is made.
 */
export function chainOf(problem: PartitionProblem): Chain {
  const units = problem.seconds.length;
  if (tables.seconds.length <= units) tables = tablesFor(2 * units);
  const { seconds, staticBytes, activationBytes, edgeSeconds, edgeBytes, forced } = tables;
  seconds[0] = 0;
  staticBytes[0] = 0;
  activationBytes[0] = 0;
  for (let i = 0; i < units; i++) {
    seconds[i + 1] = seconds[i] + problem.seconds[i];
    staticBytes[i + 1] = staticBytes[i] + problem.staticBytes[i];
    activationBytes[i + 1] = activationBytes[i] + problem.activationBytes[i];
  }
  for (let i = 0; i + 1 < units; i++) {
    edgeSeconds[i + 1] = problem.boundarySeconds[i];
    edgeBytes[i + 1] = problem.boundaryBytes[i];
  }
  edgeSeconds[0] = 0;
  edgeBytes[0] = 0;
  edgeSeconds[units] = 0;
  edgeBytes[units] = 0;
  markForced(forced, problem.cutsAfter, units);
  // Field by field: every chain then has the same shape, which the searches are compiled for.
  const { virtualStages, groups, group, copies, parted, members, memberStart } = arrangementOf(problem);
  return {
    virtualStages,
    groups,
    group,
    copies,
    parted,
    members,
    memberStart,
    problem,
    units,
    capacityBytes: groupCapacities(problem, groups),
    seconds,
    staticBytes,
    activationBytes,
    transientBytes: problem.transientBytes,
    edgeSeconds,
    edgeBytes,
    forced,
  };
}

function tablesFor(units: number) {
  const sums = () => new Float64Array(units + 1);
  return {
    seconds: sums(),
    staticBytes: sums(),
    activationBytes: sums(),
    edgeSeconds: sums(),
    edgeBytes: sums(),
    forced: new Int32Array(units + 1),
  };
}

function markForced(forced: Int32Array, cutsAfter: readonly number[], units: number): void {
  forced.fill(0, 0, units + 1);
  if (cutsAfter.length === 0) return;
  for (const unit of cutsAfter) if (unit + 2 <= units) forced[unit + 2] = unit + 1;
  for (let position = 1; position <= units; position++) {
    if (forced[position] === 0) forced[position] = forced[position - 1];
  }
}
