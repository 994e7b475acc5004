import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatBytesPerSecond,
  formatCount,
  formatDecimal,
  formatFlops,
  formatFlopsPerSecond,
  formatLargeCount,
  formatMilliseconds,
  formatNumber,
  formatPercent,
  formatSeconds,
  formatSignedPercent,
  formatUsd,
  parseBytes,
  parseCount,
  parseSeconds,
} from '../src/units.ts';

describe('formatting', () => {
  it.each([
    [0, '0'],
    [0.03123, '0.0312'],
    [3.4201, '3.42'],
    [9.996, '10.0'],
    [38.25, '38.3'],
    [850, '850'],
    [999.6, '1,000'],
    [12345.6, '12,346'],
    [-3.4201, '-3.42'],
  ])('writes %d with three digits as %s', (value, text) => expect(formatNumber(value)).toBe(text));

  it.each([
    [0, '0 B'],
    [512, '512 B'],
    [1023, '1,023 B'],
    [1024, '1.00 KiB'],
    [1048575, '1.00 MiB'],
    [41_017_000_000, '38.2 GiB'],
    [80 * 1024 ** 3, '80.0 GiB'],
    [2 ** 40, '1.00 TiB'],
  ])('writes %d bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0, '0 s'],
    [2.5e-7, '250 ns'],
    [4.2e-5, '42.0 µs'],
    [0.85, '850 ms'],
    [0.9999, '1.00 s'],
    [3.42, '3.42 s'],
    [121.03, '121 s'],
    [684, '11.4 min'],
    [7200, '2.00 h'],
    [86400, '24.0 h'],
    [25.3 * 86400, '25.3 days'],
    [4000 * 86400, '4,000 days'],
  ])('writes %d seconds as %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));

  it('writes rates, counts, money and shares', () => {
    expect(formatBytesPerSecond(50e9)).toBe('50.0 GB/s');
    expect(formatFlops(4.351e15)).toBe('4.35 PFLOP');
    expect(formatFlopsPerSecond(141e12)).toBe('141 TFLOP/s');
    expect(formatCount(174_604_259_328)).toBe('174,604,259,328');
    expect(formatDecimal(1234567.891, 2)).toBe('1,234,567.89');
    expect(formatLargeCount(174_604_259_328)).toBe('175 billion');
    expect(formatLargeCount(950)).toBe('950');
    expect(formatLargeCount(999_600)).toBe('1.00 million');
    expect(formatMilliseconds(0.0077)).toBe('7.70');
    expect(formatUsd(2.0768)).toBe('$2.08');
    expect(formatUsd(1234567.9)).toBe('$1,234,568');
    expect(formatUsd(-5)).toBe('-$5.00');
    expect(formatPercent(0.43123)).toBe('43.1%');
    expect(formatSignedPercent(0.042)).toBe('+4.2%');
    expect(formatSignedPercent(-0.003)).toBe('-0.3%');
  });

  it('never shows an exponent, a NaN or a missing unit', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1e15, noNaN: true }), (value) => {
        for (const text of [formatNumber(value), formatSeconds(value), formatBytes(value), formatUsd(value)]) {
          expect(text).toMatch(/^\$?[\d,]+(\.\d+)?( [A-Za-zµ]+)?$/);
        }
      }),
    );
  });
});

describe('parsing', () => {
  it('reads bytes, times and counts', () => {
    expect(parseBytes('80 GiB')).toBe(80 * 1024 ** 3);
    expect(parseBytes('1.5GB')).toBe(1.5e9);
    expect(parseBytes('4096')).toBe(4096);
    expect(parseSeconds('850 ms')).toBeCloseTo(0.85);
    expect(parseSeconds('25 days')).toBe(25 * 86400);
    expect(parseSeconds('3.4')).toBe(3.4);
    expect(parseCount('300B')).toBe(300e9);
    expect(parseCount('300e9')).toBe(300e9);
    expect(parseCount('174,604,259,328')).toBe(174_604_259_328);
  });

  it.each(['', 'many', '-3 GiB', '3 parsecs', '1e400', 'NaN', '3 GiB GiB'])('finds no quantity in %j', (text) => {
    expect(parseBytes(text)).toBeUndefined();
    expect(parseSeconds(text)).toBeUndefined();
  });

  it('reads back the bytes it wrote, to three digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (bytes) => {
        const back = parseBytes(formatBytes(bytes)) ?? Number.NaN;
        expect(Math.abs(back - bytes)).toBeLessThanOrEqual(bytes * 0.005);
      }),
    );
  });
});
