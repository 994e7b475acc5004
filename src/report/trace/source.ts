import type { PipelineTimeline, TransferMode } from '../../pipeline/run.ts';

/** What a slice, or an arrow, says when it is clicked: numbers and words by name. */
export type TraceArgs = Readonly<Record<string, number | string>>;

/** The streams of a device, in the order in which they are shown. */
export const streams = [
  'compute',
  'send forward',
  'receive forward',
  'send backward',
  'receive backward',
  'data-parallel communication',
  'optimizer',
  'host',
] as const;
export type Stream = (typeof streams)[number];

/** Work of a device besides its pipeline tasks, in the unit of the timeline. */
export interface ExtraSlice {
  readonly device: number;
  readonly stream: Stream;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly args: TraceArgs;
}

/** What a trace is written from: a timeline, and what its tasks, transfers and memory mean. */
export interface TraceSource {
  readonly title: string;
  readonly timeline: PipelineTimeline;
  readonly transfers: TransferMode;
  /** Transfer between virtual stages s and s + 1. */
  readonly communication: ArrayLike<number>;
  /** Microseconds in one unit of the timeline. */
  readonly microseconds: number;
  /** What the trace does not show, whatever its length; sentences. */
  readonly leftOut: readonly string[];
  processName(device: number): string;
  /** Of one pass of a virtual stage: FLOPs, bytes and the like; microbatch, chunk and stage are added. */
  passArgs(pass: 'forward' | 'backward' | 'backward-input' | 'backward-weight', virtualStage: number): TraceArgs;
  /** Bytes sent from virtual stage s to s + 1, and back again as a gradient; undefined where nobody knows. */
  transferBytes(virtualStage: number): number | undefined;
  extraSlices(): readonly ExtraSlice[];
  /** Kinds of memory that the counter stacks, and a walk over a device's tasks: bytes by kind while each runs and after. */
  readonly memory?: {
    readonly kinds: readonly string[];
    walk(device: number, visit: (task: number, during: readonly number[], after: readonly number[]) => void): void;
  };
}
