import { BACKWARD, FORWARD, FUSED_FORWARD, packTask, WEIGHT } from '../schedule.ts';

const INITIAL_CAPACITY = 64;

/** Writes one device's order, task by task. */
export class OrderWriter {
  #tasks: Int32Array;
  #length = 0;

  constructor(capacity = INITIAL_CAPACITY) {
    this.#tasks = new Int32Array(Math.max(1, capacity));
  }

  get length(): number {
    return this.#length;
  }

  #push(task: number): void {
    if (this.#length === this.#tasks.length) {
      const grown = new Int32Array(2 * this.#length);
      grown.set(this.#tasks);
      this.#tasks = grown;
    }
    this.#tasks[this.#length++] = task;
  }

  forward(microbatch: number, chunk = 0): void {
    this.#push(packTask(FORWARD, chunk, microbatch));
  }

  backward(microbatch: number, chunk = 0): void {
    this.#push(packTask(BACKWARD, chunk, microbatch));
  }

  weight(microbatch: number, chunk = 0): void {
    this.#push(packTask(WEIGHT, chunk, microbatch));
  }

  /** One indivisible forward–backward pair. */
  fused(forwardMicrobatch: number, forwardChunk: number, backwardMicrobatch: number, backwardChunk: number): void {
    this.#push(packTask(FUSED_FORWARD, forwardChunk, forwardMicrobatch));
    this.#push(packTask(BACKWARD, backwardChunk, backwardMicrobatch));
  }

  finish(): Int32Array {
    return this.#tasks.length === this.#length ? this.#tasks : this.#tasks.slice(0, this.#length);
  }
}
