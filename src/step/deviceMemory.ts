import { sum } from '../graph/operator.ts';
import type { Job } from '../job/job.ts';
import { paddingElements } from '../memory/padding.ts';
import { type ModelStates, modelStates } from '../memory/states.ts';
import type { PipelinePlan } from '../pipeline/plan.ts';
import { stagesByDevice } from '../pipeline/stagesByDevice.ts';
import type { TensorGathers } from '../stack/stack.ts';
import { exchangedBytes } from './dataComm.ts';
import { microbatchesInFlight } from './inFlight.ts';
import { exchangeStage, stateSharding } from './profiles.ts';
import { deviceParameters, type StageProfile, type UnitProfile } from './stageProfile.ts';

/** What a device holds besides what its tasks add and take away. */
export interface DeviceMemory {
  readonly states: ModelStates;
  /** Buffers of transfers between stages, and buckets. */
  readonly bufferBytes: number;
  /** Gathered parameters and gradients about to be scattered, while passes run. */
  readonly gatheredBytes: number;
  readonly workspaceBytes: number;
}

/**
 * Bytes of a device that do not depend on which layers it has: workspaces, buffers and what is gathered of one layer.
 * @param layer the profile of a layer
 * @param boundaryBytes hidden states of a microbatch
 */
export function fixedBytes(job: Job, layer: UnitProfile, boundaryBytes: number): number {
  const dummies = job.stack.keepsDummyGradients ? dummyGradientBytes(layer) : 0;
  return buffersOf(job, boundaryBytes) + workspaceOf(job) + dummies;
}

/**
 * What captured graphs keep for their inputs and outputs: a few GB, and more than 10 where a pipeline has several
 * microbatches in flight.
 * @source NVIDIA-NeMo/Megatron-Bridge, performance guide
 */
const graphBytes = { alone: 3e9, pipeline: 10e9 };

/** Workspaces of libraries, buffers of the trainer, and what CUDA graphs keep. */
function workspaceOf({ stack, parallelism }: Job): number {
  if (!stack.cudaGraphs) return stack.workspaceBytes;
  return stack.workspaceBytes + (parallelism.degrees.pipeline > 1 ? graphBytes.pipeline : graphBytes.alone);
}

/** Receive buffers of a pipeline: hidden states in one direction and their gradients in the other. */
const pipelineBuffers = 2;

/** Buffers of transfers between stages, and buckets. */
function buffersOf({ stack, parallelism }: Job, boundaryBytes: number): number {
  const transfers = parallelism.degrees.pipeline > 1 ? pipelineBuffers * boundaryBytes : 0;
  return transfers + (parallelism.zeroStage > 0 ? stack.bucketCopyBytes : 0);
}

/** States of so many parameters, as far as they are not on the host. */
export function statesOnDevice(job: Job, parameters: number): ModelStates {
  const { stack, training, parallelism } = job;
  const states = modelStates(parameters, stack, training.precision, training.optimizer, stateSharding(job));
  if (parallelism.offload === undefined) return states;
  const { optimizer, parameters: ofParameters } = parallelism.offload;
  return {
    parametersBytes: states.parametersBytes * (1 - ofParameters),
    gradientsBytes: states.gradientsBytes,
    optimizerBytes: states.optimizerBytes * (1 - optimizer),
    stepBytes: states.stepBytes * (1 - optimizer),
  };
}

/**
 * Bytes that the ranks of one instance keep in its memory: offloaded activations of the microbatches in flight, masters,
 * moments and fp32 gradients of an offloaded optimizer, offloaded parameters.
 */
export function hostBytes(job: Job, plan: PipelinePlan, stages: readonly StageProfile[]): number {
  const { offload } = job.parallelism;
  if (offload === undefined) return 0;
  const { stack, training, cluster } = job;
  const held = microbatchesInFlight(plan);
  let most = 0;
  for (let device = 0; device < plan.stages; device++) {
    const own = stagesByDevice(plan)[device]!;
    const chunks = own.map((stage) => stages[stage]!);
    const parameters = heldParameters(job, chunks);
    const states = modelStates(parameters, stack, training.precision, training.optimizer, stateSharding(job));
    const gradients = fp32Bytes * ownedParameters(job, parameters);
    const activations = sum(own, (stage) => stages[stage]!.hostBytes * held[stage]!);
    const model = offload.optimizer * (states.optimizerBytes + gradients) + offload.parameters * states.parametersBytes;
    most = Math.max(most, activations + model);
  }
  return Math.ceil(most * Math.min(cluster.instance.ranks, cluster.devices));
}

const fp32Bytes = 4;

/** Parameters whose optimizer states a rank owns. */
export function ownedParameters(job: Job, parameters: number): number {
  const { zeroStage, replicas } = stateSharding(job);
  return zeroStage === 0 ? parameters : Math.ceil(parameters / replicas);
}

/** Parameters of a device's chunks with what is added so that ranks share them evenly; every chunk is padded by itself. */
function heldParameters(job: Job, chunks: readonly StageProfile[]): number {
  const { zeroStage, replicas } = stateSharding(job);
  const { hiddenSize } = job.model;
  const padding = ({ profiles }: StageProfile) => {
    const units = profiles.map(({ unit }) => unit.operators);
    return paddingElements(job.stack, { units, hiddenSize, zeroStage, replicas });
  };
  return deviceParameters(chunks) + sum(chunks, padding);
}

/**
 * States of a device's chunks, shards as large as those of the fullest rank; and what padding adds to buffers of
 * parameters and gradients that a rank has whole.
 */
function sharedStates(job: Job, chunks: readonly StageProfile[]) {
  const shared = statesOnDevice(job, heldParameters(job, chunks));
  const exact = statesOnDevice(job, deviceParameters(chunks));
  const zeroStage = exchangeStage(job);
  const parametersBytes = (zeroStage < 3 ? exact : shared).parametersBytes;
  const gradientsBytes = (zeroStage < 2 ? exact : shared).gradientsBytes;
  return {
    states: { ...shared, parametersBytes, gradientsBytes },
    paddingBytes: shared.parametersBytes - parametersBytes + shared.gradientsBytes - gradientsBytes,
  };
}

/** What a device with these chunks holds all through a step, or all through its passes. */
export function deviceMemory(job: Job, chunks: readonly StageProfile[], boundaryBytes: number): DeviceMemory {
  const { stack } = job;
  const { states, paddingBytes } = sharedStates(job, chunks);
  const dummies = stack.keepsDummyGradients ? dummyGradientsOf(chunks) : 0;
  return {
    states,
    bufferBytes: buffersOf(job, boundaryBytes) + paddingBytes + sum(chunks, (chunk) => chunk.offloadBufferBytes),
    gatheredBytes: gatheredBytes(job, chunks),
    workspaceBytes: workspaceOf(job) + dummies,
  };
}

/** What the chunks of a device keep of them: none where it has no layer. */
function dummyGradientsOf(chunks: readonly StageProfile[]): number {
  for (const { profiles } of chunks) {
    const layer = profiles.find(({ unit }) => unit.kind === 'layer');
    if (layer !== undefined) return dummyGradientBytes(layer);
  }
  return 0;
}

/** One 16-bit gradient of each weight of a layer, all layers having the same shapes. */
function dummyGradientBytes({ unit }: UnitProfile): number {
  const weights = unit.operators.filter(({ kind }) => kind === 'matmul');
  return sum(weights, ({ gemm }) => gemm!.n * gemm!.k) * dummyElementBytes;
}

const dummyElementBytes = 2;

/**
 * Parameters gathered under ZeRO 3 and gradients about to be scattered, by software that gathers tensor by tensor: as
 * many as it lets live at once and the tensor that leads beyond them, tensors too small to be sharded, the gradient of
 * one tensor, and the bucket it leaves by. Gathers are timed one layer ahead whatever the limit. An operator counts as
 * one tensor; parameters kept from the forward to the backward pass are among those that live.
 * @source deepspeedai/DeepSpeed deepspeed/runtime/zero/partitioned_param_coordinator.py: fetch_sub_module
 */
function liveBytes(job: Job, gathers: TensorGathers, stages: readonly StageProfile[]): number {
  const { parameter, gradient } = exchangedBytes(job);
  let sharded = 0;
  let whole = 0;
  let largest = 0;
  for (const { profiles } of stages) {
    for (const { unit } of profiles) {
      for (const { parameters } of unit.operators) {
        if (parameters < gathers.persistenceThreshold) whole += parameters;
        else sharded += parameters;
        largest = Math.max(largest, parameters);
      }
    }
  }
  const live = Math.min(sharded, gathers.mostLiveParameters + largest);
  return (live + whole + largest) * parameter + gathers.bucketElements * gradient;
}

/**
 * Parameters gathered under ZeRO 3 and gradients about to be scattered, at the fullest moment of the backward pass: two
 * layers gathered, and one's gradient as it was computed and as it is reduced (twice where it is concatenated first); the
 * head stays gathered.
 * @source pytorch/pytorch torch/distributed/fsdp: two all-gathers alive, reduce-scatter input in the reduce format
 */
function gatheredBytes(job: Job, stages: readonly StageProfile[]): number {
  const { shardingDegree, degrees } = job.parallelism;
  if (exchangeStage(job) < 3 || shardingDegree * degrees.context === 1) return 0;
  const { gathers } = job.stack;
  if (gathers !== 'units') return liveBytes(job, gathers, stages);
  const { parameter, gradient } = exchangedBytes(job);
  let layer = 0;
  let head = 0;
  for (const { profiles } of stages) {
    for (const { unit, parameters } of profiles) {
      if (unit.kind === 'layer' || unit.kind === 'operator') layer = Math.max(layer, parameters);
      else if (unit.kind === 'head') head = parameters;
    }
  }
  return layer * (3 * parameter + job.stack.scatteredCopies * gradient) + head * parameter;
}
