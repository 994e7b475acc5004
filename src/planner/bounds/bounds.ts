import type { Job } from '../../job/job.ts';
import { keep } from '../../keep.ts';
import { placementLetters, rankLayout } from '../../partition/placement.ts';
import type { Cell } from '../request/cell.ts';
import { type Candidate, jobOf, recomputeOf } from '../space/candidate.ts';
import { leastParameters, roomOf, type UnitCosts, unitCosts } from './costs.ts';
import {
  copiedPassSeconds,
  deviceParameters,
  knownFits,
  knownLayers,
  knownParameters,
  knownPassBound,
  knownStageSeconds,
  wholeModelSeconds,
} from './known.ts';
import { graphSeconds, type OpenPipeline, openPipeline, statesFit, wholeSeconds } from './open.ts';
import type { OrderFacts } from './orderFacts.ts';
import { type Setting, settingOf, withJob } from './setting.ts';
import type { PassBound } from './stageTimes.ts';
import {
  boundedStepSeconds,
  type DevicePasses,
  type KnownStages,
  learnedStepSeconds,
  openTailSeconds,
} from './tail.ts';

/** What no simulation of a candidate comes out below. */
export interface Bound {
  readonly stepTimeSeconds: number;
  /** False where it cannot fit, whatever its cuts. */
  readonly mayFit: boolean;
}

/** Rounding in sums that a simulation adds up in another order. */
const rounding = 1 - 1e-9;

/** A bound and what it may share with those of its neighbours. */
export interface Bounds {
  /** The least time of the passes alone, with this way to recompute and whatever states. */
  passSeconds(candidate: Candidate): number;
  /**
   * @param candidate one with the family and the pipeline that these bounds are of
   * @param closer whether to take the time for a closer bound, where there is one
   */
  of(candidate: Candidate, closer?: boolean): Bound;
  /**
   * Configurations that share their passes: a name for those whose passes run at the same times whatever their states,
   * where the cuts are known; undefined where states may change the cuts, or where a step begins while the one before
   * it still ends on other devices, so that the end of a step moves passes too.
   */
  passesOf(candidate: Candidate): string | undefined;
  /** Takes note of when the passes of a candidate ran in a simulation: those that share them run alike. */
  learn(candidate: Candidate, passes: readonly DevicePasses[]): void;
}

/** What of a way to recompute all states share. */
interface Recomputed {
  readonly costs: UnitCosts;
  readonly seconds: number;
  readonly open: OpenPipeline | undefined;
  readonly known: Known | undefined;
}

/** Stages whose cuts are known, and the bound of their passes. */
interface Known extends KnownStages {
  readonly layers: Int32Array;
  readonly ofDevices: Float64Array;
  readonly passes: PassBound;
}

type Ordered = Setting & { readonly order: OrderFacts };

const nothing: Bound = { stepTimeSeconds: Number.POSITIVE_INFINITY, mayFit: false };

/**
 * Bounds of all candidates of one family and pipeline. What their states do not change is worked out once.
 * @param raise multiplies every time: for tests that a bound too high is noticed
 */
export function boundsOf(cell: Cell, first: Candidate, memoryMarginFraction: number, raise = 1): Bounds {
  const setting = settingOf(jobOf(cell, first));
  const { order, shape, chain } = setting;
  const { layers: modelLayers } = cell.base.model;
  const factor = rounding * raise;
  const capacityBytes =
    (cell.base.cluster.instance.accelerator.usableMemoryBytes * (1 - memoryMarginFraction)) / rounding;
  const layers = knownLayers(setting, chain.length);
  const hasLayers = cell.base.model.graph === undefined;
  // What crosses a cut of a graph depends on the cut.
  const boundaryBytes = hasLayers ? setting.embedding.boundaryBytes : 0;
  const isLinear = order !== undefined && order.placement === 'linear' && shape.virtualStages === 1;
  const ways = new Map<string, Recomputed>();
  const tails = new Map<string, number>();
  const dealt = new Map<string, number>();
  const learned = new Map<string, readonly DevicePasses[]>();
  const copied = new Map<string, number>();
  const isDual = setting.schedule.placement === 'dual';
  const sharesTimes = layers !== undefined && !setting.schedule.splitsBackward;

  const wayOf = ({ recompute }: Candidate): Recomputed =>
    keep(ways, textOf(recompute), () => {
      const costs = unitCosts(setting, recomputeOf(recompute));
      if (layers !== undefined) {
        const known = knownStages(setting as Ordered, costs, layers);
        return { costs, open: undefined, known, seconds: known.passes.seconds };
      }
      if (isLinear && !hasLayers) {
        return { costs, open: undefined, known: undefined, seconds: graphSeconds(setting as Ordered) };
      }
      const open = isLinear ? openPipeline(setting as Ordered, costs) : undefined;
      const unlimited = new Int32Array(shape.stages).fill(modelLayers);
      const seconds =
        open?.passSeconds(unlimited) ?? (shape.microbatches * wholeSeconds(costs, modelLayers)) / shape.stages;
      return { costs, open, known: undefined, seconds };
    });

  /** With known cuts: the passes as bounded or, once simulated, as they run; then the end of the step. */
  const knownBound = (own: Ordered, candidate: Candidate, { costs }: Recomputed, known: Known): number => {
    const tailKey = tailOf(own);
    const passes = passesOf(candidate);
    const shown = learned.get(passes);
    const mayBeLonger = isLeast(own.job);
    if (shown !== undefined) {
      const key = `${tailKey} ${passes} learned`;
      return keep(tails, key, () => learnedStepSeconds(own, costs, known, shown, mayBeLonger));
    }
    const isAlone = layers!.length === 1;
    if (isAlone && (candidate.state.zeroStage >= 2 || (own.job.parallelism.offload?.activations ?? 0) > 0)) {
      const seconds = wholeModelSeconds(own);
      return boundedStepSeconds(own, costs, known, { seconds, deviceEnds: Float64Array.of(seconds) }, mayBeLonger);
    }
    const key = `${tailKey} ${textOf(candidate.recompute)} ${mayBeLonger}`;
    return keep(tails, key, () => boundedStepSeconds(own, costs, known, known.passes, mayBeLonger));
  };

  const copiedOf = (own: Setting, candidate: Candidate): number =>
    keep(copied, passesOf(candidate), () => copiedPassSeconds(own, layers));

  return {
    passesOf: (candidate) => (sharesTimes ? passesOf(candidate) : undefined),
    learn(candidate, passes) {
      if (sharesTimes) learned.set(passesOf(candidate), passes);
    },
    passSeconds: (candidate) => wayOf(candidate).seconds * factor,
    of(candidate, closer = false) {
      const way = wayOf(candidate);
      const { costs, known, open } = way;
      const own = withJob(setting, jobOf(cell, candidate));
      const room = roomOf(own.job, capacityBytes, boundaryBytes);
      const offloaded = own.job.parallelism.offload?.activations ?? 0;
      if (known !== undefined) {
        if (!knownFits(own as Ordered, costs, known.layers, known.ofDevices, room, offloaded)) return nothing;
        const seconds = knownBound(own as Ordered, candidate, way, known);
        const withCopies = closer && offloaded > 0 && !isDual ? copiedOf(own, candidate) : 0;
        return { stepTimeSeconds: Math.max(seconds, withCopies) * factor, mayFit: true };
      }
      let { seconds } = way;
      if (open !== undefined) {
        const most = open.mostLayers(room, offloaded);
        seconds = keep(dealt, `${textOf(candidate.recompute)} ${most.join()}`, () => open.passSeconds(most));
        if (seconds === Number.POSITIVE_INFINITY) return nothing;
      } else if (!statesFit(costs, modelLayers, shape.stages, room)) return nothing;
      if (closer && offloaded > 0 && !isDual) seconds = Math.max(seconds, copiedOf(own, candidate));
      const parameters = leastParameters(costs, modelLayers) / shape.stages;
      const tail = keep(tails, tailOf(own), () => openTailSeconds(own, parameters));
      return { stepTimeSeconds: (seconds + tail) * factor, mayFit: true };
    },
  };
}

function knownStages(setting: Ordered, costs: UnitCosts, layers: Int32Array): Known {
  const seconds = knownStageSeconds(costs, layers);
  const parameters = knownParameters(costs, layers);
  const ofDevices = deviceParameters(setting.order, costs, parameters);
  return { layers, seconds, parameters, ofDevices, passes: knownPassBound(setting, seconds) };
}

/** Whether the costs of units are only the least that stages with these layers may have, and not what they have. */
function isLeast({ parallelism }: Job): boolean {
  const { recompute, zeroStage, offload } = parallelism;
  const isOpen =
    recompute.mode === 'auto' || (recompute.mode === 'full' && (recompute.every ?? recompute.group) !== undefined);
  return isOpen || zeroStage >= 2 || (offload?.activations ?? 0) > 0;
}

function textOf(recompute: Candidate['recompute']): string {
  return typeof recompute === 'string' ? recompute : JSON.stringify(recompute);
}

/** What of a job the end of its step depends on. */
function tailOf({ job }: Setting): string {
  const { zeroStage, shardingDegree, offload } = job.parallelism;
  return `${zeroStage} ${shardingDegree} ${offload?.optimizer ?? 0}`;
}

/** What of a candidate its passes see: recomputation, copies of saved tensors, gathering and scattering. */
function passesOf({ recompute, state }: Candidate): string {
  const { activations = 0, horizon = '' } = state.offload ?? {};
  const copies = Number(activations) === 0 ? '' : `${Number(activations)} ${horizon}`;
  const sharded =
    state.zeroStage < 2 ? '' : `${state.zeroStage} ${state.shardingDegree} ${JSON.stringify(state.offload)}`;
  return `${textOf(recompute)}/${copies}/${sharded}`;
}

/** What no configuration of a family comes out below, whatever its pipeline. */
export interface FamilyBound {
  readonly passSeconds: number;
  /** Whether some device may have room. */
  fits(candidate: Candidate): boolean;
}

/** Costs of units by what they depend on: families that differ in stages and replicas share them. */
export type FamilyCosts = Map<string, UnitCosts>;

/**
 * The work of a family dealt out evenly to its devices, and the memory that even its best case needs: states shared
 * among all devices of a pipeline, and one layer at work with one microbatch of a share of the layers.
 */
export function familyBound(
  cell: Cell,
  known: FamilyCosts,
  first: Candidate,
  memoryMarginFraction: number,
  raise = 1,
): FamilyBound {
  const { layers } = cell.base.model;
  const { usableMemoryBytes } = cell.base.cluster.instance.accelerator;
  const capacityBytes = (usableMemoryBytes * (1 - memoryMarginFraction)) / rounding;
  const costs = familyCosts(cell, known, first);
  const { pipeline: stages, microbatches } = first.family;
  return {
    passSeconds: ((microbatches * wholeSeconds(costs, layers)) / stages) * rounding * raise,
    fits(candidate) {
      const job = jobOf(cell, candidate);
      const own = familyCosts(cell, known, candidate);
      const room = roomOf(job, capacityBytes, own.boundaryBytes);
      const kept = 1 - (job.parallelism.offload?.activations ?? 0);
      const layer = Math.min(own.plain.saved, own.again.saved);
      const states = (room.perParameter * leastParameters(own, layers)) / stages;
      return states + ((kept * layers * layer) / stages) * room.slack <= room.bytes;
    },
  };
}

function familyCosts(cell: Cell, known: FamilyCosts, candidate: Candidate): UnitCosts {
  const { tensor, context, sequenceParallel, microBatchSize, placement, pipeline, data } = candidate.family;
  const letters = placementLetters(placement);
  const layout = letters === undefined ? placement : rankLayout(letters, { tensor, context, pipeline, data });
  const strides = typeof layout === 'string' ? layout : `${layout.tensor} ${layout.context}`;
  const recompute = textOf(candidate.recompute);
  const key = `${tensor} ${context} ${sequenceParallel} ${microBatchSize} ${strides} ${recompute}`;
  // Backward passes that are not split hide the most behind them.
  const least = { ...candidate, pipeline: { ...candidate.pipeline, schedule: '1f1b', virtualStages: 1 } };
  return keep(known, key, () => unitCosts(settingOf(jobOf(cell, least), false), recomputeOf(candidate.recompute)));
}
