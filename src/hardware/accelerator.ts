import type { Precision } from '../stack/precision.ts';

/** Where a figure comes from: `V: …` seen there, `R: …` recalled, `D: …` derived, with the rule. */
export type Source = string;

/** One rank's processor: a GPU, a TPU chip, or a NeuronCore with its share of the chip. */
export interface Accelerator {
  readonly name: string;
  readonly vendor: 'NVIDIA' | 'AWS' | 'AMD' | 'Google';
  /** Processor generation: decides which published curves and library constants apply. */
  readonly generation:
    | 'volta'
    | 'ampere'
    | 'ada'
    | 'hopper'
    | 'blackwell'
    | 'neuron-v2'
    | 'neuron-v3'
    | 'neuron-v4'
    | 'cdna3'
    | 'tpu';
  /** Ranks among which one chip is divided; absent where a rank has the whole chip. All figures here are of one rank. */
  readonly ranksPerChip?: number;
  /** Memory printed on the label, bytes. */
  readonly memoryBytes: number;
  /** What a training process can really allocate, context included, bytes. */
  readonly usableMemoryBytes: number;
  readonly memoryBytesPerSecond: number;
  /** Last-level cache, bytes. */
  readonly cacheBytes?: number;
  /** Dense peak of each number format, FLOP/s. Absent: the part has no such units, or no figure was found. */
  readonly flopsPerSecond: Readonly<Partial<Record<Precision | 'tf32', number>>>;
  /** Streaming multiprocessors; absent for parts that have none or no figure. */
  readonly multiprocessors?: number;
  /** Best sustained matrix multiplication measured, FLOP/s. */
  readonly measuredMatmulFlopsPerSecond?: Readonly<Partial<Record<Precision, number>>>;
  /** What its matrix units reach over what foretrain says of their kind, as somebody measured; 1 where absent. */
  readonly matrixFactor?: number;
  readonly powerWatts?: number;
  /** Power at which the peaks hold, where a job or a variant allows less. */
  readonly ratedPowerWatts?: number;
  /** Clock of the slowest of a job's devices, of the usual one's; 1 where absent. */
  readonly slowestClock?: number;
  readonly link: {
    readonly name: string /** All links of this rank together, one direction. */;
    readonly bytesPerSecond: number;
  };
  /** Field name → where its figure comes from. */
  readonly sources: Readonly<Record<string, Source>>;
}

/** What a job may change of a catalogue accelerator. */
export interface AcceleratorChanges {
  readonly name?: string | undefined;
  readonly memoryBytes?: number | undefined;
  readonly memoryBytesPerSecond?: number | undefined;
  /** Only the formats named here change. */
  readonly flopsPerSecond?: { readonly [P in Precision | 'tf32']?: number | undefined } | undefined;
  readonly powerWatts?: number | undefined;
}
