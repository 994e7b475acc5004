import { backwardSeconds, forwardSeconds } from '../../step/stageProfile.ts';
import { leastParameters, type Room, sumOfLayers, type UnitCosts } from './costs.ts';
import type { OrderFacts } from './orderFacts.ts';
import type { Setting } from './setting.ts';

/** Bounds over every way to deal the layers of a model out to the devices of a pipeline, one virtual stage each. */
export interface OpenPipeline {
  /** The least time of the passes where a device holds at most so many layers; infinite where they are too few. */
  passSeconds(mostLayers: Int32Array): number;
  /** The most layers that each device has room for. */
  mostLayers(room: Room, offloaded: number): Int32Array;
}

/** The seconds of all units of the model, one microbatch. */
export function wholeSeconds({ plain, again, embedding, head }: UnitCosts, layers: number): number {
  const layer = Math.min(plain.forward + plain.backward, again.forward + again.backward);
  return layers * layer + embedding.forward + embedding.backward + head.forward + head.backward;
}

/** Whether the states of all parameters fit into all devices of a pipeline together. */
export function statesFit(costs: UnitCosts, layers: number, stages: number, { bytes, perParameter }: Room): boolean {
  return perParameter * leastParameters(costs, layers) <= bytes * stages;
}

/**
 * Layers are dealt out one by one to the device whose step is shortest with one more, as far as its room goes: no other
 * way has a shorter longest step. A device's step is as long as its own work, and as long as the way of the first
 * microbatch to the end of the model and of a backward pass back, with all that the device still has to run from its
 * first backward pass on.
 */
export function openPipeline(setting: Setting & { readonly order: OrderFacts }, costs: UnitCosts): OpenPipeline {
  const { job, order, transfers, blocking, schedule } = setting;
  const { layers } = job.model;
  const { stages, microbatches, forwardsFirst, leastForwardsFirst: before, held } = order;
  const { plain, again, embedding, head, recomputed } = costs;
  const turn = wholeSeconds(costs, layers) + transfers.reduce((sum, seconds) => sum + 2 * seconds, 0);
  const ofEnds = (device: number, part: 'forward' | 'backward' | 'saved' | 'parameters') =>
    (device === 0 ? embedding[part] : 0) + (device === stages - 1 ? head[part] : 0);

  // Seconds of a device with n layers, t of them recomputed: constant + n · plain + t · (again − plain), twice over.
  const alone = new Float64Array(stages);
  const turned = new Float64Array(stages);
  const forwards = new Float64Array(stages);
  for (let device = 0; device < stages; device++) {
    const first = forwardsFirst[device]!;
    const out = transfers[device] ?? 0;
    const down = device > 0 ? transfers[device - 1]! : 0;
    const waits = blocking ? (microbatches - first) * out + microbatches * down - Math.max(out, down) : 0;
    forwards[device] = microbatches + before - 1 - first;
    const forward = ofEnds(device, 'forward');
    const backward = ofEnds(device, 'backward');
    alone[device] = microbatches * (forward + backward);
    turned[device] = turn + waits + forwards[device]! * forward + (microbatches - 1) * backward;
  }
  const seconds = (device: number, count: number): number => {
    const forward = sumOfLayers(costs, count, 'forward');
    const backward = sumOfLayers(costs, count, 'backward');
    const own = alone[device]! + microbatches * (forward + backward);
    if (schedule.splitsBackward) return own;
    return Math.max(own, turned[device]! + forwards[device]! * forward + (microbatches - 1) * backward);
  };

  const filled = schedule.splitsBackward ? 0 : filledSeconds(wholeSeconds(costs, layers), stages, microbatches);
  const next = new Float64Array(stages);
  const counts = new Int32Array(stages);
  return {
    passSeconds(mostLayers) {
      let bound = filled;
      for (let device = 0; device < stages; device++) {
        counts[device] = 0;
        bound = Math.max(bound, seconds(device, 0));
        next[device] = mostLayers[device]! > 0 ? seconds(device, 1) : Number.POSITIVE_INFINITY;
      }
      for (let layer = 0; layer < layers; layer++) {
        let best = 0;
        for (let device = 1; device < stages; device++) if (next[device]! < next[best]!) best = device;
        const longest = next[best]!;
        if (longest === Number.POSITIVE_INFINITY) return longest;
        if (longest > bound) bound = longest;
        counts[best]! += 1;
        const count = counts[best]! + 1;
        next[best] = count <= mostLayers[best]! ? seconds(best, count) : Number.POSITIVE_INFINITY;
      }
      return bound;
    },
    mostLayers({ bytes, perParameter, stepPerParameter, slack }, offloaded) {
      const transient = schedule.splitsBackward ? 0 : costs.transient;
      return Int32Array.from({ length: stages }, (_, device) => {
        const states = ofEnds(device, 'parameters') * perParameter;
        const passes = (held[device]! * ofEnds(device, 'saved') + transient) * slack;
        const left = bytes - states - passes;
        if (bytes - states < ofEnds(device, 'parameters') * stepPerParameter) return 0;
        const kept = (1 - offloaded) * held[device]! * slack;
        const twice = costs.parameters * perParameter + kept * again.saved;
        const once = costs.parameters * perParameter + kept * plain.saved;
        const most = left < recomputed * twice ? left / twice : recomputed + (left - recomputed * twice) / once;
        return Math.max(0, Math.min(layers, Math.floor(most + roundingLayers)));
      });
    },
  };
}

/**
 * The least time of the passes whatever the cuts: a device waits until those before it have run the first microbatch
 * and they run the last one after it. What the devices before a device leave of the step is a share of 1 − 1/m of what
 * those before the last of them left, as none has more than an m-th of what was left to it.
 */
function filledSeconds(whole: number, stages: number, microbatches: number): number {
  return whole / (1 - (1 - 1 / microbatches) ** stages);
}

/**
 * The least time of the passes where the operators of a graph may be dealt out anyhow, one virtual stage a device: the
 * busiest device has no less than the mean, and no less than the largest operator.
 */
export function graphSeconds({ order, schedule, chain, profileOf }: Setting & { readonly order: OrderFacts }): number {
  const { stages, microbatches, forwardsFirst, leastForwardsFirst: before } = order;
  const costs = chain.graph.units.map((unit) => profileOf(unit, 'none').cost);
  const sum = (of: (cost: (typeof costs)[number]) => number) => costs.reduce((total, cost) => total + of(cost), 0);
  const [forward, backward] = [sum(forwardSeconds), sum(backwardSeconds)];
  const forwards = Math.max(0, microbatches + before - 1 - Math.max(...forwardsFirst));
  const filled = filledSeconds(forward + backward, stages, microbatches);
  const busy = (f: number, b: number) => {
    const own = microbatches * (f + b);
    return schedule.splitsBackward
      ? own
      : Math.max(own, filled, forward + backward + forwards * f + (microbatches - 1) * b);
  };
  const largest = costs.map((cost) => busy(forwardSeconds(cost), backwardSeconds(cost)));
  return Math.max(busy(forward / stages, backward / stages), ...largest);
}

/** A layer that is over by rounding alone fits. */
const roundingLayers = 1e-6;
