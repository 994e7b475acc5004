import { fields, flag, fraction, nonNegativeNumber, oneOf, type Read, text, wholeNumber } from './fields.ts';

/**
 * Every key of SageMaker's model-parallel library, of both versions, by the library's own names.
 * @source Amazon SageMaker Python SDK, smd_model_parallel_general (v1); Amazon SageMaker Developer Guide,
 * distributed-model-parallel-v2-reference (v2)
 */
const parameters = fields('the SMP parameters', {
  // Version 1
  partitions: wholeNumber(),
  pipeline_parallel_degree: wholeNumber(),
  microbatches: wholeNumber(),
  pipeline: oneOf(['interleaved', 'simple', '_only_forward']),
  optimize: oneOf(['memory', 'speed']),
  placement_strategy: text('cluster'),
  auto_partition: flag(),
  default_partition: wholeNumber(0),
  contiguous: flag(),
  horovod: flag(),
  memory_weight: fraction(),
  ddp: flag(),
  active_microbatches: wholeNumber(),
  deterministic_server: flag(),
  offload_activations: flag(),
  fp16: flag(),
  bf16: flag(),
  fp16_params: flag(),
  shard_optimizer_state: flag(),
  prescaled_batch: flag(),
  skip_tracing: flag(),
  sharded_data_parallel_degree: wholeNumber(),
  sdp_reduce_bucket_size: wholeNumber(),
  sdp_param_persistence_threshold: wholeNumber(0),
  sdp_max_live_parameters: wholeNumber(0),
  sdp_hierarchical_allgather: flag(),
  sdp_gradient_clipping: nonNegativeNumber(),
  ddp_dist_backend: oneOf(['auto', 'nccl']),
  static_mode: flag(),
  fast_mode: flag(),
  _fp32_grad_accumulation: flag(),
  _match_weights: flag(),
  checkpoint_attentions: flag(),
  // Both versions
  tensor_parallel_degree: wholeNumber(),
  activation_loading_horizon: wholeNumber(),
  // Version 2
  hybrid_shard_degree: wholeNumber(0),
  sm_activation_offloading: flag(),
  fsdp_cache_flush_warnings: flag(),
  allow_empty_shards: flag(),
  context_parallel_degree: wholeNumber(),
  expert_parallel_degree: wholeNumber(),
  random_seed: wholeNumber(0),
});
export type SmpParameters = Read<typeof parameters>;

/** What a SageMaker user writes in the place of `parallelism`. */
export const smpReader = fields(
  'smp',
  {
    enabled: flag(),
    parameters,
    mpi: fields('mpi', { enabled: flag(), processes_per_host: wholeNumber(), custom_mpi_options: text('-x A=1') }),
  },
  { parameters: 'write the parameters that go to the library, such as { "pipeline_parallel_degree": 2, "ddp": true }' },
);
export type SmpInput = Read<typeof smpReader>;
