import type { FaultList } from '../faults.ts';
import type { ParallelismInput } from '../schema/parallelism.ts';
import type { SmpParameters } from '../schema/smp.ts';
import { shown } from '../words.ts';
import type { SmpPlace, Translated } from './translated.ts';

/**
 * The parameters of version 2 as fields of `parallelism`: no pipeline, one microbatch a step, parameters sharded as
 * FSDP does among `hybrid_shard_degree` ranks, context ranks among them; all of them where it is 0.
 */
export function secondVersion(parameters: SmpParameters, place: SmpPlace, faults: FaultList): Translated {
  const tensor = parameters.tensor_parallel_degree ?? 1;
  const context = parameters.context_parallel_degree ?? 1;
  const isSound = (...keys: readonly string[]) => faults.sound(...keys.map((key) => `smp.parameters.${key}`));
  const degrees = isSound('tensor_parallel_degree', 'context_parallel_degree');
  const data = place.devices === undefined || !degrees ? undefined : place.devices / (tensor * context);
  const shardingDegree = isSound('hybrid_shard_degree', 'context_parallel_degree')
    ? shardingDegreeOf(parameters, context, faults)
    : undefined;
  const microBatchSize = microBatchSizeOf(data, place, faults);
  const parallelism: ParallelismInput = {
    tensor,
    context,
    expert: parameters.expert_parallel_degree ?? 1,
    ...(microBatchSize === undefined ? {} : { microBatchSize }),
    zeroStage: 3,
    ...(shardingDegree === undefined ? {} : { shardingDegree }),
  };
  return { parallelism, stack: {}, notes: [] };
}

/** Data replicas among which parameters are sharded; undefined for all of them. */
function shardingDegreeOf(
  { hybrid_shard_degree: degree = 0 }: SmpParameters,
  context: number,
  faults: FaultList,
): number | undefined {
  if (degree === 0) return undefined;
  const path = 'smp.parameters.hybrid_shard_degree';
  if (degree < context) {
    const message = `${shown(degree)} is less than context_parallel_degree ${shown(context)}, whose ranks share shards`;
    faults.add('smp.parameters.context_parallel_degree', `${message}; ${shown(degree)} or less would do`);
    return undefined;
  }
  if (degree % context !== 0) {
    const message = `${shown(degree)} is no multiple of context_parallel_degree ${shown(context)}`;
    faults.add(path, `${message}; ${shown(Math.ceil(degree / context) * context)} would do`);
    return undefined;
  }
  return degree / context;
}

function microBatchSizeOf(
  data: number | undefined,
  { globalBatchSize }: SmpPlace,
  faults: FaultList,
): number | undefined {
  if (data === undefined || globalBatchSize === undefined || !Number.isInteger(data)) return undefined;
  if (globalBatchSize % data === 0) return globalBatchSize / data;
  const message = `${shown(globalBatchSize)} is not divisible by the ${shown(data)} replicas, which take one microbatch each`;
  const nearest = Math.max(1, Math.round(globalBatchSize / data)) * data;
  faults.add('training.globalBatchSize', `${message}; ${shown(nearest)} is the nearest that is`);
  return undefined;
}
