import type { Job } from './job/job.ts';
import { rankLayout } from './partition/index.ts';
import { planSchedule } from './pipeline/planSchedule.ts';
import { type PipelineTimeline, runPipeline } from './pipeline/run.ts';
import { placementOf } from './pipeline/schedule.ts';
import { findSchedule } from './pipeline/schedules/index.ts';
import { composeReport } from './step/composeReport.ts';
import { cutStages, partitionProblem } from './step/cutStages.ts';
import { dataCommOf } from './step/dataComm.ts';
import { finishStep } from './step/finishStep.ts';
import { exceeds, microbatchesInFlight, promisedInFlight, raised } from './step/inFlight.ts';
import { rankGraph, unitProfiles } from './step/profiles.ts';
import type { Report } from './step/report.ts';
import { stageMemory } from './step/stageMemory.ts';
import { pipelineShape, stageCosts, stageProfiles } from './step/stageProfile.ts';
import { transferSeconds } from './step/transfers.ts';

/** A report with the pipeline's timeline that it was read from. */
export interface Simulation {
  readonly report: Report;
  readonly timeline: PipelineTimeline;
}

/** How often a model is cut again because a dynamic schedule held more microbatches than it promised. */
const mostRecuts = 3;

/** Forecasts one training job: memory of every stage, time of a step, and what the whole run takes. */
export function simulate(job: Job): Report {
  return simulateDetailed(job).report;
}

/** {@link simulate}, with the timeline for those who draw it. */
export function simulateDetailed(job: Job): Simulation {
  // Which rank sits where, and one rank's share of the model as a graph of operators.
  const layout = rankLayout(job.parallelism.placement, job.parallelism.degrees);
  const graph = rankGraph(job);

  // What each kind of unit costs on this device: seconds, saved bytes, parameters.
  const profileOf = unitProfiles(job, graph, layout);

  // What sharding parameters and gradients among replicas adds to every pass.
  const dataComm = dataCommOf(job, layout);

  // Who runs what when, and how long the hidden states travel between stages.
  const schedule = findSchedule(job.parallelism.schedule);
  const shape = pipelineShape(job);
  const placement = placementOf(schedule, shape);
  const transfers = transferSeconds(job, layout, placement, shape, graph.units[0].boundaryBytes);

  // Cut the units into virtual stages under each stage's memory limit, and run a step of the pipeline.
  let inFlight = promisedInFlight(schedule, shape);
  for (let recuts = 0; ; recuts++) {
    const cuts = cutStages(job, partitionProblem(job, graph, profileOf, placement, transfers, inFlight));
    const stages = stageProfiles(job, graph, profileOf, cuts.ends, dataComm);
    const costs = stageCosts(stages, schedule.splitsBackward, transfers);
    const plan = planSchedule(schedule, shape, costs);
    const held = microbatchesInFlight(plan);
    if (exceeds(held, inFlight) && recuts < mostRecuts) {
      inFlight = raised(inFlight, held);
      continue;
    }
    const timeline = runPipeline(plan, costs, job.stack.pipelineTransfers);

    // Average gradients, step the optimizer; then read off memory and the report.
    const step = finishStep(job, layout, timeline, stages);
    const memory = stageMemory(job, timeline, stages);
    const warnings =
      recuts === 0 ? [] : [`The schedule held more microbatches than it promised: cut ${recuts} more times.`];
    return { report: composeReport(job, { cuts, stages, timeline, step, memory, warnings }), timeline };
  }
}
