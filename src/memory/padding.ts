import { type Operator, sum } from '../graph/operator.ts';
import { oncePerObject } from '../keep.ts';
import type { Stack } from '../stack/stack.ts';

/** What is shared among ranks, and how. */
export interface SharedParameters {
  /** Operators of each unit of one chunk, in the order of the model. */
  readonly units: readonly (readonly Operator[])[];
  readonly hiddenSize: number;
  readonly zeroStage: 0 | 1 | 2 | 3;
  /** Ranks that share one copy. */
  readonly replicas: number;
}

/**
 * Elements that a stack adds to the parameters of one chunk so that its ranks have equal shares of them; none where
 * nothing is shared. An operator counts as one tensor: a bias behind its weight is padded with it. The bucket of its own
 * that Megatron-Core gives a tied embedding, and the 16 bytes to which FSDP1 aligns tensors, are left out.
 */
export function paddingElements({ shardPadding, overlapsGradients }: Stack, shared: SharedParameters): number {
  const { units, zeroStage, replicas } = shared;
  if (zeroStage === 0 || replicas === 1) return 0;
  switch (shardPadding) {
    case 'none':
      return 0;
    case 'buckets':
      return bucketPadding(units, replicas, overlapsGradients);
    case 'rows':
      return sum(units.flat(), (operator) => rowPadding(operator, shared));
    case 'units':
      return sum(units, (operators) => toMultiple(sum(operators, parametersOf), replicas));
    case 'tensors':
      return zeroStage === 3
        ? sum(units.flat(), ({ parameters }) => toMultiple(parameters, replicas))
        : toMultiple(sum(units.flat(), parametersOf), flatAlignment * replicas);
  }
}

/** Elements to which Megatron-Core aligns the start of a tensor and, with the replicas, the end of a bucket. */
const tensorAlignment = 64;
const bucketAlignment = 128;
/** Elements after which a bucket is closed: the larger of so many, and so many a replica. */
const leastBucketElements = 4e7;
const bucketElementsPerReplica = 1e6;
/** DeepSpeed's factor before the replicas where it flattens all parameters into one. */
const flatAlignment = 2;

/**
 * Buckets fill up from the last tensor of a chunk to its first; where gradients are reduced only once all are there,
 * they are one.
 * @source Megatron-LM megatron/core/optimizer/param_layout.py and megatron/core/distributed: tensors start at multiples
 * of 64 elements, buckets end at multiples of lcm(replicas, 128)
 */
function bucketPadding(units: readonly (readonly Operator[])[], replicas: number, areOverlapped: boolean): number {
  const size = areOverlapped ? Math.max(leastBucketElements, bucketElementsPerReplica * replicas) : Infinity;
  const alignment = leastCommonMultiple(replicas, bucketAlignment);
  let filled = 0;
  let padding = 0;
  for (let unit = units.length - 1; unit >= 0; unit--) {
    for (const parameters of lastTensorFirst(units[unit]!)) {
      const before = toMultiple(filled, tensorAlignment);
      padding += before;
      filled += before + parameters;
      if (filled < size) continue;
      padding += toMultiple(filled, alignment);
      filled = 0;
    }
  }
  return padding + toMultiple(filled, alignment);
}

/** Parameters of each operator of a unit that has any, from the last to the first. */
const lastTensorFirst = oncePerObject((operators: readonly Operator[]) =>
  Float64Array.from(operators.map(parametersOf).filter((count) => count !== 0)).reverse(),
);

/**
 * Every tensor is shared by rows, so that the fullest rank has as many as its number of rows over the ranks, rounded up.
 * Vectors have one element a row.
 * @source pytorch/pytorch torch/distributed/fsdp/_fully_shard/_fsdp_param.py: shards of the first dimension, padded
 */
function rowPadding({ kind, parameters, gemm }: Operator, { hiddenSize, replicas }: SharedParameters): number {
  if (parameters === 0) return 0;
  const width = kind === 'embedding' ? hiddenSize : gemm === undefined ? 1 : parameters / gemm.n;
  return toMultiple(parameters / width, replicas) * width;
}

/** What `count` lacks to the next multiple. */
function toMultiple(count: number, multiple: number): number {
  return Math.ceil(count / multiple) * multiple - count;
}

function leastCommonMultiple(a: number, b: number): number {
  let [larger, smaller] = [a, b];
  while (smaller > 0) [larger, smaller] = [smaller, larger % smaller];
  return (a / larger) * b;
}

const parametersOf = ({ parameters }: Operator): number => parameters;
