/** The answer to one job: the same object for the library, `--json` and every picture. Seconds, bytes, FLOP/s; no field is ever null, NaN or infinite. */
export interface Report {
  readonly name: string;
  readonly fits: boolean;
  readonly stepTimeSeconds: number;
  /** 90% interval, where there is evidence for one. */
  readonly stepTimeSecondsRange?: readonly [number, number];
  readonly samplesPerSecond: number;
  readonly tokensPerSecond: number;
  /** Of the whole model, with its own vocabulary and with the padded one. */
  readonly parameters: number;
  readonly paddedParameters: number;
  readonly modelFlopsPerSecondPerDevice: number;
  /** Model FLOPs over the dense peak of the job's precision, and the same with recomputation added. */
  readonly mfu: number;
  readonly hfu: number;
  readonly bubbleFraction: number;
  /** The critical device's step, cut into what it was doing or waiting for; sums to `stepTimeSeconds`. */
  readonly breakdownSeconds: Breakdown;
  readonly memory: MemoryReport;
  readonly partition: PartitionReport;
  readonly training?: TrainingReport;
  readonly nearest: readonly NearestRun[];
  readonly warnings: readonly string[];
}

export const breakdownKinds = [
  'forward',
  'backward',
  'recompute',
  'tensorComm',
  'pipelineComm',
  'dataComm',
  'contextComm',
  'expertComm',
  'offload',
  'optimizer',
  'bubble',
  'other',
] as const;
export type BreakdownKind = (typeof breakdownKinds)[number];
export type Breakdown = Readonly<Record<BreakdownKind, number>>;

export interface MemoryReport {
  /** Usable memory of a device. */
  readonly capacityBytes: number;
  /** What the driver would show on the fullest device. */
  readonly peakBytes: number;
  readonly peakAllocatedBytes: number;
  readonly peakReservedBytes: number;
  /** Of one instance. */
  readonly hostBytes: number;
  /** One a pipeline rank. */
  readonly stages: readonly StageMemory[];
}

/** The seven parts sum to `peakBytes` at the moment of the peak. */
export interface StageMemory {
  readonly stage: number;
  readonly peakBytes: number;
  readonly allocatedBytes: number;
  readonly reservedBytes: number;
  readonly peakAtSeconds: number;
  readonly parametersBytes: number;
  readonly gradientsBytes: number;
  readonly optimizerBytes: number;
  /** Tensors saved for the backward pass. */
  readonly activationsBytes: number;
  /** Logits, loss, recomputation and kernel workspace. */
  readonly temporaryBytes: number;
  /** Buckets, gathered parameters, pipeline buffers. */
  readonly communicationBytes: number;
  /** Context, libraries, communicators and allocator slack. */
  readonly frameworkBytes: number;
  /** The five largest things alive at the peak, the largest first; saved tensors of one name count together. */
  readonly largest: readonly { readonly name: string; readonly bytes: number }[];
}

export interface PartitionReport {
  readonly partitioner: string;
  /** Largest device load over the mean, less 1. */
  readonly imbalance: number;
  /** Load of the busiest device as cuts are judged: passes of one microbatch, and transfers where they are its own work. */
  readonly bottleneckSeconds: number;
  /** No partition can have a bottleneck below this. */
  readonly lowerBoundSeconds: number;
  /** One a virtual stage, in model order. */
  readonly stages: readonly StageReport[];
}

export interface StageReport {
  readonly virtualStage: number;
  /** Pipeline rank. */
  readonly stage: number;
  readonly chunk: number;
  /** Transformer layers. */
  readonly layers: number;
  readonly operators: number;
  /** Of the whole stage, all tensor ranks together. */
  readonly parameters: number;
  /** One microbatch on one rank. */
  readonly forwardSeconds: number;
  readonly backwardSeconds: number;
  /** Bytes sent forward, one microbatch on one rank. */
  readonly sendBytes: number;
}

/** The whole run; `usd` and its company are left out where there is no price. */
export interface TrainingReport {
  readonly steps: number;
  readonly timeToTrainSeconds: number;
  readonly usd?: number;
  readonly usdPerHour?: number;
  readonly priceDate?: string;
  readonly energyKilowattHours?: number;
}

/** A published run like this one, and how far the forecast was from it. */
export interface NearestRun {
  readonly id: string;
  readonly source: string;
  readonly measuredSeconds: number;
  readonly predictedSeconds: number;
  /** predicted ÷ measured − 1. */
  readonly error: number;
}
