import type { Job } from '../job/job.ts';
import type { PlacementLetters } from '../partition/index.ts';
import { formatSeconds } from '../units.ts';
import type { PlacementCost } from './placementOrders.ts';
import type { SimulatedStep } from './simulatedStep.ts';

/** A simulated step, as far as the choice looks at it. */
type Simulated = Pick<SimulatedStep, 'memory' | 'step'>;

/** Orders of the ranks that are simulated; the others send more over slow links. */
const mostTried = 3;

/**
 * The job with the order of ranks decided: the fastest of the three that send least over slow links, those that fit
 * before those that do not. A note says which one it is and what the others would take.
 * @param ranked the orders, the one with the least traffic first
 * @param simulate runs a step of a job whose placement is decided
 */
export function fastestPlacement(job: Job, ranked: readonly PlacementCost[], simulate: (job: Job) => Simulated): Job {
  const orders = ranked.slice(0, mostTried);
  if (orders.length === 1) {
    const { placement } = orders[0]!;
    return placed(job, placement, `Placement auto: ${placement}; every order puts the ranks in the same places.`);
  }
  const tried = orders.map(({ placement }) => {
    const { memory, step } = simulate(placed(job, placement));
    return { placement, fits: memory.fits, stepTimeSeconds: step.stepTimeSeconds };
  });
  const [best, ...others] = tried.sort(
    (a, b) => Number(b.fits) - Number(a.fits) || a.stepTimeSeconds - b.stepTimeSeconds,
  );
  const told = others.map((one) => `${one.placement} ${formatSeconds(one.stepTimeSeconds)}`).join(', ');
  const { placement, stepTimeSeconds } = best!;
  return placed(job, placement, `Placement auto: ${placement} (${formatSeconds(stepTimeSeconds)} a step; ${told}).`);
}

function placed(job: Job, placement: PlacementLetters, note?: string): Job {
  const notes = note === undefined ? job.notes : [...(job.notes ?? []), note];
  const parallelism = { ...job.parallelism, placement };
  return { ...job, parallelism, ...(notes === undefined ? {} : { notes }) };
}
