/** A binary heap: the least bound first, the earliest of equals. */
export class Queue<T> {
  readonly #bounds: number[] = [];
  readonly #numbers: number[] = [];
  readonly #items: T[] = [];
  #pushed = 0;

  get size(): number {
    return this.#items.length;
  }

  /** The least bound; infinite where there is nothing. */
  get least(): number {
    return this.#bounds[0] ?? Number.POSITIVE_INFINITY;
  }

  push(bound: number, item: T): void {
    let at = this.#items.length;
    const number = this.#pushed++;
    this.#bounds.push(bound);
    this.#numbers.push(number);
    this.#items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): T | undefined {
    const last = this.#items.length - 1;
    if (last < 0) return undefined;
    this.#swap(0, last);
    const item = this.#items.pop();
    this.#bounds.pop();
    this.#numbers.pop();
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < last && this.#before(child, least)) least = child;
      if (least === at) return item;
      this.#swap(at, least);
      at = least;
    }
  }

  #before(one: number, other: number): boolean {
    const difference = this.#bounds[one]! - this.#bounds[other]!;
    return difference < 0 || (difference === 0 && this.#numbers[one]! < this.#numbers[other]!);
  }

  #swap(one: number, other: number): void {
    for (const list of [this.#bounds, this.#numbers, this.#items] as unknown[][]) {
      [list[one], list[other]] = [list[other], list[one]];
    }
  }
}
