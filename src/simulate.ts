import { type Chain, sendsVary, sentBytes } from './graph/slice.ts';
import { type Calibration, calibrated, calibrationWarnings } from './job/calibration.ts';
import type { Job } from './job/job.ts';
import { rankLayout } from './partition/index.ts';
import { placementOf } from './pipeline/schedule.ts';
import { findSchedule } from './pipeline/schedules/index.ts';
import { onDevices } from './pipeline/schedules/onDevices.ts';
import { fastestPlacement } from './step/autoPlacement.ts';
import { cheapestRecompute } from './step/autoRecompute.ts';
import { chainOf } from './step/chainItems.ts';
import { composeReport } from './step/composeReport.ts';
import { cutStages } from './step/cutStages.ts';
import { cutTree } from './step/cutTree.ts';
import { dataCommOf } from './step/dataComm.ts';
import { evidenceFor } from './step/evidence.ts';
import { exceeds, microbatchesInFlight, promisedInFlight, raised } from './step/inFlight.ts';
import { keepsToMemory, planWithinMemory, promisingSchedule } from './step/memoryLimit.ts';
import { memoryNeed } from './step/memoryNeed.ts';
import { rankedPlacements } from './step/placementOrders.ts';
import { rankGraph, unitProfiles } from './step/profiles.ts';
import type { Report } from './step/report.ts';
import { runStep } from './step/runStep.ts';
import type { SimulatedStep } from './step/simulatedStep.ts';
import { pipelineShape, stageCosts } from './step/stageProfile.ts';
import { stageProfiles } from './step/stagesOfCuts.ts';
import { transferMode, transferSeconds } from './step/transfers.ts';

/** A report with what it was read from. */
export interface Simulation extends SimulatedStep {
  readonly report: Report;
}

/** How often a model is cut again because a dynamic schedule held more microbatches than it promised. */
const mostRecuts = 3;

/** What a forecast may be given besides the job. */
export interface SimulateOptions {
  /** Whether to look up published runs like this one, and how far forecasts of them were off; true by default. */
  readonly evidence?: boolean;
  /** What somebody's own machines were measured to do. */
  readonly calibration?: Calibration;
}

/** Forecasts one training job: memory of every stage, time of a step, and what the whole run takes. */
export function simulate(job: Job, options: SimulateOptions = {}): Report {
  return simulateDetailed(job, options).report;
}

/** {@link simulate}, with the timeline for those who draw it. */
export function simulateDetailed(job: Job, options: SimulateOptions = {}): Simulation {
  const simulated = simulateStep(job, options.calibration);
  // What is known of runs like this one.
  const { stepTimeSeconds } = simulated.step;
  const evidence = options.evidence === false ? undefined : evidenceFor(simulated.job, stepTimeSeconds);
  return { ...simulated, report: composeReport(simulated, evidence) };
}

/** Runs one step of a job: how long it takes and what memory it needs, for those who need no report of it. */
export function simulateStep(asked: Job, calibration?: Calibration): SimulatedStep {
  // The machines as somebody measured them, if anybody did.
  const job = calibration === undefined ? asked : calibrated(asked, calibration);

  // One rank's share of the model as a graph of operators.
  const graph = rankGraph(job);

  // Which rank sits where. Where the job leaves that open, the orders that send least over slow links are tried first.
  const { placement: letters, degrees } = job.parallelism;
  if (letters === 'auto') {
    const tried = fastestPlacement(asked, rankedPlacements(job, graph), (decided) =>
      simulateStep(decided, calibration),
    );
    return simulateStep(tried, calibration);
  }
  const layout = rankLayout(letters, degrees);

  // What each kind of unit costs on this device: seconds, saved bytes, parameters.
  const profileOf = unitProfiles(job, graph, layout);

  // Where the job leaves it open what to compute again, the cheapest choice that fits is found first.
  if (job.parallelism.recompute.mode === 'auto') {
    return cheapestRecompute(asked, profileOf, (decided) => simulateStep(decided, calibration));
  }

  // What communication among replicas adds to every pass.
  const dataComm = dataCommOf(job, layout);

  // What the model may be cut between: its layers, or its operators. A module tree also says which device runs what.
  const treeCut = cutTree(job, graph, profileOf);
  const chain = treeCut?.chain ?? chainOf(job, graph);

  // Who runs what when, and how long the hidden states travel between stages.
  const named = findSchedule(job.parallelism.schedule);
  const schedule = treeCut === undefined ? named : onDevices(named, treeCut.map);
  const shape = pipelineShape(job);
  const placement = placementOf(schedule, shape);
  const transfersAt = (chain: Chain, ends?: Int32Array) =>
    transferSeconds(job, layout, placement, shape, (s) => sentBytes(chain, ends, s));
  const hiddenTransfers = transfersAt(chain);

  // Cut the units into virtual stages under each stage's memory limit, and run a step of the pipeline.
  let inFlight = promisedInFlight(promisingSchedule(schedule, shape), shape);
  for (let recuts = 0; ; recuts++) {
    const cut = treeCut ?? cutStages(job, chain, profileOf, placement, hiddenTransfers, inFlight);
    const { cuts, ends } = cut;
    const stages = stageProfiles(job, cut.chain, profileOf, ends, dataComm);
    const transfers = sendsVary(cut.chain) ? transfersAt(cut.chain, ends) : hiddenTransfers;
    const costs = stageCosts(stages, schedule.splitsBackward, transfers);
    const plan = planWithinMemory(schedule, shape, costs, cut.problem, ends);
    const held = microbatchesInFlight(plan);
    if (treeCut === undefined && !keepsToMemory(schedule) && exceeds(held, inFlight) && recuts < mostRecuts) {
      inFlight = raised(inFlight, held);
      continue;
    }

    // Run it, average gradients and step the optimizer; then read off memory.
    const { timeline, step } = runStep(job, layout, plan, costs, transferMode(job, schedule), stages);
    const memory = memoryNeed(job, plan, stages);
    const notes = [
      ...(job.notes ?? []),
      ...calibrationWarnings(asked, calibration),
      ...(treeCut?.warnings ?? []),
      ...(recuts === 0
        ? []
        : [
            `The schedule held more microbatches than it promised: cut again ${recuts === 1 ? 'once' : `${recuts} times`}.`,
          ]),
    ];
    const found = { cuts, stages, timeline, step, memory, layout, transferSeconds: transfers, notes };
    const assignments = treeCut === undefined ? {} : { assignments: treeCut.assignments };
    return { job, partitioner: job.parallelism.partitioner.kind, ...found, ...assignments };
  }
}
