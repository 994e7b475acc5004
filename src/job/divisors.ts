/** All divisors of a whole number of at least 1, ascending. Cost: its square root. */
export function divisors(value: number): readonly number[] {
  const low: number[] = [];
  const high: number[] = [];
  for (let divisor = 1; divisor * divisor <= value; divisor++) {
    if (value % divisor !== 0) continue;
    low.push(divisor);
    if (divisor * divisor !== value) high.push(value / divisor);
  }
  return [...low, ...high.reverse()];
}

/** The greatest common divisor of two whole numbers. */
export function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}

/** The multiple of `unit` that is nearest to `value`, and at least `unit`; the larger on a tie. */
export function nearestMultiple(value: number, unit: number): number {
  return Math.max(1, Math.round(value / unit)) * unit;
}
