import type { Accelerator } from '../src/hardware/accelerator.ts';
import { findAccelerator } from '../src/hardware/catalogue.ts';
import { type Efficiency, efficiencyOf } from '../src/hardware/efficiency.ts';
import type { Job } from '../src/job/index.ts';
import type { Stack } from '../src/stack/stack.ts';

/** The same job on other machines, or under other software. */
export type ChangeJob = (job: Job) => Job;

/** One constant of the model that a trial may turn. */
export interface Knob {
  readonly name: string;
  /** Its value in the catalogue; 1 where the knob is a factor of several. */
  readonly now: number;
  /** Jobs that it may change the time of. */
  readonly concerns: (job: Job) => boolean;
  /** Calls `run` while the constant has another value, with the change that every job must go through. */
  readonly turned: <T>(value: number, run: (change: ChangeJob) => T) => T;
}

type NumberField<T> = { [Field in keyof T]-?: T[Field] extends number ? Field : never }[keyof T];
type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

/**
 * A figure that kernels reach on some generations of processors, or several fields that are one figure. The catalogue's
 * own object is written to and put back: readonly is a promise that a type makes, and nothing else can ask for another
 * value.
 */
export function efficiencyKnob(
  name: string,
  processors: readonly string[],
  ...fields: NumberField<Efficiency>[]
): Knob {
  const efficiencies = new Set<Writable<Efficiency>>(
    processors.map((processor) => efficiencyOf(accelerator(processor))),
  );
  const [first] = efficiencies;
  return {
    name,
    now: first[fields[0]],
    concerns: ({ cluster }) => efficiencies.has(efficiencyOf(cluster.instance.accelerator)),
    turned(value, run) {
      const kept = [...efficiencies].map((efficiency) => [efficiency, { ...efficiency }] as const);
      for (const efficiency of efficiencies) for (const field of fields) efficiency[field] = value;
      try {
        return run(onNamesake());
      } finally {
        for (const [efficiency, old] of kept) for (const field of fields) efficiency[field] = old[field];
      }
    },
  };
}

/** A figure of the job's stack. */
export function stackKnob(
  name: string,
  now: number,
  concerns: (stack: Stack) => boolean,
  change: (stack: Stack, value: number) => Partial<Stack>,
): Knob {
  return {
    name,
    now,
    concerns: ({ stack }) => concerns(stack),
    turned: (value, run) => run((job) => ({ ...job, stack: { ...job.stack, ...change(job.stack, value) } })),
  };
}

/** A figure of the job's instance or accelerator, or one that scales such a figure. */
export function instanceKnob(
  name: string,
  now: number,
  concerns: (job: Job) => boolean,
  change: (instance: Job['cluster']['instance'], value: number) => Partial<Job['cluster']['instance']>,
): Knob {
  return {
    name,
    now,
    concerns,
    turned: (value, run) =>
      run((job) => {
        const { instance } = job.cluster;
        return { ...job, cluster: { ...job.cluster, instance: { ...instance, ...change(instance, value) } } };
      }),
  };
}

/** Several constants at once, each at a value of its own: off at 0 and on at 1. */
export function together(name: string, settings: readonly (readonly [Knob, number])[]): Knob {
  return {
    name,
    now: 0,
    concerns: (job) => settings.some(([knob]) => knob.concerns(job)),
    turned: (_, run) => {
      const turnRest = <T>(rest: typeof settings, change: ChangeJob, last: (change: ChangeJob) => T): T => {
        const [first, ...others] = rest;
        if (first === undefined) return last(change);
        const [knob, value] = first;
        return knob.turned(value, (own) =>
          turnRest(others, (job) => (knob.concerns(job) ? own(change(job)) : change(job)), last),
        );
      };
      return turnRest(settings, (job) => job, run);
    },
  };
}

/** Profiles are kept by the value of a job, so one that looks the same would get those of before: its instance gets a new name. */
function onNamesake(): ChangeJob {
  const namesakes = new Map<Job['cluster']['instance'], Job['cluster']['instance']>();
  const trial = ++trials;
  return (job) => {
    const { instance } = job.cluster;
    let namesake = namesakes.get(instance);
    if (namesake === undefined) {
      namesake = { ...instance, name: `${instance.name}, trial ${trial}` };
      namesakes.set(instance, namesake);
    }
    return { ...job, cluster: { ...job.cluster, instance: namesake } };
  };
}

let trials = 0;

function accelerator(name: string): Accelerator {
  const found = findAccelerator(name);
  if (found === undefined) throw new Error(`The catalogue has no accelerator ${name}.`);
  return found;
}
