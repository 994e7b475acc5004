import { collectFaults, type FaultList } from '../../job/faults.ts';
import { readParallelism } from '../../job/readParallelism.ts';
import { readFields } from '../../job/schema/job.ts';
import type { ParallelismInput } from '../../job/schema/parallelism.ts';
import { shown } from '../../job/words.ts';
import { findStack } from '../../stack/index.ts';
import { notSearched, type RequestInput, type Searched, searched } from './schema.ts';

/** Allowed values of each field as they are written; a field that is absent is `any`. */
export type Search = { readonly [K in Searched]?: readonly NonNullable<ParallelismInput[K]>[] };

/** More values of one field than anyone lists. */
const mostValues = 4096;

/** What a search allows, every value read as the door of jobs reads it. */
export function readSearch(input: NonNullable<RequestInput['search']>, faults: FaultList): Search {
  for (const field of notSearched) {
    if (input[field] === undefined) continue;
    faults.add(`search.${field}`, `is not searched: plans take its default; leave it out`, 'not-modelled');
  }
  const found: Record<string, readonly unknown[]> = {};
  for (const field of searched) {
    const value = input[field];
    if (value === undefined || value === 'any') continue;
    const path = `search.${field}`;
    if (!Array.isArray(value) || value.length === 0 || value.length > mostValues) {
      faults.add(
        path,
        `must be "any" or a list of allowed values, not ${Array.isArray(value) ? 'an empty or endless one' : shown(value)}`,
      );
      continue;
    }
    const values = value.filter((one, at) => value.findIndex((other) => isEqual(one, other)) === at);
    for (const [at, one] of values.entries()) checkValue(field, one, `${path}.${at}`, faults);
    found[field] = values;
  }
  return found as Search;
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A value that no job could have is a fault here, not an empty space later. */
function checkValue(field: Searched, value: unknown, path: string, faults: FaultList): void {
  if ((field === 'expert' || field === 'expertTensor') && value !== 1) {
    faults.add(path, `${shown(value)} is not modelled yet; 1 is`, 'not-modelled');
    return;
  }
  if (field === 'partitioner' && value !== 'exact' && value !== 'uniform') {
    faults.add(path, `${shown(value)} is not searched; exact and uniform are`, 'not-modelled');
    return;
  }
  if (field === 'placement' && value === 'auto') {
    faults.add(
      path,
      'auto is for a single job; leave placement out for every order that the stack launches, or name orders of D, P and T',
    );
    return;
  }
  const own = collectFaults();
  const { parallelism } = readFields(withParallelism({ [field]: value }), own);
  const stack = findStack('megatron-core');
  const cluster = { instance: undefined, count: undefined, devices: undefined, usdPerHour: undefined };
  const training = emptyTraining;
  if (own.faults.length === 0) readParallelism(parallelism, { cluster, stack, training }, own);
  for (const fault of own.faults) {
    faults.add(fault.path.replace(`parallelism.${field}`, path), fault.message, fault.code);
  }
}

const emptyTraining = {
  sequenceLength: undefined,
  globalBatchSize: undefined,
  precision: undefined,
  optimizer: undefined,
  tokens: undefined,
  steps: undefined,
  stochasticRounding: undefined,
};

/** The smallest job around a parallelism, for the door to read its fields. */
function withParallelism(parallelism: Readonly<Record<string, unknown>>) {
  return {
    model: 'gpt3-175b',
    cluster: { instance: 'p4d.24xlarge', count: 1 },
    training: { sequenceLength: 1, globalBatchSize: 1 },
    parallelism,
  };
}
