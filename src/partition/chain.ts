import { type Layout, layoutOf } from './layout.ts';
import type { PartitionProblem } from './problem.ts';

/** Relative slack within which two sums of seconds, or of bytes, count as equal: sums by prefixes differ in their last bits. */
export const TOLERANCE = 1e-9;

/** A problem made ready for search: prefix sums and the devices' layout. Position i lies before unit i. */
export interface Chain extends Layout {
  readonly problem: PartitionProblem;
  readonly units: number;
  /** Sums of the units before each position. */
  readonly seconds: Float64Array;
  readonly staticBytes: Float64Array;
  readonly activationBytes: Float64Array;
  readonly transientBytes: Float64Array;
  /** Cost and size of the tensor that crosses a position; none at both ends. */
  readonly edgeSeconds: Float64Array;
  readonly edgeBytes: Float64Array;
  /** The last position before each one where a stage must end: no stage may begin earlier. */
  readonly forced: Int32Array;
}

/** Prefix sums and layout of a problem. */
export function chainOf(problem: PartitionProblem): Chain {
  const units = problem.seconds.length;
  const forced = new Int32Array(units + 1);
  if (problem.cutsAfter.length > 0) {
    const ends = new Uint8Array(units + 1);
    for (const unit of problem.cutsAfter) if (unit + 1 < units) ends[unit + 1] = 1;
    for (let position = 1; position <= units; position++) {
      forced[position] = ends[position - 1] === 1 ? position - 1 : forced[position - 1];
    }
  }
  return {
    ...layoutOf(problem),
    problem,
    units,
    seconds: prefixSums(problem.seconds),
    staticBytes: prefixSums(problem.staticBytes),
    activationBytes: prefixSums(problem.activationBytes),
    transientBytes: problem.transientBytes,
    edgeSeconds: edges(problem.boundarySeconds, units),
    edgeBytes: edges(problem.boundaryBytes, units),
    forced,
  };
}

function prefixSums(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) sums[i + 1] = sums[i] + values[i];
  return sums;
}

function edges(boundary: Float64Array, units: number): Float64Array {
  const values = new Float64Array(units + 1);
  for (let position = 1; position < units; position++) values[position] = boundary[position - 1];
  return values;
}
