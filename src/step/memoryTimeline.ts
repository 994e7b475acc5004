import type { Job } from '../job/job.ts';
import type { PipelineTimeline } from '../pipeline/run.ts';
import { deviceMemory } from './deviceMemory.ts';
import { type FinishedStep, optimizerStart } from './finishStep.ts';
import { devicePeaks } from './memoryNeed.ts';
import { walkMemory } from './passPeak.ts';
import { largestTransferBytes, type StageProfile, stagesOf } from './stageProfile.ts';

/** What the bytes of a device are for, as a report tells them apart. */
export const memoryKinds = [
  'parameters',
  'gradients',
  'optimizer',
  'activations',
  'temporary',
  'communication',
  'framework',
] as const;
export type MemoryKind = (typeof memoryKinds)[number];

/** Bytes that a device takes or gives back at a moment; negative where it gives them back. */
export interface MemoryEvent {
  readonly atSeconds: number;
  readonly kind: MemoryKind;
  readonly bytes: number;
}

/** All bytes of a device from one moment to the next. */
export interface MemoryMoment {
  readonly atSeconds: number;
  readonly bytes: Readonly<Record<MemoryKind, number>>;
  readonly totalBytes: number;
}

/** What the memory of a step is read from. */
export interface StepOfMemory {
  readonly timeline: PipelineTimeline;
  readonly stages: readonly StageProfile[];
  readonly step: FinishedStep;
}

/**
 * Every alloc and free of a device in one step, in order of time: what stays from step to step is taken before the step
 * and given back after it. Framework counts as it stands at the peak.
 */
export function memoryEvents(job: Job, { timeline, stages, step }: StepOfMemory, device: number): MemoryEvent[] {
  const chunks = stagesOf(timeline.plan, stages, device);
  const { states, bufferBytes, gatheredBytes, workspaceBytes } = deviceMemory(
    job,
    chunks,
    largestTransferBytes(stages),
  );
  const steady: readonly (readonly [MemoryKind, number])[] = [
    ['parameters', states.parametersBytes],
    ['gradients', states.gradientsBytes],
    ['optimizer', states.optimizerBytes],
    ['temporary', workspaceBytes],
    ['communication', bufferBytes],
    ['framework', devicePeaks(job, timeline.plan, stages)(device).totals.frameworkBytes],
  ];
  const events: MemoryEvent[] = [];
  const add = (atSeconds: number, kind: MemoryKind, bytes: number) => {
    if (bytes !== 0) events.push({ atSeconds, kind, bytes });
  };
  const begins = step.beginsAt[device]!;
  for (const [kind, bytes] of steady) add(begins, kind, bytes);
  let held = 0;
  walkMemory(timeline.plan, device, stages, (task, savedBytes, transientBytes, leftBytes) => {
    const start = timeline.start[task]!;
    const end = timeline.end[task]!;
    add(start, 'activations', savedBytes - held);
    add(start, 'temporary', transientBytes);
    add(start, 'communication', gatheredBytes);
    add(end, 'activations', leftBytes - savedBytes);
    add(end, 'temporary', -transientBytes);
    add(end, 'communication', -gatheredBytes);
    held = leftBytes;
  });
  const steps = optimizerStart(step, device);
  const stepped = steps + step.ends[device]!.optimizer;
  add(steps, 'temporary', states.stepBytes);
  add(stepped, 'temporary', -states.stepBytes);
  for (const [kind, bytes] of steady) add(Math.max(stepped, step.stepTimeSeconds + begins), kind, -bytes);
  return events;
}

/**
 * Bytes of a device over a step, by kind, from every alloc and free. Within a moment what is given back goes first, so
 * that a task never meets what the one before it left.
 */
export function memoryTimeline(job: Job, of: StepOfMemory, device: number): MemoryMoment[] {
  const bytes = Object.fromEntries(memoryKinds.map((kind) => [kind, 0])) as Record<MemoryKind, number>;
  const moments: MemoryMoment[] = [];
  const events = memoryEvents(job, of, device);
  let totalBytes = 0;
  for (let next = 0; next < events.length; ) {
    const { atSeconds } = events[next]!;
    const frees = events[next]!.bytes < 0;
    for (; next < events.length; next++) {
      const event = events[next]!;
      if (event.atSeconds !== atSeconds || event.bytes < 0 !== frees) break;
      bytes[event.kind] += event.bytes;
      totalBytes += event.bytes;
    }
    moments.push({ atSeconds, bytes: { ...bytes }, totalBytes });
  }
  return moments;
}
