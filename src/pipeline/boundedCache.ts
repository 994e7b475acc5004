/** Keeps values by key, and forgets those used longest ago when they become too many or too large together. */
export class BoundedCache<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly size: number }>();
  readonly #mostEntries: number;
  readonly #mostSize: number;
  #size = 0;

  constructor(mostEntries: number, mostSize: number) {
    this.#mostEntries = mostEntries;
    this.#mostSize = mostSize;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: T, size: number): void {
    this.#size += size - (this.#entries.get(key)?.size ?? 0);
    this.#entries.set(key, { value, size });
    for (const [oldest, { size: freed }] of this.#entries) {
      if (this.#entries.size === 1) return;
      if (this.#entries.size <= this.#mostEntries && this.#size <= this.#mostSize) return;
      this.#entries.delete(oldest);
      this.#size -= freed;
    }
  }
}
