import type { ComputeGraph, Unit } from '../graph/computeGraph.ts';
import { type CollectiveKind, sum } from '../graph/operator.ts';
import { hiddenBytes } from '../graph/slice.ts';
import { collectiveSeconds, groupOf } from '../hardware/collectives/index.ts';
import type { Job } from '../job/job.ts';
import { oncePerObject } from '../keep.ts';
import { type PlacementLetters, placementLetters, placements, rankLayout } from '../partition/index.ts';
import { placementOf } from '../pipeline/schedule.ts';
import { findSchedule } from '../pipeline/schedules/index.ts';
import { dataGroups, exchangedBytes } from './dataComm.ts';
import { reductionSeconds } from './endOfStep.ts';
import { exchangeStage } from './profiles.ts';
import { pipelineShape } from './stageProfile.ts';
import { transferSeconds } from './transfers.ts';

/** Seconds of one step that a rank's traffic of each kind takes under an order of the ranks, were nothing hidden. */
export interface PlacementCost {
  readonly placement: PlacementLetters;
  /** Among tensor and context ranks. */
  readonly tensorSeconds: number;
  readonly pipelineSeconds: number;
  readonly dataSeconds: number;
  readonly seconds: number;
}

/**
 * The orders of data, pipeline and tensor ranks, the one with the least traffic in seconds first. Each kind of traffic
 * is priced on the slowest level that its groups cross, where all groups of the kind share the links. Orders that put
 * every rank in the same place count once, under the stack's own name for it if it is one of them.
 * @param graph one rank's share of the model
 */
export function rankedPlacements(job: Job, graph: ComputeGraph): readonly PlacementCost[] {
  const own = placementLetters(job.stack.defaults.placement);
  const places = new Set<string>();
  return [...placements]
    .sort((a, b) => Number(b === own) - Number(a === own))
    .filter((placement) => {
      const place = placeOf(job, placement);
      const isNew = !places.has(place);
      places.add(place);
      return isNew;
    })
    .map((placement) => costOf(job, graph, placement))
    .sort((a, b) => a.seconds - b.seconds);
}

/** Where an order puts ranks: the letters of dimensions that have more than one. */
function placeOf({ parallelism }: Job, placement: PlacementLetters): string {
  const { tensor, context, data, pipeline } = parallelism.degrees;
  const ranks: Readonly<Record<string, number>> = { T: tensor * context, D: data, P: pipeline };
  return [...placement].filter((letter) => ranks[letter]! > 1).join('');
}

function costOf(job: Job, graph: ComputeGraph, placement: PlacementLetters): PlacementCost {
  const tensorSeconds = collectivesOfStep(job, graph, placement);
  const pipelineSeconds = transfersOfStep(job, graph, placement);
  const dataSeconds = reductionsOfStep(job, graph, placement);
  const seconds = tensorSeconds + pipelineSeconds + dataSeconds;
  return { placement, tensorSeconds, pipelineSeconds, dataSeconds, seconds };
}

/** All collectives around the operators of a stage's share of the model, forward and backward, of every microbatch. */
function collectivesOfStep(job: Job, graph: ComputeGraph, placement: PlacementLetters): number {
  const { instance, devices } = job.cluster;
  const { degrees, microBatchSize, microbatches } = job.parallelism;
  const layout = rankLayout(placement, degrees);
  const groups = {
    tensor: groupOf(instance, degrees.tensor, layout.tensor, devices),
    context: groupOf(instance, degrees.context, layout.context, devices),
  };
  const secondsOf = (unit: Unit): number =>
    sum(unit.operators, ({ collective }) => {
      if (collective === undefined) return 0;
      const { forward, backward, backwardTimes = 1, backwardGather, bytes, group } = collective;
      const seconds = (kind: CollectiveKind | undefined) =>
        kind === undefined ? 0 : collectiveSeconds(kind, bytes * microBatchSize, groups[group]);
      return seconds(forward) + backwardTimes * seconds(backward) + (backwardGather ? seconds('all-gather') : 0);
    });
  // Equal layers are one and the same unit.
  const seconds = sum(graph.units, oncePerObject(secondsOf));
  return (seconds / degrees.pipeline) * microbatches;
}

/** What the slowest pair of neighbouring stages sends, there and back, of every microbatch and chunk. */
function transfersOfStep(job: Job, graph: ComputeGraph, placement: PlacementLetters): number {
  const { degrees, microbatches } = job.parallelism;
  const shape = pipelineShape(job);
  const stages = placementOf(findSchedule(job.parallelism.schedule), shape);
  const seconds = transferSeconds(job, rankLayout(placement, degrees), stages, shape, () => hiddenBytes(graph));
  return 2 * microbatches * job.parallelism.virtualStages * Math.max(0, ...seconds);
}

/** What is averaged once a step, and under ZeRO 2 and 3 gathered and scattered in every pass. */
function reductionsOfStep(job: Job, graph: ComputeGraph, placement: PlacementLetters): number {
  const { degrees, microbatches } = job.parallelism;
  const zeroStage = exchangeStage(job);
  const groups = dataGroups(job, rankLayout(placement, degrees));
  const parameters = sum(graph.units, (unit) => sum(unit.operators, (one) => one.parameters)) / degrees.pipeline;
  const bytes = exchangedBytes(job);
  const gathered = collectiveSeconds('all-gather', parameters * bytes.parameter, groups.shards);
  const scattered = collectiveSeconds('reduce-scatter', parameters * bytes.gradient, groups.shards);
  const once = reductionSeconds(job.stack, zeroStage, parameters * bytes.gradient, groups);
  switch (zeroStage) {
    case 0:
      return once;
    case 1:
      return once + gathered;
    case 2:
      return once + gathered + microbatches * scattered;
    case 3:
      return once + microbatches * (2 * gathered + scattered);
  }
}
