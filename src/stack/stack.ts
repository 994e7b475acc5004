import type { GradientDtype, PrecisionAwareOptimizer } from './precision.ts';

/** How the attention core is computed, by generation of kernel. */
export const attentionKernels = ['unfused', 'fused-softmax', 'flash1', 'flash2', 'flash3'] as const;
export type AttentionKernel = (typeof attentionKernels)[number];

/** True where the kernel never writes the matrix of scores to memory. */
export function isFlash(kernel: AttentionKernel): boolean {
  return kernel === 'flash1' || kernel === 'flash2' || kernel === 'flash3';
}

export const stackNames = [
  'megatron-2021',
  'megatron-2023',
  'megatron-core',
  'megatron-deepspeed',
  'aleph-alpha-scaling',
  'deepspeed',
  'fsdp1',
  'fsdp2',
  'smp-v1',
  'smp-v2',
  'neuronx-distributed',
] as const;
export type StackName = (typeof stackNames)[number];

/** When pipeline transfers hold up the devices at their ends. */
export type TransferMode = 'async' | 'link' | 'blocking';

/**
 * What hides the collectives of tensor parallelism:
 * `none`: nothing; `weight-gradient`: those of the backward pass run beside the weight-gradient GEMMs;
 * `pipelined`: each is cut into pieces that run beside the GEMM that makes or eats them.
 */
export const tensorOverlaps = ['none', 'weight-gradient', 'pipelined'] as const;
export type TensorOverlap = (typeof tensorOverlaps)[number];

/** Bytes a logit of the loss. */
export interface LossBytes {
  /** Kept for the backward pass. */
  readonly saved: number;
  /** Alive at the peak of the backward pass. */
  readonly peak: number;
  /** The same where the loss is compiled. */
  readonly compiledPeak?: number;
  /** Read and written in the forward pass. */
  readonly forward: number;
  /** Read and written in the backward pass. */
  readonly backward: number;
}

/** Gathering of parameters under ZeRO 3, tensor by tensor. */
export interface TensorGathers {
  /** Gathering ahead pauses once so many parameters are gathered; the last tensor may lead beyond them. */
  readonly mostLiveParameters: number;
  /** Elements from which a tensor is sharded: each rank keeps smaller ones whole. */
  readonly persistenceThreshold: number;
  /** Elements of the bucket that gradients leave by, where it is not among `bucketCopyBytes`. */
  readonly bucketElements: number;
}

/** Training software as data: what it fuses, keeps, overlaps and costs on the host. Every number has its source in `sources`. */
export interface Stack {
  readonly name: StackName;
  /** One line for people. */
  readonly summary: string;
  /** Makers of the accelerators it trains on. */
  readonly vendors: readonly ('NVIDIA' | 'AWS')[];

  // Kernels
  readonly attention: AttentionKernel;
  /** Flash kernels leave out blocks that the causal mask hides; `rope` where those of models without rotary positions do not. */
  readonly attentionSkipsMasked: 'all' | 'rope' | 'none';
  readonly fusedNorm: boolean;
  /** Fused norms of usual sizes hold a row in registers: they run as fast as memory, and read gradients once. */
  readonly persistentNorm: boolean;
  /** Bias, activation, dropout and residual chains run as one kernel each. */
  readonly fusedElementwise: boolean;
  /** A compiler fuses whatever lies between the GEMMs (torch.compile, neuronx-cc). */
  readonly compiled: boolean;
  /** Query, key and value are one product, and gate and up another: `all`; only the first: `attention`. */
  readonly fusedProjections: 'all' | 'attention' | 'none';
  /**
   * How a microbatch's weight gradient is added to those before it: by the product itself (`fused`), by a kernel of its
   * own (`separate`), or in shards, which is nothing (`sharded`).
   */
  readonly gradientAccumulation: 'fused' | 'separate' | 'sharded';
  /** What full recomputation keeps only the input of: layers, or embedding and head as well, up to the loss. */
  readonly checkpoints: 'layers' | 'all';
  /** Recomputation of a layer ends with the last tensor that its backward pass needs: the last product is spared. */
  readonly recomputeStopsEarly: boolean;
  /** What is gathered in 8 bits where products take 8 bits: inputs of tensor-parallel layers, or parameters as well. */
  readonly narrowGathers: 'none' | 'tensor' | 'all';
  /** Passes replayed from CUDA graphs: the host launches each as a whole, and their buffers stay. */
  readonly cudaGraphs: boolean;
  readonly precisionRecipe: 'delayed' | 'current' | 'blockwise';
  /** With delayed scaling all ranks that hold the same layers agree on scales at the end of every pass. */
  readonly exchangesScales: boolean;
  /** With current scaling tensor ranks agree on the largest magnitude of every tensor that they cast together. */
  readonly castsDistributedTensors: boolean;

  // Numbers
  readonly gradientReduceDtype: GradientDtype;
  readonly gradientAccumulationDtype: GradientDtype;
  /** A job in fp16 keeps and averages its gradients in fp16, whatever the two above, unless it says otherwise. */
  readonly fp16Gradients: boolean;
  /** The parameters themselves are fp32, cast to 16 bits when they are gathered: there is no other master copy. */
  readonly mastersAreParameters: boolean;
  /** Adam is one kernel; otherwise every operation of its formula is one. */
  readonly fusedOptimizer: boolean;
  /** The optimizer keeps an fp32 copy of 16-bit gradients while it steps. */
  readonly gradientCopyForStep: boolean;
  /** An optimizer that spares that copy and chooses the format of each state; absent where every state is in fp32. */
  readonly precisionAwareOptimizer?: PrecisionAwareOptimizer;
  /**
   * What is rounded up before ranks share it: `buckets` of gradients and parameters, the `rows` of every tensor, the flat
   * parameter of each of the `units`, or all `tensors`, each by itself under ZeRO 3 and together below it.
   */
  readonly shardPadding: 'none' | 'buckets' | 'rows' | 'units' | 'tensors';
  /** The vocabulary is padded to a multiple of this times tensor; 1 leaves it alone. */
  readonly vocabularyMultiple: number;
  /** `whole`: tensor ranks gather the logits, so that each keeps those of the whole vocabulary and computes their loss. */
  readonly logits: 'sharded' | 'whole';
  readonly lossBytesPerLogit: LossBytes;
  /** The loss without its one fused kernel; absent where the software leaves no choice. */
  readonly unfusedLossBytesPerLogit?: LossBytes;

  // Overlap
  readonly asyncTensorParallel: boolean;
  readonly tensorOverlap: TensorOverlap;
  /** Without sequence parallelism tensor ranks add up the gradient of an input once, or once for each linear that reads it. */
  readonly reducesInputGradients: 'once' | 'by-linear';
  /** Keys and values of context-parallel ranks: gathered before attention, or passed round a ring beside it. */
  readonly contextParallel: 'all-gather' | 'ring';
  /**
   * How evenly context ranks share the causal scores: 1 where each takes a piece from both ends of the sequence
   * (zigzag), 0 where the last rank sees nearly all.
   */
  readonly contextBalance: number;
  /** Gradients are reduced under the last backward pass, bucket by bucket. */
  readonly overlapsGradients: boolean;
  /** Updated parameters are gathered under the next forward pass (ZeRO-1). */
  readonly overlapsParameters: boolean;
  readonly gradientBucketBytes: number;
  /** Collectives of sharded parameters work from buffers that are registered with NCCL, which then takes few multiprocessors. */
  readonly registersBuffers: boolean;
  /** Below ZeRO 2 every rank averages whole gradients, though it steps only its share. */
  readonly averagesWholeGradients: boolean;
  /**
   * Bytes a parameter that kernels move around the collectives of sharded units: behind each gather, and before each
   * scatter of gradients.
   */
  readonly shardedCopyBytes: { readonly gather: number; readonly scatter: number };
  readonly pipelineTransfers: TransferMode;
  /** A transfer between stages is cut among the tensor ranks and put together again on the other side. */
  readonly scattersPipelineTransfers: boolean;

  // Host
  /** Time the host needs to launch one transformer layer, forward and backward: a floor under the device's time. */
  readonly hostSecondsPerLayer: { readonly forward: number; readonly backward: number };
  /** How much more a layer takes for each tensor rank: collectives wait for the slowest host. */
  readonly hostTensorFactorPerRank: number;
  /** How much longer the host takes where products take 8 bits: their casts, scales and transposes are launched as well. */
  readonly hostFactorIn8Bits: number;
  /** Between steps: data, logging, loss scale, gradient norm read back. */
  readonly hostSecondsPerStep: number;
  /** Transfers that hosts wait for: all, or those of stages that are not interleaved. */
  readonly hostWaitsForTransfers: 'all' | 'plain' | 'none';
  /** Before each of its forward passes a stage waits for the sizes of the batch, read back from the device. */
  readonly hostWaitsForBatches: boolean;

  // Memory
  /** Under sequence parallelism a linear keeps its input as gathered from all tensor ranks, not this rank's share. */
  readonly keepsGatheredInputs: boolean;
  /** Under sequence parallelism inputs are gathered from tensor ranks again for the gradients of weights. */
  readonly gathersInputsAgain: boolean;
  /** The output of a stage stays with it until the microbatch comes back, besides the next stage's copy. */
  readonly keepsPipelineOutputs: boolean;
  /** One idle weight gradient of each shape stays for ever, where products add to the gradients themselves. */
  readonly keepsDummyGradients: boolean;
  /** Buckets in which gradients and parameters are exchanged, where they are copies beside the gradients themselves. */
  readonly bucketCopyBytes: number;
  /** Gradients of a unit that are there in the format of their reduction while it is scattered, where units are gathered. */
  readonly scatteredCopies: 1 | 2;
  /** What is gathered at once under ZeRO 3: the layer at work and the next one, or tensors as far ahead as limits allow. */
  readonly gathers: 'units' | TensorGathers;
  /**
   * Under a pipeline, sharded units stay gathered from their first pass of a step to their last, and gradients whole:
   * they are scattered when the last microbatch is done.
   */
  readonly staysGatheredInPipelines: boolean;
  /** What it can keep in the host's memory: inputs of recomputed layers, or any large saved tensor; and model states. */
  readonly offloads: {
    readonly activations: 'none' | 'checkpoints' | 'tensors';
    readonly optimizer: boolean;
    readonly parameters: boolean;
    /** How far ahead saved tensors come back, by default, and in what that is counted. */
    readonly horizon: number;
    readonly horizonIn: 'layers' | 'tasks';
  };
  /** Bytes a score that the fused softmax keeps where there is no dropout: its output alone is 2. */
  readonly fusedSoftmaxBytes: number;
  /** Whether the fused softmax is used where dropout follows it as well. */
  readonly fusesSoftmaxBeforeDropout: boolean;
  /** Context, kernels and libraries of one process, outside the allocator. */
  readonly contextBytes: number;
  /** Buffers of one communicator, outside the allocator. */
  readonly communicatorBytes: number;
  /** Reserved over allocated, for what comes and goes in a step, less 1. */
  readonly fragmentation: number;
  /** What the allocator serves besides the model: workspaces of libraries, buffers of the trainer. */
  readonly workspaceBytes: number;

  /** Where forecasts of its pipelines have been off and nobody knows why: a sentence for the report. */
  readonly pipelineCaution?: string | undefined;

  // Defaults of the job
  readonly defaults: {
    readonly zeroStage: 0 | 1 | 3;
    readonly placement: string;
    readonly sequenceParallel: boolean;
    readonly schedule: '1f1b' | 'smp-interleaved';
  };
  readonly sources: Readonly<Record<string, string>>;
}
