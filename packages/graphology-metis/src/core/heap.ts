/** A max-heap of vertex ids with keys that can change: a binary heap with each vertex's place beside it. */
export class MaxHeap {
  readonly key: Float64Array;
  /** Place of each vertex in the heap, -1 when absent. */
  readonly place: Int32Array;
  readonly #items: Int32Array;
  size = 0;

  constructor(capacity: number) {
    this.key = new Float64Array(capacity);
    this.place = new Int32Array(capacity).fill(-1);
    this.#items = new Int32Array(capacity);
  }

  /** The vertex with the largest key; only when `size` > 0. */
  top(): number {
    return this.#items[0];
  }

  /** Inserts a vertex, or moves it to where its new key belongs. */
  set(vertex: number, key: number): void {
    const place = this.place[vertex];
    if (place < 0) {
      this.key[vertex] = key;
      this.#rise(this.size++, vertex, key);
      return;
    }
    const old = this.key[vertex];
    if (key === old) return;
    this.key[vertex] = key;
    if (key > old) this.#rise(place, vertex, key);
    else this.#sink(place, vertex, key);
  }

  /** Takes out the vertex with the largest key; only when `size` > 0. */
  pop(): number {
    const top = this.#items[0];
    this.remove(top);
    return top;
  }

  /** Takes a vertex out, if it is in. */
  remove(vertex: number): void {
    const place = this.place[vertex];
    if (place < 0) return;
    this.place[vertex] = -1;
    const last = this.#items[--this.size];
    if (last === vertex) return;
    const key = this.key[last];
    if (place > 0 && this.key[this.#items[(place - 1) >> 1]] < key) this.#rise(place, last, key);
    else this.#sink(place, last, key);
  }

  clear(): void {
    const { place } = this;
    const items = this.#items;
    for (let i = 0; i < this.size; i++) place[items[i]] = -1;
    this.size = 0;
  }

  #rise(from: number, vertex: number, key: number): void {
    const items = this.#items;
    const keys = this.key;
    const { place } = this;
    let i = from;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = items[parent];
      if (keys[above] >= key) break;
      items[i] = above;
      place[above] = i;
      i = parent;
    }
    items[i] = vertex;
    place[vertex] = i;
  }

  #sink(from: number, vertex: number, key: number): void {
    const items = this.#items;
    const keys = this.key;
    const { place, size } = this;
    let i = from;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && keys[items[child + 1]] > keys[items[child]]) child++;
      const below = items[child];
      if (keys[below] <= key) break;
      items[i] = below;
      place[below] = i;
      i = child;
    }
    items[i] = vertex;
    place[vertex] = i;
  }
}
