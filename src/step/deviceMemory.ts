import type { Job } from '../job/job.ts';
import { type ModelStates, modelStates } from '../memory/states.ts';
import { elementBytes } from '../stack/precision.ts';
import { exchangedBytes } from './dataComm.ts';
import { stateSharding } from './profiles.ts';
import { deviceParameters, type StageProfile } from './stageProfile.ts';

/** What a device holds besides what its tasks add and take away. */
export interface DeviceMemory {
  readonly states: ModelStates;
  /** Buffers of transfers between stages, and buckets. */
  readonly bufferBytes: number;
  /** Gathered parameters and gradients about to be scattered, while passes run. */
  readonly gatheredBytes: number;
  readonly workspaceBytes: number;
}

/** What the optimizer's step adds where no pass runs. */
export function stepBytes({ states }: DeviceMemory): number {
  return states.stepBytes;
}

/** Receive buffers of a pipeline: hidden states in one direction and their gradients in the other. */
const pipelineBuffers = 2;

/** What a device with these chunks holds all through a step, or all through its passes. */
export function deviceMemory(job: Job, chunks: readonly StageProfile[], boundaryBytes: number): DeviceMemory {
  const { stack, parallelism, training } = job;
  const states = modelStates(
    deviceParameters(chunks),
    stack,
    training.precision,
    training.optimizer,
    stateSharding(job),
  );
  const transfers = parallelism.degrees.pipeline > 1 ? pipelineBuffers * boundaryBytes : 0;
  const buckets = parallelism.zeroStage > 0 ? stack.bucketCopyBytes : 0;
  return {
    states,
    bufferBytes: transfers + buckets,
    gatheredBytes: gatheredBytes(job, chunks),
    workspaceBytes: stack.workspaceBytes + (stack.keepsDummyGradients ? dummyGradientBytes(job, chunks) : 0),
  };
}

/** One gradient of each weight of a layer, all layers having the same shapes. */
function dummyGradientBytes(job: Job, chunks: readonly StageProfile[]): number {
  for (const { profiles } of chunks) {
    const layer = profiles.find(({ unit }) => unit.kind === 'layer');
    if (layer === undefined) continue;
    const weights = layer.unit.operators.filter(({ kind }) => kind === 'matmul');
    return weights.reduce((sum, { gemm }) => sum + gemm!.n * gemm!.k, 0) * elementBytes(job.training.precision);
  }
  return 0;
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
