import { describe, expect, it } from 'vitest';
import { equalCosts, makespan, U3, U4, U6, U8 } from './make.ts';

type Triple = readonly [number, number, number];
/** Costs of forward, backward of the inputs, backward of the weights in every virtual stage. */
const A: Triple = [1, 1, 1];
const B: Triple = [2, 2, 1];
const C: Triple = [1, 2, 1];
const COLUMNS = [
  { stages: 2, microbatches: 4, c: 0 },
  { stages: 4, microbatches: 8, c: 0 },
  { stages: 4, microbatches: 16, c: 0 },
  { stages: 8, microbatches: 16, c: 0 },
  { stages: 4, microbatches: 8, c: 1 },
  { stages: 8, microbatches: 16, c: 1 },
];

/** Makespans at costs A, B and C for each of the columns above. */
const EQUAL: Readonly<Record<string, string>> = {
  gpipe: '15 25 20 | 33 55 44 | 57 95 76 | 69 115 92 | 39 61 50 | 83 129 106',
  'smp-simple': '15 25 20 | 33 55 44 | 57 95 76 | 69 115 92 | 39 61 50 | 83 129 106',
  '1f1b': '15 25 20 | 33 55 44 | 57 95 76 | 69 115 92 | 49 71 60 | 109 155 132',
  '1f1b-eager': '15 25 20 | 33 55 44 | 57 95 76 | 69 115 92 | 39 61 50 | 83 129 106',
  interleaved: '27 45 36 | 57 95 76 | 105 175 140 | 117 195 156 | 71 109 90 | 147 225 186',
  'breadth-first': '27 45 36 | 57 95 76 | 105 175 140 | 117 195 156 | 63 101 82 | 131 209 170',
  'zb-h1': '13 23 18 | 27 49 38 | 51 89 70 | 55 101 78 | 41 63 52 | 89 135 112',
  'zb-h2': '13 22 17 | 27 46 35 | 51 86 67 | 55 94 71 | 30 52 41 | 62 108 85',
  'zb-v': '25 42 34 | 51 86 70 | 99 166 134 | 103 174 142 | 65 103 87 | 137 215 183',
  'v-half': '25 43 36 | 53 95 82 | 101 175 154 | 113 203 176 | 79 121 110 | 174 264 246',
  'v-min': '27 53 43 | 59 117 109 | 107 213 205 | 123 245 227 | 99 157 149 | 229 351 329',
  dualpipe: '12 20 16 | 26 45 35 | 50 85 67 | 54 95 75 | 35 54 45 | 79 119 101',
  'dualpipe-v': '26 45 35 | 54 95 75 | 102 175 139 | 110 195 155 | 75 115 97 | 163 247 209',
};

describe('makespans at equal stages', () => {
  for (const [name, row] of Object.entries(EQUAL)) {
    const cells = row.split('|').map((cell) => cell.trim());
    for (const [i, { stages, microbatches, c }] of COLUMNS.entries()) {
      it(`${name}: ${stages} stages, ${microbatches} microbatches, latency ${c}`, () => {
        const found = [A, B, C].map((costs) =>
          makespan(name, { stages, microbatches }, equalCosts(costs[0], costs[1], costs[2], c)),
        );
        expect(found.join(' ')).toBe(cells[i]);
      });
    }
  }
});

describe('makespans at unequal stages', () => {
  const rows: readonly [string, number, number, typeof U4, readonly number[], readonly number[]][] = [
    ['gpipe', 4, 8, U4, [0, 2], [76, 88]],
    ['1f1b', 4, 8, U4, [0, 2], [76, 90]],
    ['1f1b-eager', 4, 8, U4, [0, 2], [76, 88]],
    ['zb-h1', 4, 8, U4, [0, 2], [68, 81]],
    ['zb-h2', 4, 8, U4, [0, 2], [68, 74]],
    ['dualpipe', 4, 8, U4, [0, 2], [47, 64]],
    ['interleaved', 4, 8, U8, [0, 2], [107, 135]],
    ['breadth-first', 4, 8, U8, [0, 2], [114, 126]],
    ['zb-v', 4, 8, U8, [0, 2], [95, 115]],
    ['v-half', 4, 8, U8, [0, 2], [99, 137]],
    ['v-min', 4, 8, U8, [0, 2], [108, 187]],
    ['dualpipe-v', 4, 8, U8, [0, 2], [96, 123]],
    ['gpipe', 3, 5, U3, [0, 1, 3], [44, 48, 56]],
    ['1f1b', 3, 5, U3, [0, 1, 3], [40, 46, 62]],
    ['1f1b-eager', 3, 5, U3, [0, 1, 3], [40, 44, 52]],
    ['zb-h1', 3, 5, U3, [0, 1, 3], [34, 40, 54]],
    ['zb-h2', 3, 5, U3, [0, 1, 3], [34, 36, 43]],
    ['interleaved', 3, 6, U6, [0, 1, 3], [84, 94, 117]],
    ['breadth-first', 3, 6, U6, [0, 1, 3], [81, 86, 105]],
    ['zb-v', 3, 6, U6, [0, 1, 3], [76, 82, 100]],
    ['dualpipe-v', 3, 6, U6, [0, 1, 3], [78, 84, 109]],
  ];
  for (const [name, stages, microbatches, costs, latencies, expected] of rows) {
    it(`${name}: ${stages} stages, ${microbatches} microbatches`, () => {
      const found = latencies.map((communication) =>
        makespan(name, { stages, microbatches }, { ...costs, communication }),
      );
      expect(found).toEqual(expected);
    });
  }
});

describe('fused pairs cheaper than their parts', () => {
  const rows: readonly [string, number, number, number, number, number][] = [
    ['dualpipe', 4, 8, 1, 2, 22],
    ['dualpipe', 8, 16, 1, 2, 44],
    ['dualpipe', 8, 20, 1, 2, 52],
    ['dualpipe-v', 4, 8, 1, 2, 44],
    ['dualpipe-v', 8, 16, 1, 2, 88],
    ['dualpipe', 4, 8, 2, 5, 48],
    ['dualpipe', 8, 16, 2, 5, 98],
  ];
  for (const [name, stages, microbatches, cost, fusedPair, expected] of rows) {
    it(`${name}: ${stages} stages, ${microbatches} microbatches, parts ${cost}, pair ${fusedPair}`, () => {
      const costs = { ...equalCosts(cost, cost, cost), fusedPair };
      expect(makespan(name, { stages, microbatches }, costs)).toBe(expected);
    });
  }
});

describe('interleaved and breadth-first, backward twice the forward', () => {
  const rows: readonly [number, number, number, number, number, number | undefined][] = [
    [4, 8, 2, 8, 57, 63],
    [4, 16, 2, 8, 105, 111],
    [4, 12, 2, 6, 81, 89],
    [4, 12, 3, 4, 117, 139],
    [2, 5, 2, 3, 33, 38],
    [4, 10, 2, 5, 69, 80],
    [4, 8, 4, 4, 105, 135],
    [4, 4, 2, 4, 33, 47],
    [8, 8, 2, 8, 69, 99],
  ];
  for (const [stages, microbatches, virtualStages, group, still, late] of rows) {
    it(`interleaved: ${stages} stages, ${microbatches} microbatches, ${virtualStages} chunks, groups of ${group}`, () => {
      const shape = { stages, microbatches, virtualStages, microbatchGroupSize: group };
      expect(makespan('interleaved', shape, equalCosts(1, 1, 1))).toBe(still);
      expect(makespan('interleaved', shape, equalCosts(1, 1, 1, 1))).toBe(late);
    });
  }
  it('breadth-first with few microbatches', () => {
    const found = [2, 3, 4, 6].map((microbatches) =>
      makespan('breadth-first', { stages: 4, microbatches }, equalCosts(1, 1, 1)),
    );
    expect(found).toEqual([27, 30, 33, 45]);
  });
});

describe('smp-interleaved', () => {
  const caps = [3, 4, 6, 8];
  it('is slower with a cap below the number of stages', () => {
    const at = (c: number) =>
      caps.map((activeMicrobatches) =>
        makespan('smp-interleaved', { stages: 4, microbatches: 8, activeMicrobatches }, equalCosts(1, 1, 1, c)),
      );
    expect(at(0)).toEqual([39, 33, 33, 33]);
    expect(at(1)).toEqual([59, 46, 41, 39]);
  });
});
