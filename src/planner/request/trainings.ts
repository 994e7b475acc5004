import type { FaultList } from '../../job/faults.ts';
import { shown } from '../../job/words.ts';
import { formatCount } from '../../units.ts';
import type { RequestInput } from './schema.ts';

/** Fields of training of which a request may list several values. */
const listed = ['globalBatchSize', 'sequenceLength'] as const;
type Listed = (typeof listed)[number];

const words: Readonly<Record<Listed, string>> = { globalBatchSize: 'batch', sequenceLength: 'sequence' };

/** One batch and one sequence length as a job has them. */
export interface WrittenTraining {
  readonly training: unknown;
  /** Which of several it is, for people: `, batch 1,024`. */
  readonly says: string;
  /** Paths of a job, and where the request has the field. */
  readonly paths: Readonly<Record<string, string>>;
}

/** More batches, or sequence lengths, than anyone compares. */
const mostValues = 64;

/** Fields that have several values. */
export function variedFields(training: unknown): readonly Listed[] {
  const fields = fieldsOf(training);
  return listed.filter((field) => {
    const value = fields[field];
    return Array.isArray(value) && new Set(value).size > 1;
  });
}

function fieldsOf(training: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof training === 'object' && training !== null && !Array.isArray(training);
  return isObject ? (training as Readonly<Record<string, unknown>>) : {};
}

/** Every batch with every sequence length, each once. */
export function trainingsOf({ training }: RequestInput, faults: FaultList): readonly WrittenTraining[] {
  const fields = fieldsOf(training);
  let found: readonly WrittenTraining[] = [{ training, says: '', paths: {} }];
  for (const field of listed) {
    const values = fields[field];
    if (!Array.isArray(values)) continue;
    if (values.length === 0 || values.length > mostValues) {
      faults.add(`training.${field}`, `must be a number or a list of 1 to ${mostValues} of them, not ${shown(values)}`);
      return [];
    }
    const distinct = values.filter((value, at) => values.indexOf(value) === at);
    found = found.flatMap((one) =>
      distinct.map((value) => ({
        training: { ...(one.training as object), [field]: value },
        says: distinct.length > 1 ? `${one.says}, ${words[field]} ${textOf(value)}` : one.says,
        paths: { ...one.paths, [`training.${field}`]: `training.${field}.${values.indexOf(value)}` },
      })),
    );
  }
  return found;
}

function textOf(value: unknown): string {
  return typeof value === 'number' ? formatCount(value) : shown(value);
}
