/** Kinds of event, in the order in which those of one moment are written: a slice comes before the arrows inside it. */
export const EXTRA = 0;
export const TASK = 1;
export const SEND = 2;
export const RECEIVE = 3;
export const MEMORY_DURING = 4;
export const MEMORY_AFTER = 5;
export const ARROW_FROM = 6;
export const ARROW_OVER = 7;
export const ARROW_TO = 8;

const KINDS = 16;
const INITIAL_EVENTS = 1024;

/** Events as flat arrays: a moment, a kind and a number that says which. Sorted once, then read in order. */
export class EventList {
  #count = 0;
  #at = new Float64Array(INITIAL_EVENTS);
  #code = new Float64Array(INITIAL_EVENTS);

  get length(): number {
    return this.#count;
  }

  add(at: number, kind: number, which: number): void {
    if (this.#count === this.#at.length) {
      this.#at = doubled(this.#at);
      this.#code = doubled(this.#code);
    }
    this.#at[this.#count] = at;
    this.#code[this.#count] = which * KINDS + kind;
    this.#count++;
  }

  /** Visits all events by moment; those of one moment by kind, then by number. */
  async visitInOrder(visit: (at: number, kind: number, which: number) => void | Promise<void>): Promise<void> {
    const at = this.#at;
    const code = this.#code;
    const order = new Uint32Array(this.#count);
    for (let index = 0; index < order.length; index++) order[index] = index;
    order.sort((a, b) => at[a]! - at[b]! || (code[a]! % KINDS) - (code[b]! % KINDS) || code[a]! - code[b]!);
    for (const index of order) {
      const waits = visit(at[index]!, code[index]! % KINDS, Math.floor(code[index]! / KINDS));
      if (waits !== undefined) await waits;
    }
  }
}

function doubled(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * array.length);
  larger.set(array);
  return larger;
}
