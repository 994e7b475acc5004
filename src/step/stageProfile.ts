import type { ComputeGraph, Unit } from '../graph/computeGraph.ts';
import type { Job } from '../job/job.ts';
import type { Recompute } from '../memory/recompute.ts';
import type { UnitMemory, UnitRecompute } from '../memory/unitMemory.ts';
import { deviceOf } from '../pipeline/placement.ts';
import type { PipelinePlan } from '../pipeline/plan.ts';
import type { PipelineCosts, PipelineShape } from '../pipeline/schedule.ts';
import type { UnitCost } from './unitCost.ts';

/** Everything one unit needs, of one rank and one microbatch. */
export interface UnitProfile {
  readonly unit: Unit;
  readonly cost: UnitCost;
  readonly memory: UnitMemory;
  readonly parameters: number;
  readonly wholeParameters: number;
  /** Those that the unit shares with one at the other end of the model. */
  readonly tiedParameters: number;
}

/** The sum of a virtual stage's units. */
export interface StageProfile extends UnitCost {
  /** Transformer layers. */
  readonly layers: number;
  readonly operators: number;
  readonly parameters: number;
  readonly wholeParameters: number;
  readonly tiedParameters: number;
  readonly savedBytes: number;
  readonly forwardTransientBytes: number;
  readonly backwardTransientBytes: number;
  readonly holdsEmbedding: boolean;
  readonly holdsHead: boolean;
  /** Hidden states handed to the next stage, bytes of one microbatch. */
  readonly sendBytes: number;
}

/** How layer number `layer` of the model, the `position`-th of its virtual stage, is recomputed. */
export function layerRecompute(recompute: Recompute, layer: number, position: number): UnitRecompute {
  switch (recompute.mode) {
    case 'none':
      return 'none';
    case 'selective':
      return 'selective';
    case 'full':
      if (recompute.layers !== undefined) return position < recompute.layers ? 'full' : 'none';
      if (recompute.every !== undefined) return layer % recompute.every === 0 ? 'full' : 'none';
      return 'full';
    default:
      throw new Error(`recompute mode ${recompute.mode} came through the door`);
  }
}

/** The profile of a unit under a way to recompute it. */
export type ProfileOf = (unit: Unit, recompute: UnitRecompute) => UnitProfile;

/** Adds up the units from `from` up to, not including, `to`, each as it is recomputed. */
function stageProfile(
  graph: ComputeGraph,
  from: number,
  to: number,
  recompute: Recompute,
  profileOf: ProfileOf,
  sequences: number,
): StageProfile {
  const sum = {
    layers: 0,
    operators: 0,
    parameters: 0,
    wholeParameters: 0,
    tiedParameters: 0,
    forward: 0,
    forwardTensorComm: 0,
    recompute: 0,
    recomputeTensorComm: 0,
    backwardInput: 0,
    backwardWeight: 0,
    backwardTensorComm: 0,
    savedBytes: 0,
    forwardTransientBytes: 0,
    backwardTransientBytes: 0,
    holdsEmbedding: false,
    holdsHead: false,
    sendBytes: 0,
  };
  for (let index = from; index < to; index++) {
    const unit = graph.units[index]!;
    const mode = unit.kind === 'layer' ? layerRecompute(recompute, index - 1, sum.layers) : 'none';
    const { cost, memory, parameters, wholeParameters, tiedParameters } = profileOf(unit, mode);
    sum.operators += unit.operators.length;
    sum.parameters += parameters;
    sum.wholeParameters += wholeParameters;
    sum.tiedParameters += tiedParameters;
    sum.forward += cost.forward;
    sum.forwardTensorComm += cost.forwardTensorComm;
    sum.recompute += cost.recompute;
    sum.recomputeTensorComm += cost.recomputeTensorComm;
    sum.backwardInput += cost.backwardInput;
    sum.backwardWeight += cost.backwardWeight;
    sum.backwardTensorComm += cost.backwardTensorComm;
    sum.savedBytes += memory.savedBytes;
    sum.forwardTransientBytes = Math.max(sum.forwardTransientBytes, memory.forwardTransientBytes);
    sum.backwardTransientBytes = Math.max(sum.backwardTransientBytes, memory.backwardTransientBytes);
    if (unit.kind === 'layer') sum.layers += 1;
    else if (unit.kind === 'embedding') sum.holdsEmbedding = true;
    else sum.holdsHead = true;
  }
  if (to < graph.units.length) sum.sendBytes = graph.units[to - 1]!.boundaryBytes * sequences;
  return sum;
}

/** Parameters that a device holds for its chunks: a tensor tied between two of them is there once. */
export function deviceParameters(stages: readonly StageProfile[]): number {
  const parameters = stages.reduce((sum, stage) => sum + stage.parameters, 0);
  const shared = stages.some((stage) => stage.holdsEmbedding) && stages.some((stage) => stage.holdsHead);
  return shared ? parameters - stages.reduce((sum, stage) => sum + stage.tiedParameters, 0) / 2 : parameters;
}

/** The profile of every virtual stage of the cuts. */
export function stageProfiles(job: Job, graph: ComputeGraph, profileOf: ProfileOf, ends: Int32Array): StageProfile[] {
  const { recompute, microBatchSize } = job.parallelism;
  return Array.from(ends, (end, index) =>
    stageProfile(graph, index === 0 ? 0 : ends[index - 1]!, end, recompute, profileOf, microBatchSize),
  );
}

/** What the pipeline's tasks cost: exposed communication and recomputation are part of the pass they hold up. */
export function stageCosts(
  stages: readonly StageProfile[],
  splitsBackward: boolean,
  communication: Float64Array,
): PipelineCosts {
  const weight = Float64Array.from(stages, (stage) => stage.backwardWeight);
  return {
    forward: Float64Array.from(stages, (stage) => stage.forward + stage.forwardTensorComm),
    backward: Float64Array.from(
      stages,
      (stage, index) =>
        stage.recompute +
        stage.recomputeTensorComm +
        stage.backwardInput +
        stage.backwardTensorComm +
        (splitsBackward ? 0 : weight[index]!),
    ),
    weight,
    communication,
  };
}

/** The virtual stages that a device holds, by chunk. */
export function stagesOf(plan: PipelinePlan, stages: readonly StageProfile[], device: number): StageProfile[] {
  return stages.filter((_, index) => deviceOf(plan.placement, plan.stages, index) === device);
}

/** The pipeline's shape, as schedules ask for it. */
export function pipelineShape(job: Job): PipelineShape {
  const { degrees, virtualStages, microbatches, microbatchGroupSize, activeMicrobatches } = job.parallelism;
  return { stages: degrees.pipeline, virtualStages, microbatches, microbatchGroupSize, activeMicrobatches };
}
