import { type Gemm, sum } from './operator.ts';

/** An operator of a model of any shape: counts of FLOPs and bytes of one sequence. */
export interface OperatorNode {
  readonly name: string;
  readonly forwardFlops: number;
  readonly backwardFlops: number;
  /** Bytes that cross memory in the forward pass; a product's operands come from its shape instead. */
  readonly readBytes: number;
  readonly writeBytes: number;
  /** Kept for the backward pass. */
  readonly savedBytes: number;
  readonly parameters: number;
  readonly gemm?: Gemm;
}

/** A tensor from one operator to another, by their places in the list. */
export interface OperatorLink {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

/** A model of any shape. Operators stand in a topological order: every link leads to a later one. */
export interface OperatorGraph {
  readonly nodes: readonly OperatorNode[];
  readonly links: readonly OperatorLink[];
}

/** Parameters of all operators. */
export function graphParameters({ nodes }: OperatorGraph): number {
  return sum(nodes, ({ parameters }) => parameters);
}

/** FLOPs of one sequence, forward and backward, as the operators give them. */
export function graphFlops({ nodes }: OperatorGraph): number {
  return sum(nodes, ({ forwardFlops, backwardFlops }) => forwardFlops + backwardFlops);
}

/** Operators in an order in which every link leads to a later one, and those that no order can hold. */
export interface Ordered {
  readonly order: readonly number[];
  /** Operators on a circle, or behind one. */
  readonly left: readonly number[];
}

/** The order in which operators are listed where that is topological, else one that takes them as they become ready. */
export function topologicalOrder(count: number, links: readonly OperatorLink[]): Ordered {
  const listed = Array.from({ length: count }, (_, index) => index);
  if (links.every(({ from, to }) => from < to)) return { order: listed, left: [] };
  const missing = new Int32Array(count);
  const readers: number[][] = listed.map(() => []);
  for (const { from, to } of links) {
    missing[to]! += 1;
    readers[from]!.push(to);
  }
  const order = listed.filter((node) => missing[node] === 0);
  for (let next = 0; next < order.length; next++) {
    for (const reader of readers[order[next]!]!) {
      missing[reader]! -= 1;
      if (missing[reader] === 0) order.push(reader);
    }
  }
  return { order, left: listed.filter((node) => missing[node]! > 0) };
}
