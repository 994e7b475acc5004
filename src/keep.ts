/** What is known under a key, or else made now and known from then on. */
export function keep<K, T>(known: Kept<K, T>, key: K, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) {
    value = make();
    known.set(key, value);
  }
  return value;
}

/** A map, weak or not. */
interface Kept<K, T> {
  get(key: K): T | undefined;
  set(key: K, value: T): unknown;
}

/** A function that works out its result once for each value, and remembers it for as long as the function lives. */
export function once<K extends number | string, T>(workOut: (key: K) => T): (key: K) => T {
  return remembered(new Map<K, T>(), workOut);
}

/** A function that works out its result once for each object, and forgets it with the object. */
export function oncePerObject<K extends object, T>(workOut: (key: K) => T): (key: K) => T {
  return remembered(new WeakMap<K, T>(), workOut);
}

/** A value that is worked out when somebody asks for it, and then kept. */
export function lazily<T>(workOut: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    known ??= { value: workOut() };
    return known.value;
  };
}

function remembered<K, T>(known: Kept<K, T>, workOut: (key: K) => T): (key: K) => T {
  return (key) => {
    let result = known.get(key);
    if (result === undefined) {
      result = workOut(key);
      known.set(key, result);
    }
    return result;
  };
}
