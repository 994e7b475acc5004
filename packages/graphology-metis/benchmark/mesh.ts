import { type CsrGraph, createRng } from '../src/index.ts';

/** A grid of `side` by `side` nodes in which every square has one of its diagonals, by chance. */
export function diagonalMesh(side: number, seed: number): CsrGraph {
  const rng = createRng(seed);
  const n = side * side;
  const diagonal = Uint8Array.from({ length: n }, () => (rng() < 0.5 ? 1 : 0));
  const xadj = new Int32Array(n + 1);
  const adjncy: number[] = [];
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      const v = i * side + j;
      const up = i > 0;
      const down = i + 1 < side;
      const left = j > 0;
      const right = j + 1 < side;
      if (up) adjncy.push(v - side);
      if (down) adjncy.push(v + side);
      if (left) adjncy.push(v - 1);
      if (right) adjncy.push(v + 1);
      // The square below and to the right of `v` has number `v`; 1 is the diagonal that leaves `v`.
      if (down && right && diagonal[v] === 1) adjncy.push(v + side + 1);
      if (up && left && diagonal[v - side - 1] === 1) adjncy.push(v - side - 1);
      if (down && left && diagonal[v - 1] === 0) adjncy.push(v + side - 1);
      if (up && right && diagonal[v - side] === 0) adjncy.push(v - side + 1);
      xadj[v + 1] = adjncy.length;
    }
  }
  return { xadj, adjncy };
}
