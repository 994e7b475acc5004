import { keep } from '../../keep.ts';
import { placementLetters, rankLayout } from '../../partition/placement.ts';
import type { Cell } from '../request/cell.ts';
import {
  type Family,
  jobOf,
  plainPipeline,
  plainState,
  recomputeOf,
  type StateChoice,
  type WrittenRecompute,
} from '../space/candidate.ts';
import { leastParameters, type UnitCosts, unitCosts } from './costs.ts';
import type { FamilyFacts } from './familyFacts.ts';
import { wholeSeconds } from './open.ts';
import { rounding } from './rounding.ts';
import { settingOf } from './setting.ts';

/** Costs of units by what they depend on: families that differ in stages and replicas share them. */
export type FamilyCosts = Map<string, Map<WrittenRecompute, UnitCosts>>;

/** The costs of a family's units under a way to recompute. */
export type CostsOf = (recompute: WrittenRecompute) => UnitCosts;

/** What finds the costs of a family's units. */
export function familyCosts(cell: Cell, known: FamilyCosts, family: Family): CostsOf {
  const { tensor, context, sequenceParallel, microBatchSize, placement, pipeline, data } = family;
  const letters = placementLetters(placement);
  const layout = letters === undefined ? placement : rankLayout(letters, { tensor, context, pipeline, data });
  const strides = typeof layout === 'string' ? layout : `${layout.tensor} ${layout.context}`;
  const ways = keep(known, `${tensor} ${context} ${sequenceParallel} ${microBatchSize} ${strides}`, () => new Map());
  return (recompute) =>
    keep(ways, recompute, () => {
      // Backward passes that are not split hide the most behind them.
      const least = jobOf(cell, { family, pipeline: plainPipeline, state: plainState(family), recompute });
      return unitCosts(settingOf(least, false), recomputeOf(recompute));
    });
}

/** The least seconds of a family's passes, whatever its pipeline: its work dealt out evenly to its devices. */
export function familySeconds(cell: Cell, costs: UnitCosts, { microbatches, pipeline }: Family, raise: number): number {
  return ((microbatches * wholeSeconds(costs, cell.base.model.layers)) / pipeline) * rounding * raise;
}

/**
 * Whether some device of a family may have room: for the memory that even its best case needs, states shared among all
 * devices of a pipeline, and one layer at work with one microbatch of a share of the layers.
 */
export function familyFits(
  cell: Cell,
  costs: UnitCosts,
  { pipeline: stages }: Family,
  facts: FamilyFacts,
  state: StateChoice,
): boolean {
  const { layers } = cell.base.model;
  const { room, offloaded } = facts.stateOf(state);
  const layer = Math.min(costs.plain.saved, costs.again.saved);
  const states = (room.perParameter * leastParameters(costs, layers)) / stages;
  return states + (((1 - offloaded) * layers * layer) / stages) * room.slack <= room.bytes;
}
