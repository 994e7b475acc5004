import { mean } from 'simple-statistics';
import type { Job } from '../src/job/index.ts';
import { simulate } from '../src/simulate.ts';
import { type Interval, measuredSeconds, relativeError } from '../src/validate/index.ts';
import type { Knob } from './knobs.ts';
import type { MeasuredJob } from './measuredJobs.ts';

/** A run with how far foretrain is from it as it stands. */
interface Scored {
  readonly job: Job;
  readonly measured: Interval;
  readonly error: number;
}

/** The runs of one set. */
export interface TrialSet {
  readonly name: string;
  readonly runs: readonly Scored[];
}

/** Every set with its errors as the catalogue stands. */
export function scoredSets(rows: readonly MeasuredJob[]): readonly TrialSet[] {
  const sets = new Map<string, Scored[]>();
  for (const { row, job } of rows) {
    const measured = measuredSeconds(row)!;
    const scored = { job, measured, error: errorOf(job, measured) };
    const set = sets.get(row.set);
    if (set === undefined) sets.set(row.set, [scored]);
    else set.push(scored);
  }
  return [...sets].map(([name, runs]) => ({ name, runs }));
}

function errorOf(job: Job, measured: Interval): number {
  return Math.abs(relativeError(simulate(job, { evidence: false }).stepTimeSeconds, measured));
}

/** Mean error of a set as the catalogue stands. */
export function errorAsItIs({ runs }: TrialSet): number {
  return mean(runs.map((run) => run.error));
}

/** Runs of a set that a constant may change the time of. */
export function runsConcerned(set: TrialSet, knob: Knob): number {
  return set.runs.filter(({ job }) => knob.concerns(job)).length;
}

/** Mean error of a set with a constant at another value; runs that it does not concern keep theirs. */
export function errorWith(set: TrialSet, knob: Knob, value: number): number {
  return knob.turned(value, (change) =>
    mean(set.runs.map((run) => (knob.concerns(run.job) ? errorOf(change(run.job), run.measured) : run.error))),
  );
}

/** At most so many runs of a set that a constant concerns, spread evenly over it: enough to fit one number to. */
export function sampleConcerned(set: TrialSet, knob: Knob, most: number): TrialSet {
  const concerned = set.runs.filter(({ job }) => knob.concerns(job));
  const every = Math.max(1, concerned.length / most);
  const kept = Array.from(
    { length: Math.min(most, concerned.length) },
    (_, index) => concerned[Math.floor(index * every)],
  );
  return { name: set.name, runs: kept };
}

const goldenRatio = (Math.sqrt(5) - 1) / 2;

/**
 * The place of the least value of a function with one valley.
 * @param tolerance width of the bracket at which the search ends
 * @source Kiefer 1953, golden-section search
 */
export function goldenSection(f: (x: number) => number, low: number, high: number, tolerance: number): number {
  let [a, b] = [low, high];
  let left = b - goldenRatio * (b - a);
  let right = a + goldenRatio * (b - a);
  let [atLeft, atRight] = [f(left), f(right)];
  while (b - a > tolerance) {
    if (atLeft <= atRight) {
      [b, right, atRight] = [right, left, atLeft];
      left = b - goldenRatio * (b - a);
      atLeft = f(left);
    } else {
      [a, left, atLeft] = [left, right, atRight];
      right = a + goldenRatio * (b - a);
      atRight = f(right);
    }
  }
  return (a + b) / 2;
}
