import { mean, median, sampleRankCorrelation } from 'simple-statistics';
import { fitConstant } from './constant.ts';
import { type AllocatorConstant, type FitsGroup, fitsDetail } from './fitsGroups.ts';
import type { MeasuredRow } from './row.ts';
import { counts, type Evaluate, type RowScore, scoreRow, type TimeScore } from './scoreRow.ts';

/** The scores of one set, as fractions; a score without rows to stand on is left out. */
export interface SetScore {
  readonly set: string;
  readonly rows: number;
  /** Rows whose time enters `mape`, answered or refused. */
  readonly scored: number;
  /** Rows whose time enters `answeredMape`. */
  readonly answered: number;
  /** Rows refused, whether they are scored as 100% off or, for their experts, only counted. */
  readonly notModelled: number;
  /** Rows that are shown and not scored because their figure is not to be trusted. */
  readonly doubtful: number;
  /** Mean of |predicted − measured| ÷ measured; a refused row is 100% off. */
  readonly mape?: number;
  /** The same over the rows that foretrain answered. */
  readonly answeredMape?: number;
  readonly median?: number;
  readonly worst?: number;
  readonly worstId?: string;
  /** Signed mean over the rows answered: a refusal has no sign. */
  readonly bias?: number;
  /** Mean error of the one MFU that fits the answered rows best; a refused row has no FLOPs to fit. */
  readonly constantMape?: number;
  readonly constantMfu?: number;
  /** Share of rows whose `fits` is right; a refusal is wrong. */
  readonly fitsAccuracy?: number;
  /** Of the answered rows that ran out of memory, the share called safe. */
  readonly outOfMemoryCalledSafe?: number;
  /** Of the answered rows that ran, the share called too big. */
  readonly ranCalledTooBig?: number;
  /** The same by attention kernel and tensor degree, and the constant behind it, for sets with rows out of memory. */
  readonly fitsBy?: readonly FitsGroup[];
  readonly allocator?: AllocatorConstant;
  readonly memoryMape?: number;
  /** Mean of the rank correlations of the experiments. */
  readonly spearman?: number;
  readonly experiments: readonly ExperimentScore[];
}

/** How well one experiment's rows are put in order: choosing the best layout is what users do. */
export interface ExperimentScore {
  readonly source: string;
  readonly rows: number;
  readonly spearman: number;
}

/** A set's scores and those of its rows, in the order they came. */
export interface ScoredSet {
  readonly score: SetScore;
  readonly rows: readonly RowScore[];
}

/** Fewer rows than this are in order by chance too often. */
const LEAST_ROWS_TO_RANK = 3;

/**
 * Scores the rows of one set against what `evaluate` says of their jobs.
 *
 * @throws whatever `evaluate` throws that is not a refusal
 */
export function scoreSet(rows: readonly MeasuredRow[], evaluate: Evaluate): ScoredSet {
  const scores = rows.map((row) => scoreRow(row, evaluate));
  const counted = scores.filter(counts);
  const experiments = scoreExperiments(counted);
  return {
    rows: scores,
    score: {
      set: rows[0]?.set ?? '',
      rows: rows.length,
      ...tally(scores),
      ...timeScores(counted),
      ...constantScores(counted),
      ...fitsScores(counted),
      ...fitsDetail(rows, scores),
      ...memoryScores(counted),
      ...meanScore(
        'spearman',
        experiments.map((experiment) => experiment.spearman),
      ),
      experiments,
    },
  };
}

type Timed = RowScore & { readonly time: TimeScore };
const isTimed = (row: RowScore): row is Timed => row.time !== undefined;
const isAnswered = (row: RowScore): boolean => row.refusal === undefined;

function tally(scores: readonly RowScore[]) {
  const timed = scores.filter(counts).filter(isTimed);
  return {
    scored: timed.length,
    answered: timed.filter(isAnswered).length,
    notModelled: scores.filter((row) => row.refusal !== undefined).length,
    doubtful: scores.filter((row) => row.doubtful !== undefined).length,
  };
}

function timeScores(counted: readonly RowScore[]) {
  const timed = counted.filter(isTimed);
  const answered = timed.filter(isAnswered);
  if (timed.length === 0) return {};
  const sizes = timed.map((row) => Math.abs(row.time.error));
  const worst = timed.reduce((a, b) => (Math.abs(b.time.error) > Math.abs(a.time.error) ? b : a));
  return {
    mape: mean(sizes),
    ...meanScore(
      'answeredMape',
      answered.map((row) => Math.abs(row.time.error)),
    ),
    median: median(sizes),
    worst: Math.abs(worst.time.error),
    worstId: worst.id,
    ...meanScore(
      'bias',
      answered.map((row) => row.time.error),
    ),
  };
}

function constantScores(counted: readonly RowScore[]) {
  const samples = counted
    .filter(isTimed)
    .flatMap(({ time: { idealSeconds, measured } }) =>
      idealSeconds === undefined ? [] : [{ idealSeconds, measured }],
    );
  const constant = fitConstant(samples);
  return constant === undefined ? {} : { constantMape: constant.mape, constantMfu: constant.mfu };
}

function fitsScores(counted: readonly RowScore[]) {
  const calls = counted.flatMap((row) => (row.fits === undefined ? [] : [row.fits]));
  const answered = calls.filter((call) => call.predicted !== undefined);
  const outOfMemory = answered.filter((call) => !call.measured);
  const ran = answered.filter((call) => call.measured);
  return {
    ...meanScore(
      'fitsAccuracy',
      calls.map((call) => Number(call.predicted === call.measured)),
    ),
    ...meanScore(
      'outOfMemoryCalledSafe',
      outOfMemory.map((call) => Number(call.predicted === true)),
    ),
    ...meanScore(
      'ranCalledTooBig',
      ran.map((call) => Number(call.predicted === false)),
    ),
  };
}

function memoryScores(counted: readonly RowScore[]) {
  const errors = counted.flatMap((row) => (row.memory === undefined ? [] : [Math.abs(row.memory.error)]));
  return meanScore('memoryMape', errors);
}

function scoreExperiments(counted: readonly RowScore[]): ExperimentScore[] {
  const timed = counted.filter(isTimed).filter(isAnswered);
  const sources = new Set(timed.map((row) => row.source));
  return [...sources].flatMap((source) => {
    const rows = timed.filter((row) => row.source === source);
    if (rows.length < LEAST_ROWS_TO_RANK) return [];
    const spearman = sampleRankCorrelation(
      rows.map((row) => row.time.predictedSeconds ?? 0),
      rows.map((row) => row.time.measured.middle),
    );
    // Where all times are equal there is no order to find.
    if (Number.isNaN(spearman)) return [];
    // A perfect order may come out a rounding error beyond 1.
    return [{ source, rows: rows.length, spearman: Math.max(-1, Math.min(1, spearman)) }];
  });
}

/** `{ [name]: mean }`, or nothing where there is nothing to average. */
function meanScore<Name extends string>(name: Name, values: readonly number[]): { readonly [key in Name]?: number } {
  return values.length === 0 ? {} : ({ [name]: mean([...values]) } as { readonly [key in Name]?: number });
}
