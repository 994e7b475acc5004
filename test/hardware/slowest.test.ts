import { describe, expect, it } from 'vitest';
import { cappedClock } from '../../src/hardware/efficiency.ts';
import { clockDeviation, expectedMaximum, slowestOf } from '../../src/hardware/slowest.ts';
import { accelerator } from './make.ts';

describe('a part whose power is capped', () => {
  const clock = (powerWatts: number) =>
    cappedClock({ ...accelerator('h100-sxm5-80'), powerWatts, ratedPowerWatts: 700 });

  it('keeps the cube root of what memory and leakage leave its cores', () => {
    // Of 700 W they take 175: 325 of 525 W are left under a cap of 500.
    expect(clock(500)).toBeCloseTo((325 / 525) ** (1 / 3), 12);
    expect(clock(700)).toBe(1);
    expect(clock(800)).toBe(1);
  });

  it('never stands still', () => {
    expect(clock(175)).toBe(clock(1));
    expect(clock(1)).toBeGreaterThan(0.1);
  });
});

describe('the slowest of many devices', () => {
  it('lies as far out as the largest of so many normal numbers', () => {
    // H. L. Harter, Biometrika 48 (1961), Table 1; the approximation is within 0.03.
    expect(expectedMaximum(1)).toBe(0);
    for (const [count, maximum] of [
      [2, 0.5642],
      [10, 1.5388],
      [100, 2.5076],
      [400, 2.9682],
    ] as const) {
      expect(expectedMaximum(count)).toBeCloseTo(maximum, 1);
    }
  });

  it('is the usual one where there is but one, and slower the more there are', () => {
    const h100 = accelerator('h100-sxm5-80');
    const clock = (devices: number) => cappedClock(slowestOf(h100, devices));
    expect(clock(1)).toBe(1);
    expect(clock(2)).toBeLessThan(1);
    expect(clock(2_048)).toBeLessThan(clock(64));
    expect(clock(100)).toBeCloseTo(1 / (1 + 2.5 * clockDeviation), 2);
    expect(slowestOf(h100, 60)).toBe(slowestOf(h100, 64));
  });
});
