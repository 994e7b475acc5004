import { quantileSorted } from 'simple-statistics';
import type { EvidenceRow, RunFeatures } from './features.ts';

/** What measured step times are of predicted ones, for nine runs in ten of a kind. */
export interface RatioInterval {
  readonly low: number;
  readonly high: number;
  /** Runs that say so. */
  readonly rows: number;
  /** What they have in common with the run, in words. */
  readonly kind: string;
}

/** One run in ten may lie outside. */
const oneInTen = 0.1;

/**
 * Runs of other software say less: of a set forecast from those of other stacks more than one in ten lies outside the
 * nine tenths of theirs, as leaving out one set at a time shows.
 */
const ofOtherSoftware = 0.04;

/** Of fewer runs the tenth part that lies outside is less than two runs. */
const fewestRows = 20;

/** One set of measurements counts this often at most: the largest must not speak for all. */
const mostRowsOfSet = 40;

/** Kinds of runs, from the narrowest to all there are. */
interface Kind {
  readonly words: string;
  readonly key: (run: RunFeatures) => string;
  /** Share of its runs that may lie outside. */
  readonly outside: number;
}

const split = ({ tensor, pipeline, context, zeroStage }: RunFeatures): string =>
  `${tensor > 1} ${pipeline > 1} ${context > 1} ${zeroStage > 1}`;

const kinds: readonly Kind[] = [
  {
    words: 'accelerator family, stack and kinds of parallelism',
    key: (run) => `${run.generation} ${run.stack} ${split(run)}`,
    outside: oneInTen,
  },
  { words: 'accelerator family and stack', key: (run) => `${run.generation} ${run.stack}`, outside: oneInTen },
  { words: 'accelerator family', key: (run) => run.generation, outside: ofOtherSoftware },
  { words: 'maker of the accelerator', key: (run) => run.vendor, outside: ofOtherSoftware },
  { words: 'nothing in particular', key: () => '', outside: ofOtherSoftware },
];

/** Ratios by kind and key, sorted. */
export type RatioTable = readonly ReadonlyMap<string, readonly number[]>[];

/** Sorts the ratios of rows by every kind. */
export function ratioTable(rows: readonly EvidenceRow[]): RatioTable {
  return kinds.map(({ key }) => {
    const groups = groupBy(rows, ({ features }) => key(features));
    return new Map([...groups].map(([name, group]) => [name, ratiosOf(balanced(group))]));
  });
}

function groupBy(rows: readonly EvidenceRow[], key: (row: EvidenceRow) => string): ReadonlyMap<string, EvidenceRow[]> {
  const groups = new Map<string, EvidenceRow[]>();
  for (const row of rows) {
    const name = key(row);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return groups;
}

function ratiosOf(rows: readonly EvidenceRow[]): readonly number[] {
  return rows.map(({ measuredSeconds, predictedSeconds }) => measuredSeconds / predictedSeconds).sort((a, b) => a - b);
}

/** An even choice of the rows of every set that has many. */
function balanced(rows: readonly EvidenceRow[]): readonly EvidenceRow[] {
  return [...groupBy(rows, ({ set }) => set).values()].flatMap((group) => {
    const every = Math.max(1, group.length / mostRowsOfSet);
    return group.filter((_, index) => Math.floor(index / every) !== Math.floor((index - 1) / every));
  });
}

/**
 * The prediction interval of the narrowest kind that has runs enough; undefined where there are too few runs of any kind.
 * @param without a ratio of the table that is left out: that of the run itself, where its own error must not count
 * @source Vovk, Gammerman, Shafer: Algorithmic Learning in a Random World (conformal prediction): ranks of n + 1
 */
export function ratioInterval(table: RatioTable, run: RunFeatures, without?: number): RatioInterval | undefined {
  for (const [index, { key, words, outside: share }] of kinds.entries()) {
    const all = table[index]!.get(key(run)) ?? [];
    const at = without === undefined ? -1 : all.indexOf(without);
    const ratios = at < 0 ? all : all.filter((_, position) => position !== at);
    if (ratios.length < fewestRows) continue;
    // The k-th from either end, so that the next run of the kind lies between them nine times in ten or more.
    const outside = Math.max(1, Math.floor(((ratios.length + 1) * share) / 2));
    const low = quantileSorted(ratios, (outside - 0.5) / ratios.length);
    const high = quantileSorted(ratios, 1 - (outside - 0.5) / ratios.length);
    return { low: Math.min(1, low), high: Math.max(1, high), rows: ratios.length, kind: words };
  }
  return undefined;
}
