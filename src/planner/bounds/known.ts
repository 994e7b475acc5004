import { keep } from '../../keep.ts';
import { equalEnds } from '../../partition/start.ts';
import { dataCommOf } from '../../step/dataComm.ts';
import { backwardSeconds, forwardSeconds } from '../../step/stageProfile.ts';
import { stageBetween } from '../../step/stagesOfCuts.ts';
import { type Room, sumOfLayers, type UnitCosts } from './costs.ts';
import { type OrderFacts, stagesOn } from './orderFacts.ts';
import type { Setting } from './setting.ts';
import { knownCutsSeconds, type PassBound, type StageSeconds } from './stageTimes.ts';

/** Layers of every virtual stage where nothing is left to choose: equal ones, or a device that holds all of them. */
export function knownLayers({ job, shape, order }: Setting, units: number): Int32Array | undefined {
  const stages = shape.stages * shape.virtualStages;
  if (order === undefined) return undefined;
  if (stages === 1) return Int32Array.of(units - 2);
  if (job.parallelism.partitioner.kind !== 'uniform') return undefined;
  const ends = equalEnds(units, stages);
  return ends?.map((end, s) => (s === stages - 1 ? units - 1 : end) - (s === 0 ? 1 : ends[s - 1]!));
}

/** Seconds of one microbatch in virtual stages with these layers. */
export function knownStageSeconds(costs: UnitCosts, layers: Int32Array): StageSeconds {
  const { embedding, head } = costs;
  const count = layers.length;
  const forward = new Float64Array(count);
  const backward = new Float64Array(count);
  for (let s = 0; s < count; s++) {
    forward[s] = sumOfLayers(costs, layers[s]!, 'forward');
    backward[s] = sumOfLayers(costs, layers[s]!, 'backward');
  }
  forward[0]! += embedding.forward;
  backward[0]! += embedding.backward;
  forward[count - 1]! += head.forward;
  backward[count - 1]! += head.backward;
  return { forward, backward };
}

/** The least time of the passes of a step with these stages. */
export function knownPassBound(
  { order, transfers, blocking, schedule }: Setting & { readonly order: OrderFacts },
  stages: StageSeconds,
): PassBound {
  return knownCutsSeconds(order, stages, transfers, blocking, schedule.splitsBackward);
}

/** The same for one device with the whole model, with what sharded states and copies to the host add to its passes. */
export function wholeModelSeconds(setting: Setting): number {
  return setting.shape.microbatches * stagesSeconds(setting)([0, setting.chain.length]);
}

/** Seconds of both passes of a microbatch in a virtual stage, with what states and copies add to them. */
function stagesSeconds({ job, chain, profileOf, layout }: Setting): (items: readonly [number, number]) => number {
  const dataComm = dataCommOf(job, layout);
  return (items) => {
    const stage = stageBetween(job, chain, profileOf, items, dataComm);
    return forwardSeconds(stage) + backwardSeconds(stage);
  };
}

/** Parameters of every virtual stage with these layers; what the two ends share counts in both. */
export function knownParameters(costs: UnitCosts, layers: Int32Array): Float64Array {
  const held = new Float64Array(layers.length);
  for (let s = 0; s < layers.length; s++) held[s] = layers[s]! * costs.parameters;
  held[0]! += costs.embedding.parameters;
  held[held.length - 1]! += costs.head.parameters;
  return held;
}

/** The same of every device; a tensor that two of its stages share is there once. */
export function deviceParameters(
  { deviceOf, stages }: OrderFacts,
  costs: UnitCosts,
  ofStages: Float64Array,
): Float64Array {
  const held = new Float64Array(stages);
  ofStages.forEach((parameters, s) => {
    held[deviceOf[s]!]! += parameters;
  });
  const last = deviceOf[ofStages.length - 1]!;
  if (deviceOf[0] === last) held[last]! -= costs.head.tiedParameters;
  return held;
}

/** What devices keep for sure where their layers are known. */
export interface KnownMemory {
  readonly parameters: Float64Array;
  /** Bytes saved by their layers, which may go to the host, and by the two ends of the model, which do not. */
  readonly savedByLayers: Float64Array;
  readonly savedByEnds: Float64Array;
  readonly transient: number;
}

/** @param parameters of every device */
export function knownMemory(
  { order, schedule }: Setting & { readonly order: OrderFacts },
  costs: UnitCosts,
  layers: Int32Array,
  parameters: Float64Array,
): KnownMemory {
  const { deviceOf, held, stages } = order;
  const { embedding, head } = costs;
  const savedByLayers = new Float64Array(stages);
  const savedByEnds = new Float64Array(stages);
  for (let s = 0; s < layers.length; s++) {
    savedByLayers[deviceOf[s]!]! += held[s]! * sumOfLayers(costs, layers[s]!, 'saved');
  }
  const last = layers.length - 1;
  savedByEnds[deviceOf[0]!]! += held[0]! * embedding.saved;
  savedByEnds[deviceOf[last]!]! += held[last]! * head.saved;
  // A split backward pass may give its weights' half first, which needs nothing more.
  return { parameters, savedByLayers, savedByEnds, transient: schedule.splitsBackward ? 0 : costs.transient };
}

/** Whether every device may have room. */
export function fitsKnown(
  { parameters, savedByLayers, savedByEnds, transient }: KnownMemory,
  { bytes, perParameter, stepPerParameter, slack }: Room,
  offloaded: number,
): boolean {
  for (let device = 0; device < parameters.length; device++) {
    const saved = (1 - offloaded) * savedByLayers[device]! + savedByEnds[device]!;
    const needed = Math.max((saved + transient) * slack, parameters[device]! * stepPerParameter);
    if (parameters[device]! * perParameter + needed > bytes) return false;
  }
  return true;
}

/**
 * The least time of the passes with what copies to and from the host add to the stages of a device, the cuts being known.
 * @param layers of every virtual stage
 * @param seconds of every virtual stage without them: the busiest device is looked at
 */
export function copiedPassSeconds(setting: Setting, layers: Int32Array, { forward, backward }: StageSeconds): number {
  const order = setting.order!;
  const busy = stagesOn(order).map((own) => own.reduce((sum, s) => sum + forward[s]! + backward[s]!, 0));
  const busiest = busy.indexOf(Math.max(...busy));
  const secondsOf = stagesSeconds(setting);
  const last = layers.length - 1;
  // All layers between the ends are recomputed alike, or none is.
  const { recompute } = setting.job.parallelism;
  const areAlike = recompute.mode !== 'full' || recompute.every === undefined;
  const known = new Map<number, number>();
  let copied = 0;
  let from = 0;
  for (let s = 0; s <= last; s++) {
    const to = s === last ? setting.chain.length : (s === 0 ? 1 : from) + layers[s]!;
    if (order.deviceOf[s] === busiest) {
      const isInner = areAlike && s > 0 && s < last;
      const items = [from, to] as const;
      copied += isInner ? keep(known, layers[s]!, () => secondsOf(items)) : secondsOf(items);
    }
    from = to;
  }
  return order.microbatches * copied;
}

/**
 * The same where the cuts are open, one virtual stage a device: some device has its share of the layers at least, as the
 * first, the last or one between them.
 */
export function openCopiedPassSeconds(setting: Setting): number {
  const { job, chain, shape } = setting;
  const { recompute } = job.parallelism;
  const units = chain.length;
  const share = Math.ceil((units - 2) / shape.stages);
  // Which layers are recomputed must not depend on where the stage lies.
  if (shape.virtualStages > 1 || (recompute.mode === 'full' && recompute.every !== undefined)) return 0;
  const secondsOf = stagesSeconds(setting);
  const between = shape.stages > 2 ? secondsOf([1, 1 + share]) : Number.POSITIVE_INFINITY;
  return shape.microbatches * Math.min(between, secondsOf([0, 1 + share]), secondsOf([units - 1 - share, units]));
}
