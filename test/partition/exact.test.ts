import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exact, type PartitionProblem, virtualStageCount } from '../../src/partition/index.ts';
import { bruteForce, compareFigures, figuresOf, problem, smallProblems, withoutLimits } from './make.ts';

const C1 = [5, 3, 8, 1, 4, 6, 2, 7];
const ones = (count: number, value = 1) => new Array<number>(count).fill(value);

/** Checks an answer against all other cuts; whether the limits made a difference, and whether nothing fits. */
function checkAgainstAll(at: PartitionProblem): { bound: boolean; over: boolean } {
  const cuts = exact(at);
  const reached = figuresOf(at, cuts.ends);
  const best = bruteForce(at);
  expect(compareFigures(reached, best), JSON.stringify({ reached, best, ends: [...cuts.ends] })).toBe(0);
  expect(cuts.proved).toBe(true);
  expect(cuts.bottleneckSeconds).toBeCloseTo(reached.bottleneck, 9);
  expect(cuts.overBytes).toBeCloseTo(reached.over, 6);
  const free = bruteForce(withoutLimits(at)).bottleneck;
  expect(cuts.lowerBoundSeconds).toBeLessThanOrEqual(free * (1 + 1e-9));
  return { bound: best.over === 0 && free < best.bottleneck * (1 - 1e-9), over: best.over > 0 };
}

describe('exact on worked examples', () => {
  it('cuts eight uneven units into one to five stages', () => {
    const bottleneck = [1, 2, 3, 4, 5].map((stages) => exact(problem({ seconds: C1, stages })).bottleneckSeconds);
    expect(bottleneck).toEqual([36, 19, 15, 10, 8]);
    expect([...exact(problem({ seconds: C1, stages: 3 })).ends]).toEqual([2, 5, 8]);
    expect([...exact(problem({ seconds: C1, stages: 4 })).ends]).toEqual([2, 4, 6, 8]);
  });

  it.each([
    [2, 1, 19],
    [2, 2, 18],
    [2, 3, 19],
    [3, 1, 15],
    [3, 2, 13],
    [4, 1, 10],
    [4, 2, 10],
  ])('runs them on %i devices with %i chunks each', (stages, virtualStages, expected) => {
    expect(exact(problem({ seconds: C1, stages, virtualStages })).bottleneckSeconds).toBe(expected);
  });

  it.each([2, 3, 4])('never goes below one heavy unit: %i stages', (stages) => {
    expect(exact(problem({ seconds: [...ones(9), 9], stages })).bottleneckSeconds).toBe(9);
  });

  it('minimises the sum of a device, not the largest chunk', () => {
    const seconds = [7, ...ones(8), 9];
    expect([1, 2, 3].map((v) => exact(problem({ seconds, stages: 3, virtualStages: v })).bottleneckSeconds)).toEqual([
      9, 10, 11,
    ]);
    expect(exact(problem({ seconds, stages: 2, virtualStages: 2 })).bottleneckSeconds).toBe(12);
  });

  it('gives early stages less where they hold more microbatches', () => {
    const at = (capacityBytes: number) =>
      exact(
        problem({
          seconds: ones(12),
          activationBytes: ones(12),
          stages: 4,
          inFlight: [4, 3, 2, 1],
          capacityBytes,
        }),
      );
    expect([12, 11, 8, 7, 6].map((capacity) => at(capacity).bottleneckSeconds)).toEqual([3, 4, 4, 6, 6]);
    expect([...at(12).ends]).toEqual([3, 6, 9, 12]);
    expect([...at(8).ends]).toEqual([2, 4, 8, 12]);
    expect(at(6).overBytes).toBe(0);
    expect(at(5).overBytes).toBe(1);
    const other = (capacityBytes: number) =>
      exact(
        problem({
          seconds: ones(8, 4),
          activationBytes: ones(8, 3),
          stages: 4,
          inFlight: [4, 3, 2, 1],
          capacityBytes,
        }),
      ).bottleneckSeconds;
    expect([24, 20, 17].map(other)).toEqual([8, 12, 16]);
  });

  it('counts the tensors on both sides of a cut', () => {
    const two = exact(problem({ seconds: [6, 2, 2, 6], boundarySeconds: [1, 5, 1], stages: 2 }));
    expect(two.bottleneckSeconds).toBe(11);
    const three = exact(problem({ seconds: ones(6, 3), boundarySeconds: [1, 1, 9, 1, 1], stages: 3 }));
    expect(three.bottleneckSeconds).toBe(8);
    expect([...three.ends]).toEqual([2, 4, 6]);
  });

  it('sends nothing between the two chunks of the last device of a V', () => {
    const at = problem({ seconds: [1, 1, 1, 1], boundarySeconds: [1, 50, 1], stages: 2, placement: 'v' });
    expect(exact(at).bottleneckSeconds).toBe(4);
  });

  it('holds stage s and stage p − 1 − s on each device of two directions', () => {
    const cuts = exact(problem({ seconds: [4, 1, 1, 1, 1, 4], stages: 4, placement: 'dual', virtualStages: 2 }));
    expect(cuts.bottleneckSeconds).toBe(8);
    expect([cuts.ends[0], cuts.ends[2]]).toEqual([1, 5]);
  });

  it('ends stages where it is told to, and refuses more ends than it has', () => {
    const cuts = exact(problem({ seconds: C1, stages: 3, cutsAfter: [0] }));
    expect(cuts.ends[0]).toBe(1);
    expect(() => exact(problem({ seconds: C1, stages: 3, cutsAfter: [0, 1, 2] }))).toThrow(/name fewer units/);
  });

  it('prefers fewer bytes sent, then less peak memory', () => {
    const traffic = exact(problem({ seconds: [2, 0, 0, 2], boundaryBytes: [5, 1, 5], stages: 2 }));
    expect([...traffic.ends]).toEqual([2, 4]);
    const peak = exact(problem({ seconds: [2, 0, 0, 2], staticBytes: [4, 1, 4, 4], stages: 2 }));
    expect([...peak.ends]).toEqual([2, 4]);
  });
});

describe('exact against every cut of small chains', () => {
  it.each([
    ['linear', 9, 1200],
    ['loop', 9, 900],
    ['v', 9, 600],
    ['dual', 9, 600],
  ] as const)('%s', (placement, mostUnits, numRuns) => {
    let bound = 0;
    let over = 0;
    fc.assert(
      fc.property(smallProblems([placement], mostUnits), (at) => {
        const found = checkAgainstAll(at);
        if (found.bound) bound++;
        if (found.over) over++;
      }),
      { seed: 1, numRuns },
    );
    console.log(`${placement}: of ${numRuns} chains memory bound ${bound}, and nothing fitted in ${over}`);
    expect(bound).toBeGreaterThan(numRuns / 50);
  });
});

describe('exact in general', () => {
  const placements = ['linear', 'loop', 'v', 'dual'] as const;

  it('puts every unit in exactly one stage that is not empty, and cuts where it is told to', () => {
    fc.assert(
      fc.property(smallProblems(placements, 40), (at) => {
        const { ends } = exact(at);
        expect(ends.length).toBe(virtualStageCount(at));
        expect(ends[ends.length - 1]).toBe(at.seconds.length);
        for (let stage = 0; stage < ends.length; stage++) {
          expect(ends[stage]).toBeGreaterThan(stage === 0 ? 0 : ends[stage - 1]);
        }
        for (const unit of at.cutsAfter) expect(ends).toContain(unit + 1);
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  it('does no worse with more memory', () => {
    let helped = 0;
    fc.assert(
      fc.property(smallProblems(placements, 20), fc.integer({ min: 1, max: 40 }), (at, percent) => {
        const more = { ...at, capacityBytes: at.capacityBytes.map((bytes) => bytes * (1 + percent / 100)) };
        const before = exact(at);
        const after = exact(more);
        if (before.proved && after.proved && before.overBytes === 0) {
          expect(after.overBytes).toBe(0);
          expect(after.bottleneckSeconds).toBeLessThanOrEqual(before.bottleneckSeconds * (1 + 1e-9));
          if (after.bottleneckSeconds < before.bottleneckSeconds * (1 - 1e-9)) helped++;
        }
      }),
      { seed: 1, numRuns: 400 },
    );
    console.log(`more memory helped in ${helped} of 400 chains`);
    expect(helped).toBeGreaterThan(0);
  });

  it('answers the same at every scale of seconds and of bytes', () => {
    const scaled = (values: Float64Array, by: number) => values.map((value) => value * by);
    fc.assert(
      fc.property(smallProblems(placements, 20), (at) => {
        const other: PartitionProblem = {
          ...at,
          seconds: scaled(at.seconds, 2 ** -20),
          boundarySeconds: scaled(at.boundarySeconds, 2 ** -20),
          staticBytes: scaled(at.staticBytes, 2 ** 30),
          activationBytes: scaled(at.activationBytes, 2 ** 30),
          transientBytes: scaled(at.transientBytes, 2 ** 30),
          boundaryBytes: scaled(at.boundaryBytes, 2 ** 30),
          capacityBytes: scaled(at.capacityBytes, 2 ** 30),
        };
        expect([...exact(other).ends]).toEqual([...exact(at).ends]);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('has a bound that is no more than its answer, and its answer is no more than equal cuts that fit', () => {
    fc.assert(
      fc.property(smallProblems(placements, 40), (at) => {
        const cuts = exact(at);
        expect(cuts.lowerBoundSeconds).toBeLessThanOrEqual(cuts.bottleneckSeconds);
        if (cuts.proved && cuts.overBytes === 0) {
          const count = virtualStageCount(at);
          const ends = Int32Array.from({ length: count }, (_, s) => Math.floor(((s + 1) * at.seconds.length) / count));
          const figures = figuresOf(at, ends);
          const forced = at.cutsAfter.every((unit) => ends.includes(unit + 1));
          if (forced && figures.over === 0) {
            expect(cuts.bottleneckSeconds).toBeLessThanOrEqual(figures.bottleneck * (1 + 1e-9));
          }
        }
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  it('is deterministic, whatever was cut before', () => {
    const at = problem({ seconds: [...C1, ...C1, ...C1, ...C1], stages: 4, virtualStages: 3 });
    const first = [...exact(at).ends];
    exact(problem({ seconds: ones(300), stages: 7, virtualStages: 3 }));
    exact(problem({ seconds: ones(40), stages: 5, placement: 'v' }));
    expect([...exact(at).ends]).toEqual(first);
  });
});

describe('exact on GPT-3 175B', () => {
  const layers = [0.02, ...ones(96), 1.7];

  it.each([
    ['linear', 16, 1, 7],
    ['loop', 16, 2, 7],
    ['loop', 16, 4, 7],
    ['loop', 8, 12, 13],
  ] as const)('%s placement, %i devices, %i chunks: at most %i layers a device', (placement, stages, v, expected) => {
    const cuts = exact(problem({ seconds: layers, stages, virtualStages: v, placement }));
    expect(cuts.bottleneckSeconds).toBeLessThan(expected + 0.05);
    expect(cuts.proved).toBe(true);
  });

  const operators = () => {
    const layer = [0.012, 0.24, 0.03, 0.02, 0.015, 0.03, 0.09, 0.008, 0.01, 0.012, 0.3, 0.02, 0.3, 0.008, 0.01];
    return [0.02, ...new Array<number[]>(96).fill(layer).flat(), 0.012, 0.45, 0.09, 0.02];
  };

  it('cuts between operators within one per cent of the bound', () => {
    const cuts = exact(problem({ seconds: operators(), stages: 16, virtualStages: 4 }));
    expect(cuts.bottleneckSeconds / cuts.lowerBoundSeconds - 1).toBeLessThan(0.01);
  });

  it.each(['loop', 'v', 'dual'] as const)('cuts between operators under %s within its memory', (placement) => {
    const seconds = operators();
    const total = seconds.reduce((sum, value) => sum + value, 0);
    const stages = 8;
    const capacityBytes = ((placement === 'dual' ? 2.2 : 1.1) * total) / stages;
    const at = problem({ seconds, staticBytes: seconds, stages, virtualStages: 2, placement, capacityBytes });
    const cuts = exact(at);
    const figures = figuresOf(at, cuts.ends);
    expect(figures.over).toBe(0);
    expect(figures.bottleneck).toBeCloseTo(cuts.bottleneckSeconds, 9);
    expect(cuts.bottleneckSeconds / cuts.lowerBoundSeconds - 1).toBeLessThan(0.02);
  });
});
