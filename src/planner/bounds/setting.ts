import type { ComputeGraph, Unit } from '../../graph/computeGraph.ts';
import { sentBytes } from '../../graph/slice.ts';
import type { Job } from '../../job/job.ts';
import { oncePerObject } from '../../keep.ts';
import { placementLetters, type RankLayout, rankLayout } from '../../partition/placement.ts';
import { isDeviceMap } from '../../pipeline/placement.ts';
import { type PipelineShape, placementOf, type Schedule } from '../../pipeline/schedule.ts';
import { findSchedule } from '../../pipeline/schedules/index.ts';
import { chainOf } from '../../step/chainItems.ts';
import { rankGraph, unitProfiles } from '../../step/profiles.ts';
import { type ProfileOf, pipelineShape } from '../../step/stageProfile.ts';
import { transferSeconds } from '../../step/transfers.ts';
import { type OrderFacts, orderFacts } from './orderFacts.ts';

/** What a bound looks at of a job: the parts of a simulation that come before the model is cut. */
export interface Setting {
  readonly job: Job;
  readonly layout: RankLayout;
  readonly chain: ReturnType<typeof chainOf>;
  readonly profileOf: ProfileOf;
  readonly embedding: Unit;
  /** Layers that differ; nearly always one. */
  readonly layers: readonly Unit[];
  readonly head: Unit;
  readonly schedule: Schedule;
  readonly shape: PipelineShape;
  readonly order: OrderFacts | undefined;
  /** Between virtual stages; empty for a device alone. */
  readonly transfers: Float64Array;
  /** Both ends of a transfer stop computing for it. */
  readonly blocking: boolean;
}

const distinctLayers = oncePerObject(({ units }: ComputeGraph) => [...new Set(units.slice(1, -1))]);

const noTransfers = new Float64Array(0);

/**
 * The setting of a job whose model is cut between layers.
 * @param withOrder false where what the order of its passes says is not worth working out
 */
export function settingOf(job: Job, withOrder = true): Setting {
  return withPipeline(unitsOf(job), job, withOrder);
}

/** What pipelines of a family share, if their backward passes are all split or all whole. */
export type Units = Pick<Setting, 'layout' | 'chain' | 'profileOf' | 'embedding' | 'layers' | 'head'>;

/** The units of a job's model and what they cost. */
export function unitsOf(job: Job): Units {
  const letters = placementLetters(job.parallelism.placement);
  if (letters === undefined) throw new Error('a search orders ranks itself');
  const layout = rankLayout(letters, job.parallelism.degrees);
  const graph = rankGraph(job);
  const profileOf = unitProfiles(job, graph, layout);
  const chain = chainOf(job, graph);
  const { units } = graph;
  return { layout, chain, profileOf, embedding: units[0]!, layers: distinctLayers(graph), head: units.at(-1)! };
}

/** The setting of a job with these units. */
export function withPipeline(units: Units, job: Job, withOrder = true): Setting {
  const { layout, chain, profileOf, embedding, layers, head } = units;
  const schedule = findSchedule(job.parallelism.schedule);
  const shape = pipelineShape(job);
  const placement = placementOf(schedule, shape);
  const alone = !withOrder || isDeviceMap(placement) || shape.stages * shape.virtualStages === 1;
  const order = withOrder ? orderFacts(schedule, shape) : undefined;
  const transfers = alone
    ? noTransfers
    : transferSeconds(job, layout, placement, shape, (stage) => sentBytes(chain, undefined, stage));
  const blocking = job.stack.pipelineTransfers === 'blocking';
  return { job, layout, chain, profileOf, embedding, layers, head, schedule, shape, order, transfers, blocking };
}

/** The same setting under another way to recompute or to keep states: what depends on neither is shared. */
export function withJob(setting: Setting, job: Job): Setting {
  return { ...setting, job };
}
