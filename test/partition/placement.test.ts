import { describe, expect, it } from 'vitest';
import { type PlacementLetters, placementLetters, placements, rankLayout, rankOf } from '../../src/partition/index.ts';

/** (data, pipeline, tensor) of ranks 0 to 7, two of each. */
function table(placement: PlacementLetters): string[] {
  const layout = rankLayout(placement, { tensor: 2, pipeline: 2, data: 2, context: 1 });
  const ranks: string[] = [];
  for (const data of [0, 1]) {
    for (const pipeline of [0, 1]) {
      for (const tensor of [0, 1]) {
        ranks[rankOf(layout, { data, pipeline, tensor, context: 0 })] = `${data}${pipeline}${tensor}`;
      }
    }
  }
  return ranks;
}

describe('placement', () => {
  it('varies the last letter fastest', () => {
    expect(table('DPT')).toEqual(['000', '001', '010', '011', '100', '101', '110', '111']);
    expect(table('PTD')).toEqual(['000', '100', '001', '101', '010', '110', '011', '111']);
  });

  it('knows the names of the library', () => {
    expect(placementLetters('cluster')).toBe('DPT');
    expect(placementLetters('spread')).toBe('TPD');
    expect(placementLetters('PTD')).toBe('PTD');
    expect(placementLetters('XYZ')).toBeUndefined();
  });

  it('groups pipeline and data ranks as cluster and spread do without tensor parallelism', () => {
    const degrees = { tensor: 1, pipeline: 2, data: 4, context: 1 };
    const groups = (placement: PlacementLetters) => {
      const layout = rankLayout(placement, degrees);
      const rank = (data: number, pipeline: number) => rankOf(layout, { data, pipeline, tensor: 0, context: 0 });
      return {
        model: [0, 1, 2, 3].map((data) => [rank(data, 0), rank(data, 1)]),
        data: [0, 1].map((pipeline) => [0, 1, 2, 3].map((data) => rank(data, pipeline))),
      };
    };
    expect(groups('DPT')).toEqual({
      model: [
        [0, 1],
        [2, 3],
        [4, 5],
        [6, 7],
      ],
      data: [
        [0, 2, 4, 6],
        [1, 3, 5, 7],
      ],
    });
    expect(groups('TPD')).toEqual({
      model: [
        [0, 4],
        [1, 5],
        [2, 6],
        [3, 7],
      ],
      data: [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
      ],
    });
  });

  it('lets exactly the first letter cross two nodes of four', () => {
    const crosses = placements.map((placement) => {
      const { data, pipeline, tensor } = rankLayout(placement, { tensor: 2, pipeline: 2, data: 2, context: 1 });
      const letters = { D: data, P: pipeline, T: tensor };
      return Object.entries(letters)
        .filter(([, stride]) => 4 % (2 * stride) !== 0)
        .map(([letter]) => letter)
        .join('');
    });
    expect(crosses).toEqual(placements.map((placement) => placement[0]));
  });

  it('puts context just outside tensor, and gives every rank one index', () => {
    const degrees = { tensor: 2, pipeline: 3, data: 2, context: 4 };
    for (const placement of placements) {
      const layout = rankLayout(placement, degrees);
      expect(layout.context).toBe(layout.tensor * degrees.tensor);
      const ranks = new Set<number>();
      for (let data = 0; data < 2; data++) {
        for (let pipeline = 0; pipeline < 3; pipeline++) {
          for (let context = 0; context < 4; context++) {
            for (let tensor = 0; tensor < 2; tensor++) {
              ranks.add(rankOf(layout, { data, pipeline, context, tensor }));
            }
          }
        }
      }
      expect(ranks.size).toBe(48);
      expect(Math.max(...ranks)).toBe(47);
    }
  });
});
