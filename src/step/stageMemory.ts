import type { Job } from '../job/job.ts';
import { frameworkMemory } from '../memory/framework.ts';
import { modelStates } from '../memory/states.ts';
import type { PipelineTimeline } from '../pipeline/run.ts';
import { BACKWARD, FORWARD, FUSED_FORWARD, WEIGHT } from '../pipeline/schedule.ts';
import { exchangedBytes } from './dataComm.ts';
import { stateSharding } from './profiles.ts';
import type { StageMemory } from './report.ts';
import { deviceParameters, type StageProfile, stagesOf } from './stageProfile.ts';

/** The fullest moment of a device: what it holds for the backward pass, what only that task needs, and when. */
interface Peak {
  readonly savedBytes: number;
  readonly transientBytes: number;
  readonly atSeconds: number;
}

/**
 * Walks a device's tasks in order. A forward pass adds what its stage saves for a microbatch; the last pass that reads
 * it (the weight part where the backward pass is split) takes it away.
 */
function peakOf(timeline: PipelineTimeline, device: number, stages: readonly StageProfile[]): Peak {
  const { plan, start } = timeline;
  let held = 0;
  let peak = { savedBytes: 0, transientBytes: 0, atSeconds: 0 };
  const visit = (stage: StageProfile, kind: number, task: number) => {
    if (kind === FORWARD || kind === FUSED_FORWARD) held += stage.savedBytes;
    const transient =
      kind === BACKWARD ? stage.backwardTransientBytes : kind === WEIGHT ? 0 : stage.forwardTransientBytes;
    if (held + transient > peak.savedBytes + peak.transientBytes) {
      peak = { savedBytes: held, transientBytes: transient, atSeconds: start[task]! };
    }
    if (kind === WEIGHT || (kind === BACKWARD && !plan.splitsBackward)) held -= stage.savedBytes;
  };
  for (let index = plan.deviceOffset[device]!; index < plan.deviceOffset[device + 1]!; index++) {
    const task = plan.deviceTasks[index]!;
    const stage = stages[plan.lane[task]! % plan.virtualStages]!;
    visit(stage, plan.kind[task]!, task);
  }
  return peak;
}

/** Receive buffers of a pipeline: hidden states in one direction and their gradients in the other. */
const pipelineBuffers = 2;

/** Memory of every pipeline rank at its fullest moment, its parts summing to what the driver would show. */
export function stageMemory(job: Job, timeline: PipelineTimeline, stages: readonly StageProfile[]): StageMemory[] {
  const { pipeline } = job.parallelism.degrees;
  return Array.from({ length: pipeline }, (_, device) => {
    const peak = peakOf(timeline, device, stages);
    const states = modelStates(
      deviceParameters(stagesOf(timeline.plan, stages, device)),
      job.stack,
      job.training.precision,
      job.training.optimizer,
      stateSharding(job),
    );
    const buffers = pipeline > 1 ? pipelineBuffers * stages[0].sendBytes : 0;
    const communicationBytes = buffers + gatheredBytes(job, stagesOf(timeline.plan, stages, device));
    const steady = states.parametersBytes + states.gradientsBytes + states.optimizerBytes + communicationBytes;
    const transient = peak.savedBytes + peak.transientBytes;
    const framework = frameworkMemory(job.stack, steady, transient);
    return {
      stage: device,
      peakBytes: framework.deviceBytes,
      allocatedBytes: steady + transient,
      reservedBytes: framework.reservedBytes,
      peakAtSeconds: peak.atSeconds,
      parametersBytes: states.parametersBytes,
      gradientsBytes: states.gradientsBytes,
      optimizerBytes: states.optimizerBytes,
      activationsBytes: peak.savedBytes,
      temporaryBytes: peak.transientBytes,
      communicationBytes,
      frameworkBytes: framework.deviceBytes - steady - transient,
    };
  });
}

/**
 * Parameters gathered under ZeRO 3 and gradients about to be scattered, at the fullest moment of the backward pass: two
 * layers gathered, and one's gradient as it was computed and as it is reduced; the head stays gathered.
 * @source pytorch/pytorch torch/distributed/fsdp: two all-gathers alive, reduce-scatter input in the reduce format
 */
function gatheredBytes(job: Job, stages: readonly StageProfile[]): number {
  const { zeroStage, shardingDegree, degrees } = job.parallelism;
  if (zeroStage < 3 || shardingDegree * degrees.context === 1) return 0;
  const { parameter, gradient } = exchangedBytes(job);
  let layer = 0;
  let head = 0;
  for (const { profiles } of stages) {
    for (const { unit, parameters } of profiles) {
      if (unit.kind === 'layer') layer = Math.max(layer, parameters);
      else if (unit.kind === 'head') head = parameters;
    }
  }
  return layer * (3 * parameter + gradient) + head * parameter;
}
