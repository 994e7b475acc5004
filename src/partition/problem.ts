/**
 * A chain of units (layers, or operators in topological order) to be cut into contiguous virtual stages.
 * Arrays are indexed by unit; times are seconds of one microbatch, bytes those of one rank.
 */
export interface PartitionProblem {
  /** Forward and backward together. */
  readonly seconds: Float64Array;
  /** Held all through the step: parameters, gradients, optimizer states. */
  readonly staticBytes: Float64Array;
  /** Held for every microbatch in flight. */
  readonly activationBytes: Float64Array;
  /** Alive only while the unit runs: a stage needs the largest of its units'. */
  readonly transientBytes: Float64Array;
  /**
   * What the tensor between unit i and i + 1 costs each of the two stages it parts, and its size: one entry fewer than
   * units. Where both stages are on one device it costs nothing.
   */
  readonly boundarySeconds: Float64Array;
  readonly boundaryBytes: Float64Array;
  /** Pipeline ranks. */
  readonly stages: number;
  /** Chunks a device. */
  readonly virtualStages: number;
  readonly placement: 'linear' | 'loop' | 'v' | 'dual';
  /**
   * Microbatches of each virtual stage that its device holds at its fullest moment. Under `dual` each stage is on two
   * devices, one a direction, which hold as many.
   */
  readonly inFlight: Float64Array;
  /** Bytes that each device has for the four kinds above. */
  readonly capacityBytes: Float64Array;
  /** Units after which a stage must end. */
  readonly cutsAfter: readonly number[];
}

/** Contiguous virtual stages: number s holds the units from `ends[s − 1]` (0 for the first) up to, not including, `ends[s]`. */
export interface Cuts {
  readonly ends: Int32Array;
  /** The largest load of a device, seconds of one microbatch through all its chunks; under `dual`, of one a direction. */
  readonly bottleneckSeconds: number;
  /** No contiguous cut can have a smaller one, whatever the memory. */
  readonly lowerBoundSeconds: number;
  /**
   * True where the bottleneck is proved the least among cuts that respect the limits; where bytes are over, that no cuts
   * are over by less.
   */
  readonly proved: boolean;
  /** Bytes by which the worst device exceeds its capacity; 0 where all fit. */
  readonly overBytes: number;
}
