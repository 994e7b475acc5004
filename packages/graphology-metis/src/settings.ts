import type { Quality } from './core/quality.ts';
import { createRng, type Rng } from './core/random.ts';
import { fault } from './errors.ts';

/** What to do: the options that have the same meaning for a Graph and for flat arrays. */
export interface PartitionOptions {
  /** Number of parts. */
  readonly parts: number;
  /** `kway` (default) divides at once, `recursive` by halves. */
  readonly method?: 'kway' | 'recursive' | undefined;
  /** What shall be small: the weight of cut edges (default) or the communication volume. */
  readonly objective?: 'cut' | 'volume' | undefined;
  /** How far a part may weigh over its share, as a fraction: one number, or one for each node weight. Default 0.03. */
  readonly imbalance?: number | readonly number[] | undefined;
  /**
   * Share of the total that each part should weigh, summing to 1: one number a part, or one array a part with a number
   * for each node weight. Default: equal shares.
   */
  readonly targetWeights?: readonly number[] | readonly (readonly number[])[] | undefined;
  /** Whether every part must be connected. Default false. */
  readonly contiguous?: boolean | undefined;
  /** Whether parts should touch few other parts. Default false. */
  readonly minimizeConnectivity?: boolean | undefined;
  /** Most rounds of a local search. Default 10. */
  readonly passes?: number | undefined;
  /** Independent partitions, of which the best is returned. Default 1. */
  readonly runs?: number | undefined;
  /** How hard to work. Default `default`. */
  readonly quality?: Quality | undefined;
  /** Source of numbers in [0, 1); asked once a run. Default: a generator of our own with seed 1. */
  readonly rng?: Rng | undefined;
}

/** Options checked and complete. */
export interface Settings {
  readonly parts: number;
  readonly method: 'kway' | 'recursive';
  readonly objective: 'cut' | 'volume';
  /** One for each constraint. */
  readonly imbalance: readonly number[];
  /** Share of part `p` in constraint `c` at `p * ncon + c`; sums to 1 over the parts. */
  readonly share: Float64Array;
  readonly contiguous: boolean;
  readonly minimizeConnectivity: boolean;
  readonly passes: number;
  readonly runs: number;
  readonly quality: Quality;
  readonly rng: Rng;
}

export const DEFAULTS = {
  method: 'kway',
  objective: 'cut',
  imbalance: 0.03,
  contiguous: false,
  minimizeConnectivity: false,
  passes: 10,
  runs: 1,
  quality: 'default',
} as const;

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((item) => item === value);
  if (found === undefined) {
    throw fault(`\`${name}\` option should be ${allowed.map((item) => `'${item}'`).join(' or ')}.`);
  }
  return found;
}

function integerFrom(name: string, value: number, least: number): number {
  if (!Number.isInteger(value) || value < least) {
    throw fault(`\`${name}\` option should be ${least > 0 ? 'a positive' : 'a non-negative'} integer.`);
  }
  return value;
}

function flag(name: string, value: boolean): boolean {
  if (typeof value !== 'boolean') throw fault(`\`${name}\` option should be a boolean.`);
  return value;
}

function imbalances(value: number | readonly number[], ncon: number): readonly number[] {
  const list = typeof value === 'number' ? new Array<number>(ncon).fill(value) : Array.from(value);
  if (list.length !== ncon) {
    throw fault(`\`imbalance\` option should be one number, or one for each of the ${ncon} node weights.`);
  }
  for (const item of list) {
    if (!(item >= 0) || item === Infinity) throw fault('`imbalance` option should be a non-negative finite number.');
  }
  return list;
}

function shares(value: PartitionOptions['targetWeights'], parts: number, ncon: number): Float64Array {
  const share = new Float64Array(parts * ncon).fill(1 / parts);
  if (value === undefined) return share;
  if (!Array.isArray(value) || value.length !== parts) {
    throw fault(`\`targetWeights\` option should be an array with one entry for each of the ${parts} parts.`);
  }
  const sums = new Array<number>(ncon).fill(0);
  for (let p = 0; p < parts; p++) {
    const entry: unknown = value[p];
    const row: readonly unknown[] = Array.isArray(entry) ? entry : new Array<unknown>(ncon).fill(entry);
    if (row.length !== ncon) {
      throw fault(
        `\`targetWeights\` option should give each part one number, or one for each of the ${ncon} node weights.`,
      );
    }
    row.forEach((item, c) => {
      if (typeof item !== 'number' || !(item > 0) || item === Infinity) {
        throw fault('`targetWeights` option should contain positive finite numbers only.');
      }
      share[p * ncon + c] = item;
      sums[c] += item;
    });
  }
  for (const sum of sums) {
    if (sum < 0.99 || sum > 1.01) throw fault(`\`targetWeights\` option should sum to 1, not to ${sum}.`);
  }
  for (let i = 0; i < share.length; i++) share[i] /= sums[i % ncon];
  return share;
}

/**
 * Checks options and fills in the defaults.
 *
 * @param ncon number of weights a node has
 * @throws Error naming the option that is wrong
 */
export function resolveSettings(options: PartitionOptions, ncon: number): Settings {
  if (options === null || typeof options !== 'object') throw fault('the options should be an object with `parts`.');
  const parts = integerFrom('parts', options.parts, 1);
  const rng = options.rng ?? createRng(1);
  if (typeof rng !== 'function') throw fault('`rng` option should be a function giving numbers in [0, 1).');
  return {
    parts,
    method: oneOf('method', options.method ?? DEFAULTS.method, ['kway', 'recursive']),
    objective: oneOf('objective', options.objective ?? DEFAULTS.objective, ['cut', 'volume']),
    imbalance: imbalances(options.imbalance ?? DEFAULTS.imbalance, ncon),
    share: shares(options.targetWeights, parts, ncon),
    contiguous: flag('contiguous', options.contiguous ?? DEFAULTS.contiguous),
    minimizeConnectivity: flag('minimizeConnectivity', options.minimizeConnectivity ?? DEFAULTS.minimizeConnectivity),
    passes: integerFrom('passes', options.passes ?? DEFAULTS.passes, 0),
    runs: integerFrom('runs', options.runs ?? DEFAULTS.runs, 1),
    quality: oneOf('quality', options.quality ?? DEFAULTS.quality, ['fast', 'default', 'strong']),
    rng,
  };
}
