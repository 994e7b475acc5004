import { describe, expect, it } from 'vitest';
import {
  evaluate,
  exact,
  layers,
  type PartitionProblem,
  uniform,
  virtualStageCount,
} from '../../src/partition/index.ts';
import { problem } from './make.ts';

/** An embedding, equal layers and a head. */
const model = (count: number) => [0.1, ...new Array<number>(count).fill(1), 0.5];

const uniformCuts = (at: PartitionProblem) => evaluate(at, uniform(at.seconds.length, virtualStageCount(at)));
const layerCuts = (at: PartitionProblem, counts: readonly number[]) =>
  evaluate(at, layers(at.seconds.length, virtualStageCount(at), counts));

describe('uniform', () => {
  it('gives the embedding to the first stage, the head to the last, and equal layers to all', () => {
    const cuts = uniformCuts(problem({ seconds: model(8), stages: 4 }));
    expect([...cuts.ends]).toEqual([3, 5, 7, 10]);
    expect(cuts.bottleneckSeconds).toBe(2.5);
    expect(cuts.overBytes).toBe(0);
  });

  it('gives a remainder to the first stages', () => {
    expect([...uniformCuts(problem({ seconds: model(10), stages: 4 })).ends]).toEqual([4, 7, 9, 12]);
    expect([...uniformCuts(problem({ seconds: model(5), stages: 2, virtualStages: 2 })).ends]).toEqual([3, 4, 5, 7]);
  });

  it('refuses fewer layers than virtual stages', () => {
    expect(() => uniformCuts(problem({ seconds: model(3), stages: 2, virtualStages: 2 }))).toThrow(
      /more than 3 layers/,
    );
  });

  it('says by how much the worst device is over', () => {
    const at = problem({ seconds: model(4), staticBytes: [1, 1, 1, 1, 1, 4], stages: 2, capacityBytes: 5 });
    expect(uniformCuts(at).overBytes).toBe(1);
    expect(uniformCuts(at).proved).toBe(false);
    expect(exact(at).overBytes).toBe(0);
  });

  it('is no better than exact, and no worse than the bound', () => {
    for (const stages of [1, 2, 3, 5, 8]) {
      const at = problem({ seconds: model(40), stages });
      const equal = uniformCuts(at);
      expect(equal.bottleneckSeconds).toBeGreaterThanOrEqual(exact(at).bottleneckSeconds);
      expect(equal.lowerBoundSeconds).toBeLessThanOrEqual(equal.bottleneckSeconds);
    }
  });
});

describe('uniform with several chunks a device', () => {
  it('is no better than exact, whatever the memory', () => {
    let beaten = 0;
    for (const [stages, virtualStages] of [
      [4, 2],
      [4, 3],
      [8, 3],
      [4, 6],
      [8, 4],
    ]) {
      for (const percent of [100, 105, 115, 130, 200]) {
        const seconds = [...model(60).slice(0, -1), 2.5];
        const count = stages * virtualStages;
        const inFlight = Array.from({ length: count }, (_, stage) => count - stage);
        const need = ((62 / stages) * (1 + 0.1 * (count / 2)) * percent) / 100;
        const bytes = new Array<number>(62).fill(1);
        const at = problem({
          seconds,
          staticBytes: bytes,
          activationBytes: bytes.map(() => 0.1),
          stages,
          virtualStages,
          inFlight,
          capacityBytes: need,
        });
        const equal = uniformCuts(at);
        const best = exact(at);
        expect(best.overBytes).toBeLessThanOrEqual(equal.overBytes);
        if (best.overBytes < equal.overBytes) beaten++;
        else expect(best.bottleneckSeconds).toBeLessThanOrEqual(equal.bottleneckSeconds * (1 + 1e-9));
      }
    }
    expect(beaten).toBeGreaterThan(0);
  });
});

describe('layers', () => {
  it('takes counts by hand; none leaves only the embedding or the head', () => {
    const at = problem({ seconds: model(6), stages: 4 });
    expect([...layerCuts(at, [0, 3, 3, 0]).ends]).toEqual([1, 4, 7, 8]);
    expect(layerCuts(at, [0, 3, 3, 0]).bottleneckSeconds).toBe(3);
  });

  it.each([
    [[1, 2, 3], /names 3 virtual stages; the pipeline has 4/],
    [[1, 2, 2, 2], /sums to 7 layers; the model has 6/],
    [[3, 0, 0, 3], /leaves the virtual stage empty/],
    [[1.5, 1.5, 1.5, 1.5], /whole number of layers/],
  ])('refuses %j', (counts, message) => {
    expect(() => layerCuts(problem({ seconds: model(6), stages: 4 }), counts)).toThrow(message);
  });
});

describe('evaluate', () => {
  it('adds up the chunks of each device', () => {
    const cuts = evaluate(problem({ seconds: [1, 2, 3, 4], stages: 2, virtualStages: 2 }), Int32Array.of(1, 2, 3, 4));
    expect(cuts.bottleneckSeconds).toBe(6);
  });
});
