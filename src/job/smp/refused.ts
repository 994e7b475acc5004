import type { FaultList } from '../faults.ts';
import type { SmpParameters } from '../schema/smp.ts';
import { shown } from '../words.ts';

/** A key with values that the library takes and foretrain does not model. */
interface Refused {
  readonly key: keyof SmpParameters;
  readonly models: (value: unknown, parameters: SmpParameters) => boolean;
  /** What is modelled, as the end of a sentence. */
  readonly instead: string;
}

const only =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);
/** Keys of sharded data parallelism mean nothing without it. */
const onlyWhenSharded =
  (...values: readonly unknown[]) =>
  (value: unknown, { sharded_data_parallel_degree: degree = 1 }: SmpParameters): boolean =>
    degree === 1 || values.includes(value);
const pipelineOf = ({ partitions, pipeline_parallel_degree: degree }: SmpParameters): number =>
  degree ?? partitions ?? 1;

/**
 * What is refused by name. Keys that change nothing of what is forecast are taken as they are: `deterministic_server`,
 * `skip_tracing`, `random_seed`, `sdp_gradient_clipping`, `fsdp_cache_flush_warnings`, `allow_empty_shards`, and the
 * two that say how a script would offload, if it does.
 */
const refused: readonly Refused[] = [
  { key: 'pipeline', models: only('interleaved', 'simple'), instead: 'interleaved and simple are' },
  {
    key: 'optimize',
    models: (value, { tensor_parallel_degree: tensor = 1 }) => tensor === 1 || value === 'speed',
    instead: 'with tensor parallelism speed is, which keeps whole activations on each rank',
  },
  {
    key: 'auto_partition',
    models: (value, parameters) => value === true || pipelineOf(parameters) === 1,
    instead: 'true is, or parallelism.stageLayers beside smp for modules that a script places',
  },
  { key: 'contiguous', models: () => false, instead: 'it is for TensorFlow, and PyTorch is' },
  { key: 'horovod', models: only(false), instead: 'it is for TensorFlow, and ddp true is' },
  { key: 'sdp_reduce_bucket_size', models: onlyWhenSharded(5e8), instead: '500,000,000 elements are' },
  { key: 'sdp_hierarchical_allgather', models: onlyWhenSharded(true), instead: 'true is' },
  { key: 'static_mode', models: only(false), instead: 'false is' },
  { key: 'fast_mode', models: only(false), instead: 'false is' },
  { key: '_match_weights', models: only(false), instead: 'false is' },
];

/** Adds a fault for every value that the library takes and foretrain does not model. */
export function refuseParameters(parameters: SmpParameters, faults: FaultList): void {
  for (const { key, models, instead } of refused) {
    const value = parameters[key];
    if (value === undefined || models(value, parameters)) continue;
    faults.add(`smp.parameters.${key}`, `${shown(value)} is not modelled yet; ${instead}`, 'not-modelled');
  }
}
