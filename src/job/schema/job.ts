import * as v from 'valibot';
import type { FaultList } from '../faults.ts';
import { shownText } from '../words.ts';
import { clusterReader } from './cluster.ts';
import { fields, type Read, text } from './fields.ts';
import { modelReader } from './model.ts';
import { parallelismReader } from './parallelism.ts';
import { smpReader } from './smp.ts';
import { stackReader } from './stack.ts';
import { trainingReader } from './training.ts';

const jobReader = fields(
  'a job',
  {
    name: text('GPT-3 175B on 120 p4d'),
    model: modelReader,
    cluster: clusterReader,
    stack: stackReader,
    training: trainingReader,
    parallelism: parallelismReader,
    smp: smpReader,
  },
  {
    model: 'write the name of one that `foretrain models` lists, such as "gpt3-175b"',
    cluster: 'write { "instance": "p4d.24xlarge", "count": 120 }, say',
    training: 'write { "sequenceLength": 2048, "globalBatchSize": 1920 }, say',
  },
);

/** A job whose fields are of the right type, or absent; nothing is known of how they fit together. */
export type JobInput = Read<typeof jobReader>;

/** Reads the fields of a job, adds a fault for each that is wrong, and leaves those out. */
export function readFields(value: unknown, faults: FaultList): JobInput {
  return readWith(jobReader, value, 'job', faults);
}

/** Reads a value, adds a fault for everything wrong in it, and leaves those fields out. */
export function readWith<T extends object>(
  reader: v.GenericSchema<unknown, T>,
  value: unknown,
  root: string,
  faults: FaultList,
): Partial<T> {
  const result = v.safeParse(reader, value);
  if (result.success) return result.output;
  for (const { path = [], message, expected } of result.issues) {
    const keys = path.map((item) => String(item.key));
    faults.add(keys.map(shownText).join('.') || root, message, expected === 'never' ? 'unknown' : 'invalid');
    leaveOut(result.output, keys);
  }
  return typeof result.output === 'object' && result.output !== null && !Array.isArray(result.output)
    ? (result.output as Partial<T>)
    : {};
}

/** Deletes the field at this path of what valibot made, which is a copy as far as the fields of objects go. */
function leaveOut(output: unknown, keys: readonly string[]): void {
  const last = keys.at(-1);
  let holder = output;
  for (const key of keys.slice(0, -1)) holder = (holder as Record<string, unknown> | undefined)?.[key];
  if (last !== undefined && typeof holder === 'object' && holder !== null) {
    delete (holder as Record<string, unknown>)[last];
  }
}
