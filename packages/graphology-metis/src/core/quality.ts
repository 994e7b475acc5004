import type { BisectEffort } from './bisect.ts';
import type { FmEffort } from './kway-fm.ts';

/** Named amounts of work. */
export type Quality = 'fast' | 'default' | 'strong';

/** What a quality means for the k-way method. */
export interface Effort {
  readonly bisect: BisectEffort;
  /** Partitions tried on the coarsest graph. */
  readonly initialTries: number;
  /** Coarsening ends at `perPart * k` vertices, never below `least`. */
  readonly perPart: number;
  readonly least: number;
  /** Search on graphs of at most `small` vertices, and on larger ones. */
  readonly coarseFm: FmEffort;
  readonly fineFm: FmEffort;
  readonly small: number;
  /** Partitions made of the first graph with at most `small` vertices; the best goes on. */
  readonly population: number;
  /** Children bred from that population. */
  readonly children: number;
  /** V-cycles over the whole graph at the end. */
  readonly cycles: number;
  /** How far flow regions go, in multiples of the room between wish and limit; 0 for no flows. */
  readonly flowReach: number;
}

export const EFFORTS: { readonly [quality in Quality]: Effort } = {
  fast: {
    bisect: { tries: 5, passes: 3 },
    initialTries: 1,
    perPart: 20,
    least: 60,
    coarseFm: { global: 0, rounds: 1, seeds: 10, patience: 15 },
    fineFm: { global: 0, rounds: 1, seeds: 25, patience: 10 },
    small: 2500,
    population: 1,
    children: 0,
    cycles: 0,
    flowReach: 0,
  },
  default: {
    bisect: { tries: 8, passes: 6 },
    initialTries: 1,
    perPart: 20,
    least: 60,
    coarseFm: { global: 1, rounds: 3, seeds: 10, patience: 20 },
    fineFm: { global: 1, rounds: 3, seeds: 10, patience: 20 },
    small: 4000,
    population: 2,
    children: 0,
    cycles: 0,
    flowReach: 0,
  },
  strong: {
    bisect: { tries: 10, passes: 6 },
    initialTries: 2,
    perPart: 20,
    least: 60,
    coarseFm: { global: 1, rounds: 3, seeds: 3, patience: 20 },
    fineFm: { global: 1, rounds: 3, seeds: 3, patience: 20 },
    small: 12000,
    population: 4,
    children: 4,
    cycles: 2,
    flowReach: 8,
  },
};
