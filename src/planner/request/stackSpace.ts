import type { StackName } from '../../stack/stack.ts';

/** What a stack can launch of what a search may leave open; degrees follow from the devices and the model. */
export interface StackSpace {
  readonly pipeline: boolean;
  readonly context: boolean;
  /** Schedules with one chunk a device, and with more; none of the latter where the stack has no virtual stages. */
  readonly schedules: readonly string[];
  readonly sequenceParallel: readonly boolean[];
  /** Whether stages may have any number of layers, or only equal ones. */
  readonly unequalStages: boolean;
  readonly placements: readonly string[];
  /** ZeRO stages without and with a pipeline. */
  readonly zeroStages: readonly (0 | 1 | 2 | 3)[];
  readonly zeroStagesOfPipelines: readonly (0 | 1 | 2 | 3)[];
  /** Whether ZeRO may shard among some of the replicas only. */
  readonly shardingDegrees: boolean;
  readonly recompute: readonly ('none' | 'selective' | 'selective-op' | 'full')[];
  /** Full recomputation of the first N layers of a stage. */
  readonly partialRecompute: boolean;
  readonly source: string;
}

const megatron: StackSpace = {
  pipeline: true,
  context: false,
  schedules: ['1f1b', 'interleaved'],
  sequenceParallel: [false, true],
  unequalStages: false,
  placements: ['PDT'],
  zeroStages: [0],
  zeroStagesOfPipelines: [0],
  shardingDegrees: false,
  recompute: ['none', 'selective', 'full'],
  partialRecompute: true,
  source:
    'Megatron-LM megatron/training/arguments.py: --recompute-method block, --num-layers-per-virtual-pipeline-stage',
};

const fsdp: StackSpace = {
  pipeline: false,
  context: false,
  schedules: ['1f1b'],
  sequenceParallel: [true],
  unequalStages: false,
  placements: ['PDT'],
  zeroStages: [2, 3],
  zeroStagesOfPipelines: [],
  shardingDegrees: true,
  recompute: ['none', 'full'],
  partialRecompute: false,
  source: 'torch.distributed.fsdp ShardingStrategy: SHARD_GRAD_OP, FULL_SHARD and HYBRID_SHARD',
};

/** What every stack can launch. */
export const stackSpaces: Readonly<Record<StackName, StackSpace>> = {
  'megatron-2021': { ...megatron, sequenceParallel: [false], recompute: ['none', 'full'] },
  'megatron-2023': { ...megatron, zeroStages: [0, 1], zeroStagesOfPipelines: [0, 1] },
  'megatron-core': {
    ...megatron,
    context: true,
    unequalStages: true,
    placements: ['PDT', 'DPT'],
    zeroStages: [0, 1],
    zeroStagesOfPipelines: [0, 1],
    shardingDegrees: true,
    source:
      'Megatron-LM megatron/training/arguments.py: --use-tp-pp-dp-mapping, --pipeline-model-parallel-layout, --num-distributed-optimizer-instances, --recompute-method block',
  },
  'megatron-deepspeed': {
    ...megatron,
    schedules: ['1f1b'],
    sequenceParallel: [false],
    zeroStages: [0, 1, 2, 3],
    zeroStagesOfPipelines: [0, 1],
    recompute: ['none', 'full'],
    partialRecompute: false,
    source: 'DeepSpeed runtime/pipe/engine.py: ZeRO 2 and 3 do not go with pipelines',
  },
  'aleph-alpha-scaling': {
    ...megatron,
    schedules: ['1f1b'],
    sequenceParallel: [false, true],
    zeroStages: [0, 1],
    zeroStagesOfPipelines: [0, 1],
    recompute: ['none', 'full'],
    partialRecompute: false,
    source: 'Aleph-Alpha/scaling: topology and activation_checkpointing_type',
  },
  deepspeed: {
    ...megatron,
    pipeline: false,
    schedules: ['1f1b'],
    sequenceParallel: [false],
    zeroStages: [0, 1, 2, 3],
    zeroStagesOfPipelines: [],
    shardingDegrees: true,
    recompute: ['none', 'full'],
    partialRecompute: false,
    source: 'DeepSpeed runtime/zero/config.py: stage, mics_shard_size, zero_hpz_partition_size',
  },
  fsdp1: fsdp,
  fsdp2: {
    ...fsdp,
    pipeline: true,
    context: true,
    schedules: ['1f1b', 'gpipe', 'interleaved', 'breadth-first', 'zb-v', 'dualpipe-v'],
    sequenceParallel: [false, true],
    unequalStages: true,
    zeroStagesOfPipelines: [3],
    recompute: ['none', 'selective-op', 'full'],
    source: 'pytorch/torchtitan: parallelism and activation_checkpoint of config_manager.py',
  },
  'smp-v1': {
    ...megatron,
    schedules: ['smp-interleaved', 'smp-simple'],
    sequenceParallel: [false],
    unequalStages: true,
    placements: ['DPT', 'DTP', 'PDT', 'PTD', 'TDP', 'TPD'],
    zeroStages: [0, 1],
    zeroStagesOfPipelines: [0, 1],
    recompute: ['none', 'full'],
    partialRecompute: false,
    source:
      'Amazon SageMaker Python SDK: smd_model_parallel_general (placement_strategy, pipeline, shard_optimizer_state)',
  },
  'smp-v2': {
    ...fsdp,
    context: true,
    zeroStages: [3],
    source: 'Amazon SageMaker model parallel library v2 reference: hybrid_shard_degree, context_parallel_degree',
  },
  'neuronx-distributed': {
    ...megatron,
    schedules: ['1f1b', 'interleaved'],
    zeroStages: [0, 1],
    zeroStagesOfPipelines: [0, 1],
    unequalStages: true,
    partialRecompute: false,
    source: 'aws-neuron/neuronx-distributed: pipeline_cuts, virtual_pipeline_size, zero_one_enabled',
  },
};
