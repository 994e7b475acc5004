/** The key of SMP's parameters that sets each field of `parallelism`, in version 1 and in version 2. */
const keyOf: Readonly<Record<string, readonly [first: string, second: string]>> = {
  tensor: ['tensor_parallel_degree', 'tensor_parallel_degree'],
  pipeline: ['pipeline_parallel_degree', 'pipeline_parallel_degree'],
  context: ['context_parallel_degree', 'context_parallel_degree'],
  expert: ['expert_parallel_degree', 'expert_parallel_degree'],
  microBatchSize: ['microbatches', 'microbatches'],
  activeMicrobatches: ['active_microbatches', 'active_microbatches'],
  schedule: ['pipeline', 'pipeline'],
  memoryWeight: ['memory_weight', 'memory_weight'],
  placement: ['placement_strategy', 'placement_strategy'],
  zeroStage: ['shard_optimizer_state', 'hybrid_shard_degree'],
  shardingDegree: ['sharded_data_parallel_degree', 'hybrid_shard_degree'],
};

const offloadKeys: Readonly<Record<string, string>> = {
  'offload.activations': 'offload_activations',
  'offload.horizon': 'activation_loading_horizon',
};

/**
 * Where a person who wrote SMP parameters finds a field: `parallelism.tensor` is
 * `smp.parameters.tensor_parallel_degree`. Fields that no parameter sets keep their path.
 */
export function smpPaths(parameters: unknown): (path: string) => string {
  const written = typeof parameters === 'object' && parameters !== null ? parameters : {};
  const second = 'hybrid_shard_degree' in written;
  const offloads = 'offload_activations' in written;
  const older = 'partitions' in written && !('pipeline_parallel_degree' in written);
  return (path) => {
    const field = path.startsWith('parallelism.') ? path.slice('parallelism.'.length) : '';
    if (offloads && Object.hasOwn(offloadKeys, field)) return `smp.parameters.${offloadKeys[field]}`;
    const keys = Object.hasOwn(keyOf, field) ? keyOf[field] : undefined;
    if (keys === undefined) return path;
    const key = field === 'pipeline' && older ? 'partitions' : keys[second ? 1 : 0];
    return `smp.parameters.${key}`;
  };
}

/** Fields of `parallelism` that may stand beside SMP parameters: what scripts and not parameters say, and other ways to cut. */
export const besideSmp: readonly string[] = [
  'recompute',
  'offload',
  'partitioner',
  'stageLayers',
  'cutsAfter',
  'cutAt',
];
