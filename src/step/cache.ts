const keys = new WeakMap<object, string>();

/** A string that is equal for equal values; worked out once for each object. */
export function valueKey(value: object): string {
  let key = keys.get(value);
  if (key === undefined) {
    key = JSON.stringify(value);
    keys.set(value, key);
  }
  return key;
}

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

/** A function of lists that works out its result once for lists of the same things: neighbours of a pipeline are mostly alike. */
export function onceForAlike<K, T>(workOut: (list: readonly K[]) => T): (list: readonly K[]) => T {
  const known: { readonly list: readonly K[]; readonly result: T }[] = [];
  return (list) => {
    for (const one of known) if (areAlike(one.list, list)) return one.result;
    const result = workOut(list);
    known.push({ list, result });
    return result;
  };
}

/** Whether two lists are of the same things in the same order. */
export function areAlike<K>(one: readonly K[], other: readonly K[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

/** A function of a number that works out its result once for each. */
export function once<T>(workOut: (argument: number) => T): (argument: number) => T {
  const known = new Map<number, T>();
  return (argument) => {
    let result = known.get(argument);
    if (result === undefined) {
      result = workOut(argument);
      known.set(argument, result);
    }
    return result;
  };
}
