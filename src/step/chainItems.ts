import type { ComputeGraph, Unit } from '../graph/computeGraph.ts';
import { type Chain, chainOfOperators, chainOfUnits, sliceUnit } from '../graph/slice.ts';
import type { Job } from '../job/job.ts';
import { keep } from '../keep.ts';
import type { UnitRecompute } from '../memory/unitMemory.ts';
import { backwardSeconds, endRecompute, forwardSeconds, layerRecompute, type ProfileOf } from './stageProfile.ts';

/** What one item of a chain costs, of one rank and one microbatch. */
export interface ChainItem {
  /** Forward and backward together. */
  readonly seconds: number;
  readonly parameters: number;
  readonly savedBytes: number;
  /** Alive only while the item runs. */
  readonly transientBytes: number;
}

/** What the job's model may be cut between: its units, or the operators one by one. */
export function chainOf(job: Job, graph: ComputeGraph): Chain {
  return job.parallelism.cutAt === 'operator' ? chainOfOperators(graph) : chainOfUnits(graph);
}

/** What a job asks of all layers alike: the part of their tensors that is on the host, and layers to a checkpoint. */
interface Settings {
  readonly offloaded: number;
  readonly group: number;
}

/** What every item of the chain costs. */
export function chainItems(job: Job, chain: Chain, profileOf: ProfileOf): readonly ChainItem[] {
  const { recompute, degrees, virtualStages, offload } = job.parallelism;
  const group = recompute.mode === 'full' ? (recompute.group ?? 1) : 1;
  const settings = { offloaded: offload?.activations ?? 0, group };
  const perStage = Math.ceil((chain.graph.units.length - 2) / (degrees.pipeline * virtualStages));
  const whole = chain.length === chain.graph.units.length;
  const itemsOf = (unit: Unit, mode: UnitRecompute) =>
    whole ? [wholeItem(unit, mode, profileOf, settings)] : operatorItems(unit, mode, profileOf, settings);
  const known = new Map<Unit, Map<UnitRecompute, readonly ChainItem[]>>();
  const all: ChainItem[] = [];
  for (const [index, unit] of chain.graph.units.entries()) {
    const mode =
      unit.kind === 'layer'
        ? layerRecompute(recompute, index - 1, (index - 1) % perStage)
        : endRecompute(job, recompute, unit);
    const modes = keep(known, unit, () => new Map());
    for (const item of keep(modes, mode, () => itemsOf(unit, mode))) all.push(item);
  }
  return all;
}

function wholeItem(unit: Unit, mode: UnitRecompute, profileOf: ProfileOf, { offloaded, group }: Settings): ChainItem {
  const { cost, memory, parameters } = profileOf(unit, mode);
  return {
    seconds: forwardSeconds(cost) + backwardSeconds(cost),
    parameters,
    savedBytes: memory.savedBytes - (unit.kind === 'layer' ? offloaded * memory.offloadableBytes : 0),
    transientBytes: memory.recomputedBytes * group + memory.gradientBytes + memory.lossTransientBytes,
  };
}

/**
 * The operators of a unit, one by one. Together they cost what the unit does: what overlaps inside it is taken off each
 * in proportion. A layer that is recomputed keeps its input only, and any part of it needs room for all of it.
 */
function operatorItems(
  unit: Unit,
  mode: UnitRecompute,
  profileOf: ProfileOf,
  settings: Settings,
): readonly ChainItem[] {
  const sum = wholeItem(unit, mode, profileOf, settings);
  const alone = unit.operators.map((_, at) => wholeItem(sliceUnit(unit, at, at + 1), mode, profileOf, settings));
  const total = (part: 'seconds' | 'savedBytes') => alone.reduce((all, item) => all + item[part], 0);
  const seconds = total('seconds') > 0 ? sum.seconds / total('seconds') : 0;
  const saved = total('savedBytes');
  return alone.map((item, at) => ({
    seconds: item.seconds * seconds,
    parameters: item.parameters,
    savedBytes:
      mode === 'none' ? item.savedBytes * (saved > 0 ? sum.savedBytes / saved : 0) : at === 0 ? sum.savedBytes : 0,
    transientBytes: mode === 'none' ? item.transientBytes : sum.transientBytes,
  }));
}
