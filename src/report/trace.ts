import { chunkOf } from '../pipeline/placement.ts';
import { laneDevice, type PipelinePlan } from '../pipeline/plan.ts';
import { type Pass, visitPasses } from '../step/passes.ts';
import {
  ARROW_FROM,
  ARROW_OVER,
  ARROW_TO,
  EventList,
  EXTRA,
  MEMORY_AFTER,
  MEMORY_DURING,
  RECEIVE,
  SEND,
  TASK,
} from './trace/eventList.ts';
import type { ExtraSlice, Stream, TraceArgs, TraceSource } from './trace/source.ts';
import { createTracks } from './trace/tracks.ts';
import { type Transfer, type TransferList, transferList } from './trace/transferList.ts';

export { traceOfSchedule } from './trace/ofSchedule.ts';
export { traceOfSimulation } from './trace/ofSimulation.ts';
export type { TraceSource } from './trace/source.ts';

/** Where a trace goes, piece by piece; it may be waited for. */
export interface TraceSink {
  write(chunk: string): void | Promise<void>;
}

/** What was written, and what was not. */
export interface WrittenTrace {
  readonly events: number;
  /** Sentences about what the trace does not show. */
  readonly leftOut: readonly string[];
  /** Whether microbatches were left out. */
  readonly shortened: boolean;
}

/**
 * Events beyond which viewers give up.
 * @source golang/go#11520: 1,000,000 events in chrome://tracing
 */
const mostEventsShown = 1_000_000;

/** Characters that are handed to the sink at once. */
const chunkCharacters = 64 * 1024;

/**
 * Writes a timeline as Chrome trace events, which Perfetto opens: a process a stage, a thread a stream, arrows for
 * transfers, a counter of memory a stage. Events come in the order of time; times are whole nanoseconds, so that no
 * two slices of a stream overlap after rounding. Nothing but flat arrays and one chunk of text is held.
 *
 * @param mostEvents where there would be more, the last microbatches are left out
 * @source github.com/google/perfetto, docs and JSON importer
 */
export async function writeTrace(
  source: TraceSource,
  sink: TraceSink,
  mostEvents = mostEventsShown,
): Promise<WrittenTrace> {
  const transfers = transferList(source);
  const extras = source.extraSlices();
  const { microbatches } = source.timeline.plan;
  let shown = microbatches;
  let events = listEvents(source, transfers, extras, shown);
  if (events.length > mostEvents) {
    shown = Math.max(1, Math.floor((microbatches * mostEvents) / events.length));
    events = listEvents(source, transfers, extras, shown);
  }
  const leftOut = [...source.leftOut, ...(shown < microbatches ? [microbatchesLeftOut(shown, microbatches)] : [])];

  let text = `{"displayTimeUnit":"ms","otherData":${JSON.stringify({ title: source.title, leftOut })},"traceEvents":[\n`;
  let written = 0;
  const put = (event: object): void | Promise<void> => {
    text += `${written++ === 0 ? '' : ',\n'}${JSON.stringify(event)}`;
    if (text.length < chunkCharacters) return;
    const chunk = text;
    text = '';
    return sink.write(chunk);
  };
  const writer = createWriter(source, transfers, extras);
  await events.visitInOrder((at, kind, which) => {
    const waits = writer(at, kind, which).map(put);
    return waits.find((one) => one !== undefined);
  });
  await sink.write(`${text}\n]}\n`);
  return { events: written, leftOut, shortened: shown < microbatches };
}

function microbatchesLeftOut(shown: number, microbatches: number): string {
  return `Of ${microbatches} microbatches the first ${shown} are shown: more events than viewers take would follow.`;
}

/** Every event of the microbatches below `shown`, by the moment at which it happens. */
function listEvents(
  { timeline, memory }: TraceSource,
  transfers: TransferList,
  extras: readonly ExtraSlice[],
  shown: number,
): EventList {
  const { plan, start, end } = timeline;
  const events = new EventList();
  extras.forEach(({ start: at }, index) => {
    events.add(at, EXTRA, index);
  });
  for (let device = 0; device < plan.stages; device++) {
    for (let index = plan.deviceOffset[device]!; index < plan.deviceOffset[device + 1]!; index++) {
      const task = plan.deviceTasks[index]!;
      if (plan.microbatch[task]! >= shown) continue;
      events.add(start[task]!, TASK, task);
      if (memory === undefined) continue;
      events.add(start[task]!, MEMORY_DURING, task);
      const next = index + 1 < plan.deviceOffset[device + 1]! ? plan.deviceTasks[index + 1]! : undefined;
      // What the next task holds is said when it starts.
      if (next === undefined || start[next]! > end[task]! || plan.microbatch[next]! >= shown) {
        events.add(end[task]!, MEMORY_AFTER, task);
      }
    }
  }
  for (let number = 0; number < transfers.numbers; number++) {
    const transfer = transfers.find(number);
    if (transfer === undefined) continue;
    if (plan.microbatch[transfer.from]! >= shown || plan.microbatch[transfer.to]! >= shown) continue;
    events.add(start[transfer.from]!, ARROW_FROM, number);
    if (transfer.end > transfer.start) {
      events.add(transfer.start, SEND, number);
      events.add(transfer.start, ARROW_OVER, number);
      events.add(transfer.start, RECEIVE, number);
    }
    events.add(start[transfer.to]!, ARROW_TO, number);
  }
  return events;
}

type Writer = (at: number, kind: number, which: number) => readonly object[];

/** Turns events into the objects that stand in the file, a track's name before its first slice. */
function createWriter(source: TraceSource, transfers: TransferList, extras: readonly ExtraSlice[]): Writer {
  const { timeline, memory } = source;
  const { plan, start, end } = timeline;
  const nanoseconds = (time: number) => Math.round(time * source.microseconds * 1000);
  const tracks = createTracks(source);
  const bytes = memoryByTask(source);

  const slice = (device: number, stream: Stream, name: string, from: number, to: number, args: TraceArgs) => {
    const begin = nanoseconds(from);
    const finish = Math.max(begin, nanoseconds(to));
    const { tid, names } = tracks.place(device, stream, begin, finish);
    const event = {
      name,
      cat: stream,
      ph: 'X',
      ts: begin / 1000,
      dur: duration(begin, finish),
      pid: device,
      tid,
      args,
    };
    return [...names, event];
  };
  const arrow = (ph: 's' | 't' | 'f', device: number, tid: number, at: number, transfer: Transfer, id: number) => ({
    name: transfer.backward ? 'gradients' : 'hidden states',
    cat: 'transfer',
    ph,
    ...(ph === 'f' ? { bp: 'e' } : {}),
    id,
    ts: nanoseconds(at) / 1000,
    pid: device,
    tid,
  });
  const counter = (task: number, at: number, parts: Float64Array) => ({
    name: 'memory',
    ph: 'C',
    ts: nanoseconds(at) / 1000,
    pid: laneDevice(plan, plan.lane[task]!),
    args: Object.fromEntries(memory!.kinds.map((kind, index) => [kind, parts[task * memory!.kinds.length + index]!])),
  });

  return (at, kind, which) => {
    switch (kind) {
      case EXTRA: {
        const extra = extras[which]!;
        return slice(extra.device, extra.stream, extra.name, extra.start, extra.end, extra.args);
      }
      case TASK: {
        const device = laneDevice(plan, plan.lane[which]!);
        const { name, args } = describeTask(source, which);
        return slice(device, 'compute', name, start[which]!, end[which]!, args);
      }
      case MEMORY_DURING:
        return [counter(which, at, bytes.during)];
      case MEMORY_AFTER:
        return [counter(which, at, bytes.after)];
    }
    const transfer = transfers.find(which)!;
    const microbatch = transfer.backward && which % 2 === 1 ? plan.pairMicrobatch : plan.microbatch;
    const direction = transfer.backward ? 'backward' : 'forward';
    switch (kind) {
      case SEND:
      case RECEIVE: {
        const sends = kind === SEND;
        const size = source.transferBytes(transfer.boundary);
        const args = {
          microbatch: microbatch[transfer.to]!,
          ...(sends ? { toStage: transfer.toDevice } : { fromStage: transfer.fromDevice }),
          ...(size === undefined ? {} : { bytes: size }),
        };
        const stream: Stream = sends ? `send ${direction}` : `receive ${direction}`;
        const name = `${sends ? 'send' : 'receive'} ${args.microbatch}`;
        const device = sends ? transfer.fromDevice : transfer.toDevice;
        const events = slice(device, stream, name, transfer.start, transfer.end, args);
        if (sends) tracks.remember(which, (events[events.length - 1] as { readonly tid: number }).tid);
        return events;
      }
      case ARROW_FROM:
        return [arrow('s', transfer.fromDevice, tracks.compute, at, transfer, which)];
      case ARROW_OVER:
        return [arrow('t', transfer.fromDevice, tracks.recall(which), at, transfer, which)];
      default:
        return [arrow('f', transfer.toDevice, tracks.compute, at, transfer, which)];
    }
  };
}

/** The end must not come after the start of the next slice, not even by the rounding of a sum. */
function duration(begin: number, finish: number): number {
  const length = (finish - begin) / 1000;
  return begin / 1000 + length > finish / 1000 ? length - Number.EPSILON * (finish / 1000) : length;
}

const passNames: Readonly<Record<Pass, string>> = {
  forward: 'forward',
  backward: 'backward',
  'backward-input': 'backward',
  'backward-weight': 'weight gradients',
};

/** What a task is called, and what it says when it is clicked; a fused pair says it of both parts. */
function describeTask(source: TraceSource, task: number): { readonly name: string; readonly args: TraceArgs } {
  const { plan } = source.timeline;
  const names: string[] = [];
  const args: Record<string, number | string> = {};
  visitPasses(plan, task, (pass, lane, microbatch) => {
    const virtualStage = lane % plan.virtualStages;
    const chunk = chunkOfLane(plan, lane);
    names.push(`${passNames[pass]} ${microbatch}${hasChunks(plan) ? ` chunk ${chunk}` : ''}`);
    const prefix = names.length === 1 ? '' : 'fused ';
    const facts = { pass, microbatch, chunk, virtualStage, ...source.passArgs(pass, virtualStage) };
    for (const [key, value] of Object.entries(facts)) args[`${prefix}${key}`] = value;
  });
  return { name: names.join(' + '), args };
}

function chunkOfLane(plan: PipelinePlan, lane: number): number {
  const direction = Math.floor(lane / plan.virtualStages);
  return chunkOf(plan.placement, plan.stages, lane % plan.virtualStages, direction);
}

function hasChunks(plan: PipelinePlan): boolean {
  return plan.lanes > plan.stages;
}

/** Bytes by kind while each task runs and after it, task by task. */
function memoryByTask({ timeline, memory }: TraceSource): {
  readonly during: Float64Array;
  readonly after: Float64Array;
} {
  if (memory === undefined) return { during: new Float64Array(0), after: new Float64Array(0) };
  const { plan } = timeline;
  const kinds = memory.kinds.length;
  const during = new Float64Array(plan.tasks * kinds);
  const after = new Float64Array(plan.tasks * kinds);
  for (let device = 0; device < plan.stages; device++) {
    memory.walk(device, (task, whileRunning, left) => {
      during.set(whileRunning, task * kinds);
      after.set(left, task * kinds);
    });
  }
  return { during, after };
}
