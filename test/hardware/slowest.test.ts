import { describe, expect, it } from 'vitest';
import { cappedClock } from '../../src/hardware/efficiency.ts';
import { clockDeviation, expectedMaximum, slowestOf } from '../../src/hardware/slowest.ts';
import { accelerator } from './make.ts';

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
