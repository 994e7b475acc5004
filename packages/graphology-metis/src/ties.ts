import { fault } from './errors.ts';

/** Nodes merged into groups before anything else. */
export interface Groups {
  /** Group of each node, numbered from 0 in the order of their first nodes. */
  readonly coarse: Int32Array;
  readonly count: number;
  /** Sums a value of the nodes over each group. */
  readonly sum: (values: Float64Array) => Float64Array;
}

/**
 * Merges the groups of nodes that must share a part; groups with a common node become one.
 *
 * @returns null when nothing merges
 * @throws Error when a group names a node that is not there
 */
export function mergeGroups(n: number, together: readonly (readonly number[])[]): Groups | null {
  if (together.length === 0) return null;
  const root = Int32Array.from({ length: n }, (_, v) => v);
  const find = (v: number): number => {
    let r = v;
    while (root[r] !== r) {
      root[r] = root[root[r]];
      r = root[r];
    }
    return r;
  };
  for (const group of together) {
    for (const v of group) {
      if (!Number.isInteger(v) || v < 0 || v >= n)
        throw fault(`\`together\` option names node ${v}, which does not exist.`);
      const a = find(group[0]);
      const b = find(v);
      root[Math.max(a, b)] = Math.min(a, b);
    }
  }
  const coarse = new Int32Array(n);
  let count = 0;
  for (let v = 0; v < n; v++) coarse[v] = find(v) === v ? count++ : coarse[find(v)];
  if (count === n) return null;
  const sum = (values: Float64Array): Float64Array => {
    const sums = new Float64Array(count);
    values.forEach((value, v) => {
      sums[coarse[v]] += value;
    });
    return sums;
  };
  return { coarse, count, sum };
}

/**
 * Part that each merged node is tied to, -1 where free.
 *
 * @returns null when none is tied
 * @throws Error when a part does not exist, or nodes that must share a part are tied to two
 */
export function ties(
  n: number,
  k: number,
  fixed: ArrayLike<number> | undefined,
  groups: Groups | null,
): Int32Array | null {
  if (fixed === undefined) return null;
  const tied = new Int32Array(groups === null ? n : groups.count).fill(-1);
  let any = false;
  for (let v = 0; v < n; v++) {
    const p = fixed[v];
    if (!Number.isInteger(p) || p < -1 || p >= k) {
      throw fault(`\`fixed\` option should name parts from 0 to ${k - 1} (or -1 for none), not ${p}.`);
    }
    if (p < 0) continue;
    const c = groups === null ? v : groups.coarse[v];
    if (tied[c] >= 0 && tied[c] !== p) {
      throw fault(`\`fixed\` option ties nodes to parts ${tied[c]} and ${p} that \`together\` puts in one.`);
    }
    tied[c] = p;
    any = true;
  }
  return any ? tied : null;
}
