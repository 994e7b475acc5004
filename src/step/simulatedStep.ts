import type { Job, Partitioner } from '../job/job.ts';
import type { Cuts, RankLayout } from '../partition/index.ts';
import type { PipelineTimeline } from '../pipeline/run.ts';
import type { FinishedStep } from './finishStep.ts';
import type { MemoryNeed } from './memoryNeed.ts';
import type { ModuleAssignment } from './moduleAssignments.ts';
import type { StageProfile } from './stageProfile.ts';

/** A step as it was run: all that a report is read from. */
export interface SimulatedStep {
  /** The job with everything decided that it left open. */
  readonly job: Job;
  /** The partitioner that was asked for. */
  readonly partitioner: Partitioner['kind'];
  /** How good the cuts are. */
  readonly cuts: () => Cuts;
  /** Every virtual stage, in model order. */
  readonly stages: readonly StageProfile[];
  readonly timeline: PipelineTimeline;
  /** What follows the pipeline. */
  readonly step: FinishedStep;
  readonly memory: MemoryNeed;
  /** Which rank sits where. */
  readonly layout: RankLayout;
  /** Time that hidden states need from virtual stage s to s + 1. */
  readonly transferSeconds: Float64Array;
  /** Where a module tree chose the devices: modules with their device, in the order in which they run. */
  readonly assignments?: readonly ModuleAssignment[];
  /** What a reader of the report should know of how it came about. */
  readonly notes: readonly string[];
}
