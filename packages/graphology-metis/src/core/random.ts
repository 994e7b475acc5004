/** A source of numbers in [0, 1). */
export type Rng = () => number;

/**
 * A small seeded generator: a Weyl sequence through the finaliser of MurmurHash3.
 *
 * @param seed any number; only its 32 low bits count
 * @returns a function giving numbers in [0, 1), the same for the same seed on every machine
 * @source Guy Steele, Doug Lea, Christine Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014
 */
export function createRng(seed: number): Rng {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
    return (x >>> 0) / 4294967296;
  };
}

/** Shuffles the first `length` items of an array in place. */
export function shuffle(items: Int32Array, length: number, rng: Rng): void {
  for (let i = length - 1; i > 0; i--) {
    const j = (rng() * (i + 1)) | 0;
    const item = items[i];
    items[i] = items[j];
    items[j] = item;
  }
}
