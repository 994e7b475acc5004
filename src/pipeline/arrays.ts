/**
 * Hands out integer arrays that share one buffer. A new typed array costs a microsecond, a view of one a tenth of that,
 * and a plan of a short step needs two dozen.
 */
export class IntArrays {
  readonly #buffer: ArrayBuffer;
  #at = 0;

  /** @param length of all arrays together */
  constructor(length: number) {
    this.#buffer = new ArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT);
  }

  take(length: number): Int32Array {
    const array = new Int32Array(this.#buffer, this.#at * Int32Array.BYTES_PER_ELEMENT, length);
    this.#at += length;
    return array;
  }
}

/** As {@link IntArrays}, for floating-point numbers. */
export class FloatArrays {
  readonly #buffer: ArrayBuffer;
  #at = 0;

  /** @param length of all arrays together */
  constructor(length: number) {
    this.#buffer = new ArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT);
  }

  take(length: number): Float64Array {
    const array = new Float64Array(this.#buffer, this.#at * Float64Array.BYTES_PER_ELEMENT, length);
    this.#at += length;
    return array;
  }
}
