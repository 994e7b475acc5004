import { oncePerObject } from '../keep.ts';

const mostValues = 4096;
let given = 0;

/** A number that is equal for equal values, as long as they are remembered; worked out once for each object. */
export const valueNumber = oncePerObject((value: object) => ofTexts.get(JSON.stringify(value), () => given++));

/** Keeps the results of a function by key, the most recently made `most` of them. */
export class ValueCache<T> {
  readonly #kept = new Map<string, T>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string, make: () => T): T {
    let value = this.#kept.get(key);
    if (value === undefined) {
      value = make();
      this.#kept.set(key, value);
      if (this.#kept.size > this.#most) this.#kept.delete(this.#kept.keys().next().value!);
    }
    return value;
  }
}

const ofTexts = new ValueCache<number>(mostValues);

/** Whether two lists are of the same things in the same order. */
export function areAlike<K>(one: readonly K[], other: readonly K[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
