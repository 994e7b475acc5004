import type { FlatGraph } from './flat-graph.ts';

/**
 * An undirected graph as a flow network: every edge is two arcs, `arc` and `arc ^ 1`, each with the edge's weight as
 * its capacity. Terminals may be added while the flow grows.
 */
export class FlowNetwork {
  readonly n: number;
  /** Total flow sent. */
  value = 0;
  /** 1 source, 2 sink, 0 neither. */
  readonly terminal: Uint8Array;
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  readonly #head: Int32Array;
  /** Capacity left. */
  readonly #left: Float64Array;
  readonly #level: Int32Array;
  readonly #current: Int32Array;
  readonly #queue: Int32Array;
  readonly #path: Int32Array;
  /** Capacities below this count as used up. */
  readonly #noise: number;

  constructor(graph: FlatGraph) {
    const { n, xadj, adjncy, adjwgt } = graph;
    this.n = n;
    this.terminal = new Uint8Array(n);
    this.#first = new Int32Array(n).fill(-1);
    const arcs = adjncy.length;
    this.#next = new Int32Array(arcs);
    this.#head = new Int32Array(arcs);
    this.#left = new Float64Array(arcs);
    this.#level = new Int32Array(n);
    this.#current = new Int32Array(n);
    this.#queue = new Int32Array(n);
    this.#path = new Int32Array(n);
    let arc = 0;
    let largest = 0;
    for (let v = 0; v < n; v++) {
      for (let e = xadj[v]; e < xadj[v + 1]; e++) {
        const u = adjncy[e];
        if (u < v) continue;
        this.#addArc(arc++, v, u, adjwgt[e]);
        this.#addArc(arc++, u, v, adjwgt[e]);
        if (adjwgt[e] > largest) largest = adjwgt[e];
      }
    }
    this.#noise = largest * 1e-9;
  }

  #addArc(arc: number, from: number, to: number, capacity: number): void {
    this.#head[arc] = to;
    this.#left[arc] = capacity;
    this.#next[arc] = this.#first[from];
    this.#first[from] = arc;
  }

  /**
   * Sends as much as possible from sources to sinks, but stops once the value reaches `enough`.
   *
   * @source Yefim Dinitz, "Algorithm for solution of a problem of maximum flow in networks with power estimation", 1970
   */
  augment(enough: number): void {
    while (this.value < enough && this.#layer()) {
      this.#current.set(this.#first);
      for (let v = 0; v < this.n; v++) {
        if (this.terminal[v] !== 1) continue;
        while (this.value < enough && this.#sendFrom(v)) {}
      }
    }
  }

  /** Levels by distance from the sources; whether a sink was reached. */
  #layer(): boolean {
    const level = this.#level.fill(-1);
    const queue = this.#queue;
    let end = 0;
    for (let v = 0; v < this.n; v++) {
      if (this.terminal[v] !== 1) continue;
      level[v] = 0;
      queue[end++] = v;
    }
    let reached = false;
    for (let i = 0; i < end; i++) {
      const v = queue[i];
      for (let arc = this.#first[v]; arc >= 0; arc = this.#next[arc]) {
        const u = this.#head[arc];
        if (level[u] >= 0 || this.#left[arc] <= this.#noise) continue;
        level[u] = level[v] + 1;
        if (this.terminal[u] === 2) reached = true;
        else queue[end++] = u;
      }
    }
    return reached;
  }

  /** Sends along one shortest path from a source; false when there is none left. */
  #sendFrom(source: number): boolean {
    const level = this.#level;
    const current = this.#current;
    const path = this.#path;
    let length = 0;
    let v = source;
    while (this.terminal[v] !== 2) {
      let arc = current[v];
      while (arc >= 0) {
        const u = this.#head[arc];
        if (level[u] === level[v] + 1 && this.#left[arc] > this.#noise) break;
        arc = this.#next[arc];
      }
      current[v] = arc;
      if (arc >= 0) {
        path[length++] = arc;
        v = this.#head[arc];
        continue;
      }
      if (length === 0) return false;
      const back = path[--length];
      v = this.#head[back ^ 1];
      current[v] = this.#next[back];
    }
    let amount = Infinity;
    for (let i = 0; i < length; i++) amount = Math.min(amount, this.#left[path[i]]);
    for (let i = 0; i < length; i++) {
      this.#left[path[i]] -= amount;
      this.#left[path[i] ^ 1] += amount;
    }
    this.value += amount;
    return true;
  }

  /**
   * Marks what can still be reached from the sources, or what can still reach the sinks.
   *
   * @param mark written: 1 for the vertices reached
   * @param beside written: vertices met at the end of full arcs; they may be met twice, or be reached after all
   * @returns how many were written to `beside`, at most as many as it has room for
   */
  reach(from: 1 | 2, mark: Uint8Array, beside: Int32Array): number {
    mark.fill(0);
    let met = 0;
    const queue = this.#queue;
    let end = 0;
    for (let v = 0; v < this.n; v++) {
      if (this.terminal[v] !== from) continue;
      mark[v] = 1;
      queue[end++] = v;
    }
    for (let i = 0; i < end; i++) {
      const v = queue[i];
      for (let arc = this.#first[v]; arc >= 0; arc = this.#next[arc]) {
        const u = this.#head[arc];
        if (mark[u] === 1) continue;
        const left = from === 1 ? this.#left[arc] : this.#left[arc ^ 1];
        if (left <= this.#noise) {
          if (met < beside.length) beside[met++] = u;
          continue;
        }
        mark[u] = 1;
        queue[end++] = u;
      }
    }
    return met;
  }
}
