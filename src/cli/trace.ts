import { fail } from '../errors.ts';
import type { TraceSource, WrittenTrace } from '../report/trace.ts';
import type { Arguments, Io, OptionSpec } from './command.ts';

/** The option of every command whose answer has a timeline. */
export const traceOption: OptionSpec = {
  name: 'trace',
  value: 'FILE',
  help: 'write one step as a Chrome trace, which ui.perfetto.dev opens',
};

/** A trace that was written, and where. */
export interface TraceFile extends WrittenTrace {
  readonly path: string;
}

/** A stream of jobs has no one step to trace. */
export function refuseTrace(args: Arguments): void {
  if (args.has('trace')) fail('--trace', 'goes with one job, not with --jsonl; leave one of them out');
}

/** Writes the trace that the command line asks for, whole or not at all; undefined where it asks for none. */
export async function traceOf(args: Arguments, source: () => Promise<TraceSource>): Promise<TraceFile | undefined> {
  const path = args.value('trace');
  if (path === undefined) return undefined;
  const [{ writeTrace }, { writeWhole }] = await Promise.all([import('../report/trace.ts'), import('./outputFile.ts')]);
  const traced = await source();
  const written = await writeWhole(path, '--trace', (sink) => writeTrace(traced, sink));
  return { ...written, path };
}

/** Says where the trace is and what it does not show: after the text for people, or beside the answer for programs. */
export async function sayTrace(trace: TraceFile | undefined, json: boolean, io: Io): Promise<void> {
  if (trace === undefined) return;
  const text = `Trace: ${trace.path}, ${trace.events} events. ${trace.leftOut.join(' ')}`;
  if (json) {
    if (trace.shortened) await io.stderr.write(`${text}\n`);
    return;
  }
  const { wrap } = await import('../report/index.ts');
  await io.stdout.write(`\n${wrap(text, io.width, '  ')}`);
}
