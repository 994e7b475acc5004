/** What every part may and should weigh. Entry of part `p` and constraint `c` at `p * ncon + c`. */
export interface Limits {
  readonly k: number;
  readonly ncon: number;
  /** Share of the total weight wished for. */
  readonly share: Float64Array;
  /** Heaviest weight allowed, as it is told. */
  readonly allowed: Float64Array;
  /** The same with room for rounding, as it is compared with. */
  readonly limit: Float64Array;
  /** 1 / total of each constraint (0 when the total is 0): makes excesses comparable. */
  readonly scale: Float64Array;
  /** Largest number that divides every weight of the constraint, 0 when there is none worth naming. */
  readonly grain: Float64Array;
}

/** Relative room for rounding in sums of weights. */
export const ROUNDING = 1e-9;

/** Largest number that divides all weights (of one constraint) to within rounding; 0 if it is under a millionth of the largest. */
export function weightGrain(weights: Float64Array, ncon: number, c: number): number {
  let grain = 0;
  let largest = 0;
  for (let i = c; i < weights.length; i += ncon) if (weights[i] > largest) largest = weights[i];
  const noise = largest * 1e-6;
  for (let i = c; i < weights.length; i += ncon) {
    let a = weights[i];
    let b = grain;
    if (a === b || a === 0) continue;
    while (b > noise) {
      const rest = a - b * Math.floor(a / b + ROUNDING);
      a = b;
      b = rest;
    }
    grain = a;
    if (grain <= noise) return 0;
  }
  return grain;
}

/** `value` rounded up to a multiple of `grain`. */
export function ceilTo(value: number, grain: number): number {
  return grain > 0 ? Math.ceil(value / grain - ROUNDING) * grain : value;
}

/**
 * Limits from the wishes: (1 + imbalance) * share * total, and always at least the share rounded up to a whole number
 * of the smallest unit, because less than that not even a perfect partition reaches.
 */
export function createLimits(
  weights: Float64Array,
  total: Float64Array,
  share: Float64Array,
  imbalance: readonly number[],
): Limits {
  const ncon = total.length;
  const k = share.length / ncon;
  const allowed = new Float64Array(k * ncon);
  const scale = total.map((sum) => (sum > 0 ? 1 / sum : 0));
  const grain = total.map((_, c) => weightGrain(weights, ncon, c));
  for (let p = 0; p < k; p++) {
    for (let c = 0; c < ncon; c++) {
      const wish = share[p * ncon + c] * total[c];
      allowed[p * ncon + c] = Math.max((1 + imbalance[c]) * wish, ceilTo(wish, grain[c]));
    }
  }
  const limit = allowed.map((weight, i) => weight + ROUNDING * total[i % ncon]);
  return { k, ncon, share, allowed, limit, scale, grain };
}

/** Sum over parts and constraints of what lies above the limit, each as a fraction of its constraint's total. */
export function totalExcess(limits: Limits, loads: Float64Array): number {
  const { ncon, allowed, limit, scale } = limits;
  let excess = 0;
  for (let i = 0; i < limit.length; i++) if (loads[i] > limit[i]) excess += (loads[i] - allowed[i]) * scale[i % ncon];
  return excess;
}

/**
 * Limits for a coarse graph, whose vertices are too heavy for tight ones: every part may be over its wish by `vertices`
 * average vertices.
 */
export function relaxLimits(limits: Limits, n: number, vertices: number): Limits {
  const { ncon, share, scale } = limits;
  const relax = (weight: number, i: number): number => {
    const c = i % ncon;
    return scale[c] > 0 ? Math.max(weight, (share[i] + vertices / n) / scale[c]) : weight;
  };
  return { ...limits, allowed: limits.allowed.map(relax), limit: limits.limit.map(relax) };
}
