import type { FaultList } from '../faults.ts';
import type { ParallelismInput } from '../schema/parallelism.ts';
import type { SmpParameters } from '../schema/smp.ts';
import { shown } from '../words.ts';
import type { SmpPlace, Translated } from './translated.ts';

/** `memory_weight` where the parameters say nothing of it, by `optimize`. @source SageMaker Python SDK, smd_model_parallel_general */
const memoryWeights = { memory: 0.8, speed: 0.2 } as const;

/** `sdp_max_live_parameters` where the parameters say nothing of it. @source SageMaker Python SDK, smd_model_parallel_general */
const defaultMostLive = 1e9;

const schedules = { interleaved: 'smp-interleaved', simple: 'smp-simple' } as const;

/** The parameters of version 1 as fields of `parallelism`. */
export function firstVersion(parameters: SmpParameters, place: SmpPlace, faults: FaultList): Translated {
  const tensor = parameters.tensor_parallel_degree ?? 1;
  const pipeline = pipelineDegree(parameters, faults);
  const isSound = (...keys: readonly string[]) => faults.sound(...keys.map((key) => `smp.parameters.${key}`));
  const degrees = isSound('tensor_parallel_degree', 'pipeline_parallel_degree', 'partitions');
  const data = place.devices === undefined || !degrees ? undefined : place.devices / (tensor * pipeline);
  const sharding = parameters.sharded_data_parallel_degree ?? 1;
  const microBatchSize = isSound('microbatches', 'prescaled_batch')
    ? microBatchSizeOf(parameters, data, place, faults)
    : undefined;
  const { pipeline: schedule = 'interleaved', optimize = 'memory' } = parameters;
  if (isSound('ddp', 'horovod')) requireDataParallel(parameters, data, faults);
  refuseTogether(parameters, pipeline, faults);

  const parallelism: ParallelismInput = {
    tensor,
    pipeline,
    ...(microBatchSize === undefined ? {} : { microBatchSize }),
    // `_only_forward` is refused by name.
    schedule: schedules[schedule === 'simple' ? 'simple' : 'interleaved'],
    ...(parameters.active_microbatches === undefined ? {} : { activeMicrobatches: parameters.active_microbatches }),
    placement: parameters.placement_strategy ?? 'cluster',
    ...(pipeline === 1
      ? {}
      : { partitioner: 'tree', memoryWeight: parameters.memory_weight ?? memoryWeights[optimize] }),
    zeroStage: sharding > 1 ? 3 : parameters.shard_optimizer_state === true ? 1 : 0,
    ...(sharding > 1 ? { shardingDegree: sharding } : {}),
    ...(parameters.offload_activations === true ? { offload: offloadOf(parameters) } : {}),
    ...(parameters.checkpoint_attentions === true ? { recompute: 'selective' } : {}),
  };
  const wide = parameters._fp32_grad_accumulation === true;
  return {
    parallelism,
    stack: { ...(wide ? { gradientAccumulationDtype: 'fp32' } : {}), ...(sharding > 1 ? limitsOf(parameters) : {}) },
    notes: notesOf(parameters, tensor, sharding, place),
  };
}

function offloadOf({ activation_loading_horizon: horizon }: SmpParameters): NonNullable<ParallelismInput['offload']> {
  return { activations: true, ...(horizon === undefined ? {} : { horizon }) };
}

/** How much of sharded parameters is whole on each device. */
function limitsOf({
  sdp_max_live_parameters: mostLiveParameters,
  sdp_param_persistence_threshold: persistenceThreshold,
}: SmpParameters): Translated['stack'] {
  return {
    ...(mostLiveParameters === undefined ? {} : { mostLiveParameters }),
    ...(persistenceThreshold === undefined ? {} : { persistenceThreshold }),
  };
}

/** `partitions` is the older name of `pipeline_parallel_degree`. */
function pipelineDegree({ partitions, pipeline_parallel_degree: degree }: SmpParameters, faults: FaultList): number {
  if (partitions !== undefined && degree !== undefined && partitions !== degree) {
    const message = `${shown(partitions)} is the older name of pipeline_parallel_degree, which says ${shown(degree)}`;
    faults.add('smp.parameters.partitions', `${message}; leave one out`);
  }
  return degree ?? partitions ?? 1;
}

/**
 * The sequences that a tensor group takes at once. Its ranks hold different samples, unless `prescaled_batch` says that
 * they are fed the same, larger batch.
 */
function microBatchSizeOf(
  { microbatches = 1, tensor_parallel_degree: tensor = 1, prescaled_batch: prescaled = false }: SmpParameters,
  data: number | undefined,
  { globalBatchSize }: SmpPlace,
  faults: FaultList,
): number | undefined {
  if (data === undefined || globalBatchSize === undefined || !Number.isInteger(data)) return undefined;
  const share = globalBatchSize / data;
  const size = share / microbatches;
  const path = 'smp.parameters.microbatches';
  const group = tensor > 1 ? 'tensor group' : 'replica';
  if (!Number.isInteger(size)) {
    const of = `the ${shown(share)} sequences of a ${group} (globalBatchSize ${shown(globalBatchSize)} ÷ ${shown(data)})`;
    faults.add(path, `${shown(microbatches)} does not divide ${of}; a number that divides them would do`);
    return undefined;
  }
  if (tensor > 1 && !prescaled && !Number.isInteger(size / tensor)) {
    const of = `leaves ${shown(size)} sequences a microbatch for the ${shown(tensor)} ranks of a tensor group, which`;
    const would = `fewer microbatches, or prescaled_batch true, would do`;
    faults.add(path, `${shown(microbatches)} ${of} without prescaled_batch take equal shares; ${would}`);
    return undefined;
  }
  return size;
}

/** Replicas, and the ranks of tensor parallelism, are data-parallel ranks. */
function requireDataParallel(
  { ddp = false, horovod = false, tensor_parallel_degree: tensor = 1 }: SmpParameters,
  data: number | undefined,
  faults: FaultList,
): void {
  if (ddp || horovod) return;
  const path = 'smp.parameters.ddp';
  if (tensor > 1) {
    faults.add(path, `must be true with tensor_parallel_degree ${shown(tensor)}: tensor ranks are data-parallel ranks`);
  } else if (data !== undefined && data > 1 && Number.isInteger(data)) {
    faults.add(path, `must be true with ${shown(data)} replicas of the model; true would do`);
  }
}

/** What the library does not do at once. */
function refuseTogether(parameters: SmpParameters, pipeline: number, faults: FaultList): void {
  const { sharded_data_parallel_degree: sharding = 1 } = parameters;
  const path = 'smp.parameters.sharded_data_parallel_degree';
  if (sharding > 1 && pipeline > 1) {
    faults.add(path, `${shown(sharding)} does not go with ${shown(pipeline)} pipeline stages; 1 of either would do`);
  }
  if (sharding > 1 && parameters.shard_optimizer_state === true) {
    faults.add(path, `${shown(sharding)} shards the optimizer too, so that shard_optimizer_state must be false`);
  }
  const { default_partition: partition } = parameters;
  if (partition !== undefined && partition >= pipeline) {
    const most = pipeline === 1 ? '0' : `0 to ${shown(pipeline - 1)}`;
    faults.add('smp.parameters.default_partition', `${shown(partition)} is none of the partitions; ${most} would do`);
  }
}

/** What the library would choose here and foretrain forecasts otherwise, in sentences. */
function notesOf(
  parameters: SmpParameters,
  tensor: number,
  sharding: number,
  { instance, count }: SmpPlace,
): readonly string[] {
  const notes: string[] = [];
  if (tensor > 1 && parameters.optimize === undefined) {
    notes.push(
      'Tensor parallelism is forecast as with optimize "speed"; the library\'s default, "memory", keeps less of each ' +
        'activation on a rank and communicates more.',
    );
  }
  const smddp = sharding > 1 && instance === 'p4d.24xlarge' && (count ?? 0) > 1;
  if (smddp && parameters.ddp_dist_backend !== 'nccl') {
    notes.push(
      'Collectives are forecast as NCCL\'s; ddp_dist_backend "auto" would take SMDDP\'s, which are faster here.',
    );
  }
  const { sdp_max_live_parameters: mostLive = defaultMostLive } = parameters;
  if (sharding > 1 && mostLive < defaultMostLive) {
    notes.push(
      'sdp_max_live_parameters counts for memory; gathers are forecast one layer ahead of the computation all the same.',
    );
  }
  return notes;
}
