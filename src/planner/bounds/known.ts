import { equalEnds } from '../../partition/start.ts';
import { dataCommOf } from '../../step/dataComm.ts';
import { backwardSeconds, forwardSeconds, stageProfiles } from '../../step/stageProfile.ts';
import type { Room, UnitCosts } from './costs.ts';
import type { OrderFacts } from './orderFacts.ts';
import type { Setting } from './setting.ts';
import { knownCutsSeconds } from './stageTimes.ts';

/** Layers of every virtual stage where nothing is left to choose: equal ones, or a device that holds all of them. */
export function knownLayers({ job, shape, order }: Setting, units: number): Int32Array | undefined {
  const stages = shape.stages * shape.virtualStages;
  if (order === undefined) return undefined;
  if (stages === 1) return Int32Array.of(units - 2);
  if (job.parallelism.partitioner.kind !== 'uniform') return undefined;
  const ends = equalEnds(units, stages);
  return ends?.map((end, s) => (s === stages - 1 ? units - 1 : end) - (s === 0 ? 1 : ends[s - 1]!));
}

/** The least time of the passes of a step with these layers. */
export function knownPassSeconds(
  { order, transfers, blocking, schedule }: Setting & { readonly order: OrderFacts },
  costs: UnitCosts,
  layers: Int32Array,
): number {
  const { plain, again, embedding, head, recomputed } = costs;
  const count = layers.length;
  const forward = new Float64Array(count);
  const backward = new Float64Array(count);
  for (let s = 0; s < count; s++) {
    const twice = Math.min(recomputed, layers[s]!);
    const once = layers[s]! - twice;
    forward[s] = once * plain.forward + twice * again.forward;
    backward[s] = once * plain.backward + twice * again.backward;
  }
  forward[0]! += embedding.forward;
  backward[0]! += embedding.backward;
  forward[count - 1]! += head.forward;
  backward[count - 1]! += head.backward;
  return knownCutsSeconds(order, { forward, backward }, transfers, blocking, schedule.splitsBackward);
}

/** The same for one device with the whole model, with what sharded states and copies to the host add to its passes. */
export function wholeModelSeconds({ job, chain, profileOf, layout, shape }: Setting): number {
  const [stage] = stageProfiles(job, chain, profileOf, Int32Array.of(chain.length), dataCommOf(job, layout));
  return shape.microbatches * (forwardSeconds(stage!) + backwardSeconds(stage!));
}

/** Parameters of every device with these layers; a tensor that two of its units share counts once. */
export function knownParameters({ deviceOf, stages }: OrderFacts, costs: UnitCosts, layers: Int32Array): Float64Array {
  const held = new Float64Array(stages);
  layers.forEach((count, s) => {
    held[deviceOf[s]!]! += count * costs.parameters;
  });
  const last = deviceOf[layers.length - 1]!;
  const shared = deviceOf[0] === last ? costs.head.tiedParameters : 0;
  held[deviceOf[0]!]! += costs.embedding.parameters;
  held[last]! += costs.head.parameters - shared;
  return held;
}

/** Whether every device may have room for these layers. */
export function knownFits(
  { order, schedule }: Setting & { readonly order: OrderFacts },
  costs: UnitCosts,
  layers: Int32Array,
  parameters: Float64Array,
  { bytes, perParameter, stepPerParameter, slack }: Room,
  offloaded: number,
): boolean {
  const { deviceOf, held, stages } = order;
  const { plain, again, recomputed, embedding, head } = costs;
  const saved = new Float64Array(stages);
  for (let s = 0; s < layers.length; s++) {
    const twice = Math.min(recomputed, layers[s]!);
    let own = (1 - offloaded) * ((layers[s]! - twice) * plain.saved + twice * again.saved);
    if (s === 0) own += embedding.saved;
    if (s === layers.length - 1) own += head.saved;
    saved[deviceOf[s]!]! += held[s]! * own;
  }
  // A split backward pass may give its weights' half first, which needs nothing more.
  const transient = schedule.splitsBackward ? 0 : costs.transient;
  for (let device = 0; device < stages; device++) {
    const passes = (saved[device]! + transient) * slack;
    const steps = parameters[device]! * stepPerParameter;
    if (parameters[device]! * perParameter + Math.max(passes, steps) > bytes) return false;
  }
  return true;
}
