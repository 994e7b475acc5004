import type { Precision } from '../stack/precision.ts';

/** A figure from outside with where it came from; marks: V seen in the source, R recalled, D derived. */
export type Source = string;

/** One rank's processor: a GPU, or a NeuronCore with its share of the chip. */
export interface Accelerator {
  readonly name: string;
  readonly vendor: 'NVIDIA' | 'AWS' | 'AMD' | 'Google';
  /** Processor generation: decides which published curves and library constants apply. */
  readonly generation: 'volta' | 'ampere' | 'ada' | 'hopper' | 'blackwell' | 'neuron-v2' | 'neuron-v3' | 'neuron-v4' | 'cdna3' | 'tpu';
  /** Memory printed on the label, bytes. */
  readonly memoryBytes: number;
  /** What a training process can really allocate, context included, bytes. */
  readonly usableMemoryBytes: number;
  readonly memoryBytesPerSecond: number;
  /** Dense peak of each number format, FLOP/s. Absent: the part has no such units, or no figure was found. */
  readonly flopsPerSecond: Readonly<Partial<Record<Precision | 'tf32', number>>>;
  /** Streaming multiprocessors; absent for parts that have none or no figure. */
  readonly multiprocessors?: number;
  /** Best sustained matrix multiplication measured, FLOP/s. */
  readonly measuredMatmulFlopsPerSecond?: Readonly<Partial<Record<Precision, number>>>;
  readonly powerWatts?: number;
  readonly link: { readonly name: string; /** All links of this rank together, one direction. */ readonly bytesPerSecond: number };
  readonly sources: Readonly<Record<string, Source>>;
}
