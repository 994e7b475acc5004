import { mean } from 'simple-statistics';
import { simulate } from '../src/simulate.ts';
import { gaussNewton } from '../src/validate/gaussNewton.ts';
import { type Knob, together } from './knobs.ts';
import { errorWith, runsConcerned, type TrialSet } from './trial.ts';

/** A constant, and what it would be had no run been seen. */
export interface Prior {
  readonly knob: Knob;
  readonly value: number;
  /** How far it is expected to be from that, as the logarithm of a factor. */
  readonly spread: number;
}

/** How well a set is met with constants that were fitted with it and without it. */
export interface LeftOut {
  readonly set: TrialSet;
  /** Mean error with every constant as the catalogue has it. */
  readonly asItIs: number;
  /** With all constants fitted again to every set. */
  readonly seen: number;
  /** With all constants fitted again to the other sets. */
  readonly unseen: number;
  /** The same, but with those that no other set knows as they are fitted with it. */
  readonly unseenElsewhere: number;
}

/** A value for each of the priors. */
export type Constants = readonly number[];

/** How far a good forecast is expected to be from a run, and how many runs each set counts for, whatever its size. */
const runSpread = 0.05;
const runsASet = 30;
/** By how much a constant is turned to see what it does. */
const turn = 1.05;

/** A run on a logarithmic scale: how far off it is, and what turning each constant does. */
interface LinearRun {
  readonly off: number;
  readonly slopes: readonly number[];
}

/**
 * Fits all constants together to every set and to all but each in turn, on the logarithms of constants and times: near
 * enough to the catalogue's values these are linear in one another. Sets weigh the same, whatever their size.
 */
export function leaveOut(
  sets: readonly TrialSet[],
  priors: readonly Prior[],
): { all: Constants; left: readonly LeftOut[] } {
  const linear = new Map(sets.map((set) => [set, linearRuns(set, priors)]));
  const fitted = (of: readonly TrialSet[]): Constants => {
    const runs = of.flatMap((set) =>
      linear.get(set)!.map((run) => ({ ...run, spread: runSpread * Math.sqrt(set.runs.length / runsASet) })),
    );
    const start = priors.map(({ knob, value }) => Math.log(value / knob.now));
    const moved = gaussNewton(
      (shift) =>
        runs.map(({ off, slopes, spread }) => ({
          value: slopes.reduce((sum, slope, index) => sum + slope * (start[index] + shift[index]), off),
          spread,
        })),
      priors.map(({ spread }) => spread),
    );
    return priors.map(({ value }, index) => value * Math.exp(moved[index]));
  };
  const errorOf = (set: TrialSet, values: Constants) =>
    errorWith(
      set,
      together(
        'fitted',
        priors.map(({ knob }, index) => [knob, values[index]]),
      ),
      1,
    );
  const all = fitted(sets);
  const left = sets.map((set) => {
    const others = sets.filter((other) => other !== set);
    const without = fitted(others);
    const known = priors.map(({ knob }) => others.some((other) => runsConcerned(other, knob) > 0));
    return {
      set,
      asItIs: mean(set.runs.map(({ error }) => error)),
      seen: errorOf(set, all),
      unseen: errorOf(set, without),
      unseenElsewhere: errorOf(
        set,
        without.map((value, index) => (known[index] ? value : all[index])),
      ),
    };
  });
  return { all, left };
}

function linearRuns(set: TrialSet, priors: readonly Prior[]): readonly LinearRun[] {
  const logarithms = (knob?: Knob): readonly number[] => {
    const times = (change: Parameters<Parameters<Knob['turned']>[1]>[0]) =>
      set.runs.map(({ job }) =>
        knob?.concerns(job) === false
          ? Number.NaN
          : Math.log(simulate(change(job), { evidence: false }).stepTimeSeconds),
      );
    return knob === undefined ? times((job) => job) : knob.turned(knob.now * turn, times);
  };
  const now = logarithms();
  const turned = priors.map(({ knob }) => logarithms(knob));
  return set.runs.map(({ measured: { low, high } }, run) => {
    const time = now[run];
    const nearest = Math.min(Math.max(time, Math.log(low)), Math.log(high));
    const slopes = turned.map((times) => (Number.isNaN(times[run]) ? 0 : (times[run] - time) / Math.log(turn)));
    return { off: time - nearest, slopes };
  });
}
