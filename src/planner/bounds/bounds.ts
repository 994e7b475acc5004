import type { Cell } from '../request/request.ts';
import { type Candidate, jobOf, recomputeOf } from '../space/candidate.ts';
import { leastParameters, roomOf, type UnitCosts, unitCosts } from './costs.ts';
import { knownFits, knownLayers, knownParameters, knownPassSeconds, wholeModelSeconds } from './known.ts';
import { type OpenPipeline, openPipeline, statesFit, wholeSeconds } from './open.ts';
import type { OrderFacts } from './orderFacts.ts';
import { placementLetters, rankLayout } from '../../partition/placement.ts';
import { type Setting, settingOf, withJob } from './setting.ts';
import { tailSeconds } from './tail.ts';

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
  /** @param candidate one with the family and the pipeline that these bounds are of */
  of(candidate: Candidate): Bound;
}

/** What of a way to recompute all states share. */
interface Recomputed {
  readonly costs: UnitCosts;
  readonly seconds: number;
  readonly open: OpenPipeline | undefined;
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
  const capacityBytes = (cell.base.cluster.instance.accelerator.usableMemoryBytes * (1 - memoryMarginFraction)) / rounding;
  const boundaryBytes = setting.embedding.boundaryBytes;
  const layers = knownLayers(setting, chain.length);
  const isLinear = order !== undefined && order.placement === 'linear' && shape.virtualStages === 1;
  const ways = new Map<string, Recomputed>();
  const tails = new Map<string, number>();
  const dealt = new Map<string, number>();

  const wayOf = ({ recompute }: Candidate): Recomputed =>
    keep(ways, typeof recompute === 'string' ? recompute : JSON.stringify(recompute), () => {
      const costs = unitCosts(setting, recomputeOf(recompute));
      if (layers !== undefined) {
        return { costs, open: undefined, seconds: knownPassSeconds(setting as Ordered, costs, layers) };
      }
      const open = isLinear ? openPipeline(setting as Ordered, costs) : undefined;
      const unlimited = new Int32Array(shape.stages).fill(modelLayers);
      const seconds =
        open?.passSeconds(unlimited) ?? (shape.microbatches * wholeSeconds(costs, modelLayers)) / shape.stages;
      return { costs, open, seconds };
    });
  const tailOf = (own: Setting, costs: UnitCosts, parameters: Float64Array | undefined): number => {
    if (parameters !== undefined) return tailSeconds(own, Math.max(...parameters), Math.min(...parameters));
    return tailSeconds(own, leastParameters(costs, modelLayers) / shape.stages, 0);
  };

  return {
    passSeconds: (candidate) => wayOf(candidate).seconds * factor,
    of(candidate) {
      const way = wayOf(candidate);
      const { costs } = way;
      const { state } = candidate;
      const own = withJob(setting, jobOf(cell, candidate));
      const room = roomOf(own.job, capacityBytes, boundaryBytes);
      const offloaded = own.job.parallelism.offload?.activations ?? 0;
      const tailKey = `${state.zeroStage} ${state.shardingDegree} ${own.job.parallelism.offload?.optimizer ?? 0}`;
      let { seconds } = way;
      let parameters: Float64Array | undefined;
      if (layers !== undefined && order !== undefined) {
        parameters = knownParameters(order, costs, layers);
        if (!knownFits(own as Ordered, costs, layers, parameters, room, offloaded)) return nothing;
        const isAlone = layers.length === 1;
        if (isAlone && (state.zeroStage >= 2 || offloaded > 0)) seconds = Math.max(seconds, wholeModelSeconds(own));
      } else if (way.open !== undefined) {
        const most = way.open.mostLayers(room, offloaded);
        const key = `${JSON.stringify(candidate.recompute)} ${most.join()}`;
        seconds = keep(dealt, key, () => way.open!.passSeconds(most));
        if (seconds === Number.POSITIVE_INFINITY) return nothing;
      } else if (!statesFit(costs, modelLayers, shape.stages, room)) return nothing;
      const tail = keep(tails, tailKey, () => tailOf(own, costs, parameters));
      return { stepTimeSeconds: (seconds + tail) * factor, mayFit: true };
    },
  };
}

function keep<T>(known: Map<string, T>, key: string, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) {
    value = make();
    known.set(key, value);
  }
  return value;
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
  const recompute = typeof candidate.recompute === 'string' ? candidate.recompute : JSON.stringify(candidate.recompute);
  const key = `${tensor} ${context} ${sequenceParallel} ${microBatchSize} ${strides} ${recompute}`;
  return keep(known, key, () => unitCosts(settingOf(jobOf(cell, candidate), false), recomputeOf(candidate.recompute)));
}
