import fc from 'fast-check';
import { type TestGraph, testGraph } from './graphs.ts';

/** Kinds of graphs: no edges at all, sparse, dense, with hubs, meshes with chords. */
function edgesOf(kind: number, n: number, draws: readonly number[]): [number, number][] {
  const pairs = new Map<number, [number, number]>();
  const add = (a: number, b: number): void => {
    if (a !== b) pairs.set(Math.min(a, b) * n + Math.max(a, b), [Math.min(a, b), Math.max(a, b)]);
  };
  const pick = (i: number): number => draws[i % draws.length] % n;
  if (kind === 1) for (let i = 0; i < n; i++) add(pick(2 * i), pick(2 * i + 1));
  if (kind === 2) for (let i = 0; i < 4 * n; i++) add(pick(3 * i), pick(5 * i + 1));
  // A few hubs take most edges.
  if (kind === 3) for (let i = 0; i < 2 * n; i++) add(pick(i) % Math.max(1, n >> 3), pick(7 * i + 3));
  if (kind === 4) {
    const side = Math.max(1, Math.floor(Math.sqrt(n)));
    for (let v = 0; v < n; v++) {
      if ((v + 1) % side !== 0 && v + 1 < n) add(v, v + 1);
      if (v + side < n) add(v, v + side);
      if (v % 7 === 0) add(v, pick(v));
    }
  }
  return [...pairs.values()];
}

export interface GraphShape {
  readonly least?: number;
  readonly most?: number;
  readonly connected?: boolean;
  readonly constraints?: number;
  readonly wholeNumbers?: boolean;
}

/** Random graphs with random weights, with one or two constraints. */
export function anyGraph(shape: GraphShape = {}): fc.Arbitrary<TestGraph> {
  const { least = 1, most = 50, connected = false, wholeNumbers = false } = shape;
  return fc
    .record({
      n: fc.integer({ min: least, max: most }),
      kind: fc.integer({ min: 0, max: 4 }),
      draws: fc.array(fc.nat(1_000_003), { minLength: 41, maxLength: 41 }),
      ncon: shape.constraints === undefined ? fc.integer({ min: 1, max: 2 }) : fc.constant(shape.constraints),
      weighing: fc.integer({ min: 0, max: 3 }),
    })
    .map(({ n, kind, draws, ncon, weighing }) => {
      const edges = edgesOf(kind, n, draws);
      if (connected) for (let v = 1; v < n; v++) edges.push([draws[v % draws.length] % v, v]);
      const distinct = new Map(edges.map(([a, b]) => [Math.min(a, b) * n + Math.max(a, b), [a, b] as const]));
      const weight = (i: number): number => {
        const draw = draws[i % draws.length];
        if (weighing === 0) return 1;
        if (weighing === 1 || wholeNumbers) return draw % 6;
        return weighing === 2 ? 0.25 + (draw % 997) / 997 : draw % 17 === 0 ? 100 : 1;
      };
      return testGraph(
        n,
        [...distinct.values()].map(([a, b], i) => [a, b, weighing === 0 ? 1 : 1 + (draws[(3 * i) % draws.length] % 5)]),
        {
          ncon,
          vwgt: Array.from({ length: n * ncon }, (_, i) => weight(i)),
          vsize: Array.from({ length: n }, (_, v) => (weighing === 0 ? 1 : draws[(5 * v) % draws.length] % 4)),
        },
      );
    });
}
