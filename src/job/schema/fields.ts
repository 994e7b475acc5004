import * as v from 'valibot';
import { formatCount } from '../../units.ts';
import { didYouMean } from '../suggest.ts';
import { listed, shown } from '../words.ts';

/** Reads one value from outside: a valibot schema that says in its issues what would do. */
export type Reader<T> = v.GenericSchema<unknown, T>;
/** What a reader gives. */
export type Read<R> = R extends Reader<infer T> ? T : never;

type FieldReaders = Readonly<Record<string, Reader<unknown>>>;
type ReadFields<F> = { readonly [K in keyof F]?: Read<F[K]> | undefined };

/** Unknown fields of one object that are named one by one; a file of noise may hold millions. */
const mostUnknownFields = 8;

/**
 * Reads an object with these fields and no other. Every field may be absent, except those in `required`, which maps a
 * field to what to write for it.
 *
 * @param noun What the object is, as a sentence says it: `a job`.
 */
export function fields<F extends FieldReaders>(
  noun: string,
  readers: F,
  required: { readonly [K in keyof F]?: string } = {},
): Reader<ReadFields<F>> {
  const known = Object.keys(readers);
  const optional: v.ObjectEntries = {};
  for (const [name, reader] of Object.entries(readers)) optional[name] = v.optional(reader);

  const schema = v.pipe(
    v.custom<Record<string, unknown>>(isPlainObject, (issue) => notAnObject(noun, known, issue.input)),
    v.looseObject(optional),
    v.rawCheck(({ dataset, addIssue }) => {
      const found = dataset.value;
      if (!isPlainObject(found)) return;
      for (const [key, hint] of Object.entries(required)) {
        if (found[key] === undefined) addIssue({ message: `is missing; ${hint}`, path: [pathItem(found, key)] });
      }
      const unknown = Object.keys(found).filter((key) => !Object.hasOwn(readers, key));
      for (const key of unknown.slice(0, mostUnknownFields)) {
        addIssue({ message: unknownField(key, noun, known), expected: 'never', path: [pathItem(found, key)] });
      }
      if (unknown.length > mostUnknownFields) {
        const rest = formatCount(unknown.length - mostUnknownFields);
        addIssue({ message: `${noun} has ${rest} more fields that foretrain does not know`, expected: 'never' });
      }
    }),
  );
  return schema as unknown as Reader<ReadFields<F>>;
}

function pathItem(input: Record<string, unknown>, key: string): v.ObjectPathItem {
  return { type: 'object', origin: 'value', input, key, value: input[key] };
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return (
    !Object.hasOwn(value, '__proto__') && !Object.hasOwn(value, 'constructor') && !Object.hasOwn(value, 'prototype')
  );
}

function notAnObject(noun: string, known: readonly string[], input: unknown): string {
  const reserved = ['__proto__', 'constructor', 'prototype'].find(
    (name) => typeof input === 'object' && input !== null && Object.hasOwn(input, name),
  );
  if (reserved !== undefined && !Array.isArray(input)) return `has a field ${reserved}, which ${noun} does not have`;
  return `must be an object with fields such as ${listed(known, 3)}, not ${shown(input)}`;
}

function unknownField(key: string, noun: string, known: readonly string[]): string {
  const guess = didYouMean(key, known);
  return `is not a field of ${noun}; ${guess ?? `its fields are ${listed(known, 12)}`}`;
}

/** A whole number of at least `least`; sizes beyond `most` are beyond what foretrain forecasts. */
export function wholeNumber(least = 1, most = mostSize): Reader<number> {
  return numberWhere(`a whole number of at least ${least}`, most, (value) => Number.isInteger(value) && value >= least);
}

/** A finite number above 0. */
export function positiveNumber(): Reader<number> {
  return numberWhere('a number above 0', mostQuantity, (value) => value > 0);
}

/** A finite number of at least 0. */
export function nonNegativeNumber(): Reader<number> {
  return numberWhere('a number of at least 0', mostQuantity, (value) => value >= 0);
}

/** A rate of bytes or operations: one a second at least, so that no time is beyond all measure. */
export function rate(): Reader<number> {
  return numberWhere('a number of at least 1', mostQuantity, (value) => value >= 1);
}

/** A finite number from 0 up to, and with, 1. */
export function fraction(): Reader<number> {
  return numberWhere('a number from 0 to 1', 1, (value) => value >= 0 && value <= 1);
}

/** A probability of dropping out: less than 1, or nothing would be left. */
export function dropoutRate(): Reader<number> {
  return numberWhere('a number from 0 to less than 1', 1, (value) => value >= 0 && value < 1);
}

/** Products of a few sizes and quantities up to these stay finite. */
const mostSize = 1e12;
const mostQuantity = 1e24;

function numberWhere(noun: string, most: number, holds: (value: number) => boolean): Reader<number> {
  const isSuch = (value: unknown): value is number =>
    typeof value === 'number' && Number.isFinite(value) && holds(value);
  return v.custom<number>(
    (value) => isSuch(value) && value <= most,
    ({ input }) => {
      if (isSuch(input)) return `${shown(input)} is more than foretrain forecasts; at most ${shown(most)} would do`;
      return `must be ${noun}, not ${shown(input)}${quotedNumber(input)}`;
    },
  );
}

function quotedNumber(input: unknown): string {
  const isQuoted = typeof input === 'string' && input.trim() !== '' && Number.isFinite(Number(input));
  return isQuoted ? '; a number has no quotes' : '';
}

/** True or false. */
export function flag(): Reader<boolean> {
  return v.custom<boolean>(
    (value) => typeof value === 'boolean',
    (issue) => `must be true or false, not ${shown(issue.input)}`,
  );
}

/** Text that is not empty. */
export function text(example: string): Reader<string> {
  return v.custom<string>(
    (value) => typeof value === 'string' && value.trim() !== '',
    (issue) => `must be text such as "${example}", not ${shown(issue.input)}`,
  );
}

/** One of these names. */
export function oneOf<const N extends string>(names: readonly N[]): Reader<N> {
  return v.custom<N>(
    (value) => names.some((name) => name === value),
    ({ input }) => {
      const guess = typeof input === 'string' ? didYouMean(input, names) : undefined;
      return `must be one of ${listed(names)}, not ${shown(input)}${guess === undefined ? '' : `; ${guess}`}`;
    },
  );
}

/** One of these whole numbers. */
export function oneOfNumbers<const N extends number>(numbers: readonly N[]): Reader<N> {
  return v.custom<N>(
    (value) => numbers.some((number) => number === value),
    (issue) => `must be ${numbers.join(', ')}, not ${shown(issue.input)}${quotedNumber(issue.input)}`,
  );
}

/** A list whose every entry holds; it is faulty as a whole. */
export function listOf<T>(holds: (entry: unknown) => entry is T, noun: string): Reader<readonly T[]> {
  return v.custom<readonly T[]>(
    (value) => Array.isArray(value) && value.length > 0 && value.every(holds),
    ({ input }) => {
      if (!Array.isArray(input) || input.length === 0) return `must be a list of ${noun}, not ${emptyOr(input)}`;
      const at = input.findIndex((entry) => !holds(entry));
      return `must be a list of ${noun}, but entry ${formatCount(at + 1)} is ${shown(input[at])}`;
    },
  );
}

function emptyOr(input: unknown): string {
  return Array.isArray(input) ? 'an empty list' : shown(input);
}

/** Any value at all: a field that foretrain knows and refuses later by name. */
export function anything(): Reader<unknown> {
  return v.unknown();
}

/**
 * Reads a name or, where there is no text, an object.
 * @param example a name, for sentences
 * @param names reads the text; by default any that is not empty
 */
export function nameOr<O, N extends string = string>(
  example: string,
  object: Reader<O>,
  names: Reader<N> = text(example) as Reader<N>,
): Reader<N | O> {
  const neither = v.custom<never>(
    () => false,
    (issue) => `must be a name such as "${example}" or an object, not ${shown(issue.input)}`,
  );
  return v.lazy((input: unknown): Reader<N | O> => {
    if (typeof input === 'string') return names;
    return typeof input === 'object' && input !== null && !Array.isArray(input) ? object : neither;
  });
}

/** The first reader where the value is of its kind, the second for everything else. */
export function choose<A, B>(isFirst: (input: unknown) => boolean, first: Reader<A>, second: Reader<B>): Reader<A | B> {
  return v.lazy((input: unknown): Reader<A | B> => (isFirst(input) ? first : second));
}
