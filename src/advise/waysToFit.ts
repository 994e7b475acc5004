import { ForetrainError } from '../errors.ts';
import type { Job } from '../job/job.ts';
import { simulate } from '../simulate.ts';
import { type Change, changes } from './changes.ts';

/** A change that would make a job fit, simulated. */
export interface WayToFit {
  /** The fields that change, with their values: `recompute full and microBatchSize 1`. */
  readonly change: string;
  readonly job: Job;
  readonly stepTimeSeconds: number;
  /** What the driver would show on the fullest device. */
  readonly peakBytes: number;
}

/** How many ways are told. */
const most = 3;

/**
 * The cheapest changes that would make a job fit, the fastest step first: single ones, and where fewer than three of
 * them are enough, two together. Each is simulated.
 */
export function waysToFit(job: Job): readonly WayToFit[] {
  const single = changesOf(job);
  const found = single.flatMap(simulated);
  if (found.length < most) {
    const alone = new Set(found.map(({ change }) => change));
    const first = single.filter(({ words }) => !alone.has(words));
    const pairs = first.flatMap((one) =>
      changesOf(one.job)
        .filter(({ words }) => !alone.has(words) && single.some((other) => other.words === words && other !== one))
        .map((two): Change => ({ words: [one.words, two.words].sort().join(' and '), job: two.job })),
    );
    const different = new Map(pairs.map((pair) => [pair.words, pair]));
    found.push(...[...different.values()].flatMap(simulated));
  }
  return found.sort((a, b) => a.stepTimeSeconds - b.stepTimeSeconds).slice(0, most);
}

function changesOf(job: Job): readonly Change[] {
  return changes.flatMap((change) => change(job) ?? []);
}

/** The change with its figures where the job then fits; nothing where it does not, or cannot run. */
function simulated({ words, job }: Change): WayToFit[] {
  try {
    const { fits, stepTimeSeconds, memory } = simulate(job, { evidence: false });
    return fits ? [{ change: words, job, stepTimeSeconds, peakBytes: memory.peakBytes }] : [];
  } catch (error) {
    if (error instanceof ForetrainError) return [];
    throw error;
  }
}
