import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowerBoundSeconds } from '../../src/partition/bound.ts';
import { chainOf } from '../../src/partition/chain.ts';
import { kickCuts } from '../../src/partition/kicks.ts';
import { searchCuts, searchPairs } from '../../src/partition/localSearch.ts';
import { startingCuts } from '../../src/partition/start.ts';
import { proveTwoChunks } from '../../src/partition/twoChunks.ts';
import { bruteForce, figuresOf, smallProblems, withoutLimits } from './make.ts';

describe('two chunks a device', () => {
  it('are improved from any cuts to the best of all, and proved', () => {
    let improved = 0;
    let bound = 0;
    fc.assert(
      fc.property(smallProblems(['loop', 'v', 'dual'], 9), (at) => {
        if (at.placement === 'loop' && at.virtualStages !== 2) return;
        const chain = chainOf(at);
        const ends = startingCuts(chain);
        const before = figuresOf(at, ends);
        expect(proveTwoChunks(chain, ends, 0)).toBe(true);
        const after = figuresOf(at, ends);
        const best = bruteForce(at);
        expect(after.over).toBeCloseTo(best.over, 6);
        expect(after.bottleneck).toBeCloseTo(best.bottleneck, 9);
        if (before.bottleneck > after.bottleneck + 1e-9 || before.over > after.over + 1e-6) improved++;
        if (best.over === 0 && bruteForce(withoutLimits(at)).bottleneck < best.bottleneck - 1e-9) bound++;
      }),
      { seed: 3, numRuns: 500 },
    );
    console.log(`two chunks: of 500 chains ${improved} were improved, and memory bound ${bound}`);
    expect(improved).toBeGreaterThan(60);
    expect(bound).toBeGreaterThan(10);
  });
});

describe('bounds and search', () => {
  it('keep the bound below the best of all cuts, also of those that fit, and the search above', () => {
    let met = 0;
    let optimal = 0;
    let fits = 0;
    fc.assert(
      fc.property(smallProblems(['linear', 'loop', 'v', 'dual'], 9), (at) => {
        const best = bruteForce(at);
        const free = bruteForce(withoutLimits(at));
        const chain = chainOf(at);
        const bound = lowerBoundSeconds(chain);
        expect(bound).toBeLessThanOrEqual(free.bottleneck * (1 + 1e-9));
        if (bound >= free.bottleneck * (1 - 1e-9)) met++;
        if (at.placement !== 'loop' || best.over > 0) return;
        const withinMemory = lowerBoundSeconds(chain, true);
        expect(withinMemory).toBeLessThanOrEqual(best.bottleneck * (1 + 1e-9));
        fits++;
        const ends = searchCuts(chain, withinMemory);
        const budget = { transitions: 2e4 };
        searchPairs(chain, ends, withinMemory, budget, Number.POSITIVE_INFINITY);
        kickCuts(chain, ends, withinMemory, budget);
        const found = figuresOf(at, ends);
        if (found.over > 0) return;
        expect(found.bottleneck).toBeGreaterThanOrEqual(best.bottleneck * (1 - 1e-9));
        if (found.bottleneck <= best.bottleneck * (1 + 1e-9)) optimal++;
      }),
      { seed: 4, numRuns: 400 },
    );
    console.log(`bound met in ${met} of 400; of ${fits} loops that fit, the search found the best of ${optimal}`);
    expect(optimal).toBeGreaterThan(0.9 * fits);
  });
});
