import { sumOfLayers, type UnitCosts } from './costs.ts';
import type { StateFacts } from './familyFacts.ts';
import type { Setting } from './setting.ts';
import { type AfterReduction, reducedSeconds } from './tail.ts';

/**
 * The least time of a step without host time where layers may be dealt out anyhow, one virtual stage a device, and
 * backward passes are whole: the last pass of all is one of the first device, which then averages the gradients of the
 * embedding and of as many layers as it has. The fewer it has, the more some other device has to run.
 * @param passSeconds that no cuts come below
 * @param share parameters that some device has at least
 */
export function firstDeviceSeconds(
  { endOf, steppedOf }: Pick<StateFacts, 'endOf' | 'steppedOf'>,
  { job, shape }: Setting,
  costs: UnitCosts,
  passSeconds: number,
  share: number,
  { tied, norm }: AfterReduction,
): number {
  const { layers } = job.model;
  const { parameters, embedding } = costs;
  const { stages, microbatches } = shape;
  const shareSteps = steppedOf(share);
  const forwardOf = (count: number) => sumOfLayers(costs, count, 'forward');
  const backwardOf = (count: number) => sumOfLayers(costs, count, 'backward');
  let least = Number.POSITIVE_INFINITY;
  for (let own = 0; own <= layers; own++) {
    const backward = embedding.backward + backwardOf(own);
    const busy = microbatches * (embedding.forward + forwardOf(own) + backward);
    const others = Math.ceil((layers - own) / (stages - 1));
    const end = Math.max(passSeconds, busy, microbatches * (forwardOf(others) + backwardOf(others)));
    const held = embedding.parameters + own * parameters;
    const reduced = reducedSeconds(endOf, { start: Math.min(end, busy - backward), end }, held);
    least = Math.min(least, reduced + Math.max(shareSteps, steppedOf(held)));
  }
  return least + tied + norm;
}
