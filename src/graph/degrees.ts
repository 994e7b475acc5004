/** How many ways each dimension of parallelism splits the job; validated once, asked everywhere. */
export interface ParallelDegrees {
  readonly tensor: number;
  readonly pipeline: number;
  readonly data: number;
  readonly context: number;
  readonly expert: number;
  readonly expertTensor: number;
  /** Activations between the tensor-parallel regions are split along the sequence as well. False at tensor 1. */
  readonly sequenceParallel: boolean;
}

/** Devices that the degrees fill: tensor · pipeline · context · data. */
export function deviceCount(degrees: ParallelDegrees): number {
  return degrees.tensor * degrees.pipeline * degrees.context * degrees.data;
}

/** Replicas among which a parameter's gradient is averaged: data replicas and context ranks. */
export function parameterReplicas(degrees: ParallelDegrees): number {
  return degrees.data * degrees.context;
}
