import { type Stream, streams, type TraceSource } from './source.ts';

/** Where a slice goes: its thread, and the events that name what is used for the first time. */
interface Place {
  readonly tid: number;
  readonly names: readonly object[];
}

export interface Tracks {
  /** The thread of the compute stream. */
  readonly compute: number;
  /** A thread of the stream that is free at `begin`: slices of one thread never overlap. Nanoseconds. */
  place(device: number, stream: Stream, begin: number, finish: number): Place;
  /** Keeps the thread on which the send of a transfer was placed, for its arrow. */
  remember(transfer: number, tid: number): void;
  recall(transfer: number): number;
}

/** Streams of a device are numbered from 1; a stream's further threads follow at this distance. */
const firstThread = 1;

/** Hands out threads: one a stream, and more where transfers of one stream are on their way at once. */
export function createTracks({ processName }: Pick<TraceSource, 'processName'>): Tracks {
  /** By device and stream, when each of its threads is free. */
  const free = new Map<string, number[]>();
  const named = new Set<number>();
  const sends = new Map<number, number>();

  return {
    compute: firstThread + streams.indexOf('compute'),
    place(device, stream, begin, finish) {
      const key = `${device} ${stream}`;
      const threads = free.get(key) ?? [];
      free.set(key, threads);
      const names: object[] = [];
      if (!named.has(device)) {
        named.add(device);
        names.push(metadata('process_name', device, 0, { name: processName(device) }));
        names.push(metadata('process_sort_index', device, 0, { sort_index: device }));
      }
      const found = threads.findIndex((at) => at <= begin);
      const index = found < 0 ? threads.length : found;
      const position = streams.indexOf(stream);
      const tid = firstThread + position + index * streams.length;
      if (found < 0) {
        names.push(metadata('thread_name', device, tid, { name: index === 0 ? stream : `${stream} (${index + 1})` }));
        names.push(metadata('thread_sort_index', device, tid, { sort_index: position }));
      }
      threads[index] = finish;
      return { tid, names };
    },
    remember(transfer, tid) {
      sends.set(transfer, tid);
    },
    recall(transfer) {
      const tid = sends.get(transfer) ?? 0;
      sends.delete(transfer);
      return tid;
    },
  };
}

function metadata(name: string, pid: number, tid: number, args: object): object {
  return { name, ph: 'M', pid, tid, args };
}
