/**
 * The next moment at which each of a fixed set of members wakes, as a tree of minima in one typed array: setting one
 * moment and finding the earliest both walk a path between leaf and root.
 */
export class WakeTree {
  readonly #leaves: number;
  readonly #times: Float64Array;

  constructor(members: number) {
    let leaves = 1;
    while (leaves < members) leaves *= 2;
    this.#leaves = leaves;
    this.#times = new Float64Array(2 * leaves).fill(Number.POSITIVE_INFINITY);
  }

  /** The earliest moment at which any member wakes; infinite when none will. */
  get earliest(): number {
    return this.#times[1];
  }

  /** The member that wakes earliest (the lowest on a tie). */
  first(): number {
    const times = this.#times;
    const leaves = this.#leaves;
    let node = 1;
    while (node < leaves) {
      node *= 2;
      if (times[node + 1] < times[node]) node++;
    }
    return node - leaves;
  }

  at(member: number): number {
    return this.#times[this.#leaves + member];
  }

  set(member: number, time: number): void {
    const times = this.#times;
    let node = this.#leaves + member;
    times[node] = time;
    while (node > 1) {
      const sibling = times[node ^ 1];
      const least = sibling < time ? sibling : time;
      node >>= 1;
      // Above an unchanged minimum nothing changes.
      if (times[node] === least) return;
      times[node] = least;
      time = least;
    }
  }
}
