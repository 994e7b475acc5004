import { mean } from 'simple-statistics';
import type { Job } from '../src/job/index.ts';
import { simulate } from '../src/simulate.ts';
import { type Interval, measuredSeconds, relativeError } from '../src/validate/index.ts';
import type { Knob } from './knobs.ts';
import type { MeasuredJob } from './measuredJobs.ts';

/** A run with how far foretrain is from it as it stands. */
export interface Scored {
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
