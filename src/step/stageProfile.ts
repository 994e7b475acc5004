import type { Unit, UnitKind } from '../graph/computeGraph.ts';
import { sum } from '../graph/operator.ts';
import { type Chain, piecesBetween } from '../graph/slice.ts';
import type { Job } from '../job/job.ts';
import { keep, oncePerObject } from '../keep.ts';
import type { Recompute } from '../memory/recompute.ts';
import type { UnitMemory, UnitRecompute } from '../memory/unitMemory.ts';
import type { PipelinePlan } from '../pipeline/plan.ts';
import type { PipelineCosts, PipelineShape } from '../pipeline/schedule.ts';
import { stagesByDevice } from '../pipeline/stagesByDevice.ts';
import { areAlike } from './cache.ts';
import { batchWaitSeconds } from './hostWait.ts';
import { exposedOffloadSeconds, hostRates } from './offloadedPass.ts';
import type { UnitCost } from './unitCost.ts';

/** Everything one unit needs, of one rank and one microbatch. */
export interface UnitProfile {
  readonly unit: Unit;
  readonly recompute: UnitRecompute;
  readonly cost: UnitCost;
  readonly memory: UnitMemory;
  readonly parameters: number;
  readonly wholeParameters: number;
  /** Those that the unit shares with one at the other end of the model. */
  readonly tiedParameters: number;
}

/** The profile of a unit under a way to recompute it. */
export type ProfileOf = (unit: Unit, recompute: UnitRecompute) => UnitProfile;

/** The sum of a virtual stage's units. */
export interface StageProfile extends UnitCost {
  readonly profiles: readonly UnitProfile[];
  /** Transformer layers; one that is cut counts where it begins. */
  readonly layers: number;
  readonly operators: number;
  readonly parameters: number;
  readonly wholeParameters: number;
  readonly tiedParameters: number;
  readonly savedBytes: number;
  readonly weightBytes: number;
  /** Alive only in a backward pass: of the checkpoint that needs most, and of the loss. */
  readonly backwardTransientBytes: number;
  readonly lossTransientBytes: number;
  /** Holds the tensor that the two ends of the model share, as the embedding's and as the head's. */
  readonly holdsEmbedding: boolean;
  readonly holdsHead: boolean;
  /** Hidden states handed to the next stage, bytes of one microbatch. */
  readonly sendBytes: number;
  /** Gathering parameters and scattering gradients where nothing hides it: under ZeRO 2 and 3 a part of every pass. */
  readonly forwardDataComm: number;
  readonly backwardDataComm: number;
  /** Waiting for copies to and from the host. */
  readonly forwardOffload: number;
  readonly backwardOffload: number;
  /** Bytes of one microbatch that are saved on the host, and those on their way there or back at once. */
  readonly hostBytes: number;
  readonly offloadBufferBytes: number;
}

/** How layer number `layer` of the model, the `position`-th of its virtual stage, is recomputed. */
export function layerRecompute(recompute: Recompute, layer: number, position: number): UnitRecompute {
  switch (recompute.mode) {
    case 'none':
    case 'selective':
    case 'selective-op':
      return recompute.mode;
    case 'full':
      if (recompute.layers !== undefined) return position < recompute.layers ? 'full' : 'none';
      if (recompute.every !== undefined) return layer % recompute.every === 0 ? 'full' : 'none';
      if (recompute.group !== undefined) return position % recompute.group === 0 ? 'full' : 'inner';
      return 'full';
    case 'chosen':
      return recompute.layers[layer]!;
    case 'auto':
      // Only where stages are not yet known: the choice is made stage by stage afterwards.
      return 'full';
  }
}

/** What a backward pass needs at most: all units of a checkpoint computed again, and the gradients of one of them. */
function passTransientBytes(profiles: readonly UnitProfile[]): number {
  let most = 0;
  let again = 0;
  let gradients = 0;
  for (const { memory, recompute } of profiles) {
    if (recompute !== 'inner') {
      again = 0;
      gradients = 0;
    }
    again += memory.recomputedBytes;
    gradients = Math.max(gradients, memory.gradientBytes);
    most = Math.max(most, again + gradients);
  }
  return most;
}

/** How embedding and head are recomputed: with whole layers, under stacks that checkpoint all they string together. */
export function endRecompute({ stack }: Job, recompute: Recompute, { kind }: Pick<Unit, 'kind'>): UnitRecompute {
  if (stack.checkpoints === 'layers' || kind === 'operator' || recompute.mode !== 'full') return 'none';
  return (recompute.layers ?? recompute.every ?? recompute.group) === undefined ? 'full' : 'none';
}

/** The items of a chain from `from` up to, not including, `to`, each as it is recomputed; and layers that begin there. */
export function unitsBetween(job: Job, chain: Chain, from: number, to: number, profileOf: ProfileOf) {
  const { recompute, partitioner } = job.parallelism;
  const profiles: UnitProfile[] = [];
  let layers = 0;
  for (const { index, unit, begins } of piecesBetween(chain, from, to)) {
    const isLayer = unit.kind === 'layer';
    // SageMaker's library ignores the checkpoint of a layer that its module tree cuts.
    const kept = isLayer && partitioner.kind === 'tree' && unit.share !== undefined;
    const mode = isLayer ? layerRecompute(recompute, index - 1, layers) : endRecompute(job, recompute, unit);
    profiles.push(profileOf(unit, kept ? 'none' : mode));
    if (isLayer && begins) layers += 1;
  }
  return { profiles, layers };
}

/** Adds up the units of a virtual stage that hands on so many bytes. */
export function stageProfile(
  job: Job,
  profiles: readonly UnitProfile[],
  layers: number,
  sendBytes: number,
  dataComm: DataComm,
): StageProfile {
  const holds = (kind: UnitKind) =>
    profiles.some(({ unit, tiedParameters }) => unit.kind === kind && tiedParameters > 0);
  const keptOutput = job.stack.keepsPipelineOutputs ? sendBytes : 0;
  const offload = offloadOf(job, profiles);
  const cost = (part: keyof UnitCost) => sum(profiles, (profile) => profile.cost[part]);
  return {
    profiles,
    layers,
    operators: sum(profiles, ({ unit }) => unit.operators.length),
    parameters: sum(profiles, (profile) => profile.parameters),
    wholeParameters: sum(profiles, (profile) => profile.wholeParameters),
    tiedParameters: sum(profiles, (profile) => profile.tiedParameters),
    savedBytes: sum(profiles, ({ memory }) => memory.savedBytes) + keptOutput - offload.hostBytes,
    backwardTransientBytes: passTransientBytes(profiles),
    weightBytes: Math.max(0, sum(profiles, ({ memory }) => memory.weightBytes) + keptOutput - offload.hostBytes),
    lossTransientBytes: sum(profiles, ({ memory }) => memory.lossTransientBytes),
    holdsEmbedding: holds('embedding'),
    holdsHead: holds('head'),
    sendBytes,
    forward: cost('forward') + batchWaitSeconds(job.stack),
    recompute: cost('recompute'),
    backwardInput: cost('backwardInput'),
    backwardWeight: cost('backwardWeight'),
    forwardTensorComm: cost('forwardTensorComm'),
    recomputeTensorComm: cost('recomputeTensorComm'),
    backwardTensorComm: cost('backwardTensorComm'),
    forwardContextComm: cost('forwardContextComm'),
    recomputeContextComm: cost('recomputeContextComm'),
    backwardContextComm: cost('backwardContextComm'),
    forwardProducts: cost('forwardProducts'),
    backwardProducts: cost('backwardProducts'),
    ...dataComm.of(profiles),
    ...offload,
  };
}

const nothingOffloaded = { forwardOffload: 0, backwardOffload: 0, hostBytes: 0, offloadBufferBytes: 0 };

/** What copying saved tensors to the host and back does to a stage. */
function offloadOf(job: Job, profiles: readonly UnitProfile[]) {
  const { offload } = job.parallelism;
  if (offload === undefined || offload.activations === 0) return nothingOffloaded;
  const bytes = profiles.map(({ unit, memory }) =>
    unit.kind === 'layer' ? offload.activations * memory.offloadableBytes : 0,
  );
  const hostBytes = sum(bytes, (part) => part);
  const rates = hostRates(job.cluster);
  const inTasks = job.stack.offloads.horizonIn === 'tasks';
  const units = profiles.map(({ cost }, index) => ({
    forward: forwardSeconds(cost),
    backward: backwardSeconds(cost),
    toHost: bytes[index]! / rates.toHost,
    toDevice: bytes[index]! / rates.toDevice,
  }));
  const window = offload.horizon * (inTasks ? profiles.length : 1);
  return {
    ...exposedOffloadSeconds(units, window),
    hostBytes,
    offloadBufferBytes: inTasks
      ? Math.min(offload.horizon, job.parallelism.microbatches) * hostBytes
      : offload.horizon * Math.max(0, ...bytes),
  };
}

/** What communication among data replicas adds to the passes of a stage. */
export interface DataComm {
  readonly of: (profiles: readonly UnitProfile[]) => Pick<StageProfile, 'forwardDataComm' | 'backwardDataComm'>;
  /** One and the same text for jobs of the same units to which it adds the same; absent where nearly all differ. */
  readonly alikeBy?: string;
}

/** Seconds of one microbatch in the forward pass: exposed communication is part of the pass it holds up. */
export function forwardSeconds(stage: UnitCost & Partial<StageProfile>): number {
  return (
    stage.forward +
    stage.forwardTensorComm +
    stage.forwardContextComm +
    (stage.forwardDataComm ?? 0) +
    (stage.forwardOffload ?? 0)
  );
}

/** The same for the backward pass of the inputs, with what it computes again. */
export function backwardInputSeconds(stage: UnitCost & Partial<StageProfile>): number {
  return (
    stage.recompute +
    stage.recomputeTensorComm +
    stage.recomputeContextComm +
    stage.backwardInput +
    stage.backwardTensorComm +
    stage.backwardContextComm +
    (stage.backwardDataComm ?? 0) +
    (stage.backwardOffload ?? 0)
  );
}

/** The same for the whole backward pass. */
export function backwardSeconds(stage: UnitCost & Partial<StageProfile>): number {
  return backwardInputSeconds(stage) + stage.backwardWeight;
}

const passSeconds = oncePerObject((stages: readonly StageProfile[]) => ({
  forward: Float64Array.from(stages, forwardSeconds),
  backward: Float64Array.from(stages, backwardSeconds),
  backwardInput: Float64Array.from(stages, backwardInputSeconds),
  weight: Float64Array.from(stages, ({ backwardWeight }) => backwardWeight),
}));

/** What the pipeline's tasks cost. */
export function stageCosts(
  stages: readonly StageProfile[],
  splitsBackward: boolean,
  communication: Float64Array,
): PipelineCosts {
  const { forward, backward, backwardInput, weight } = passSeconds(stages);
  return { forward, backward: splitsBackward ? backwardInput : backward, weight, communication };
}

/** Parameters that a device holds for its chunks: a tensor tied between two of them is there once. */
export function deviceParameters(stages: readonly StageProfile[]): number {
  let parameters = 0;
  let tied = 0;
  let holdsEmbedding = false;
  let holdsHead = false;
  for (const stage of stages) {
    parameters += stage.parameters;
    tied += stage.tiedParameters;
    holdsEmbedding ||= stage.holdsEmbedding;
    holdsHead ||= stage.holdsHead;
  }
  return holdsEmbedding && holdsHead ? parameters - tied / 2 : parameters;
}

/** The most bytes of one microbatch that any virtual stage hands to the next: what buffers of transfers are made for. */
export function largestTransferBytes(stages: readonly StageProfile[]): number {
  return stages.reduce((most, { sendBytes }) => Math.max(most, sendBytes), 0);
}

const chunksOf = oncePerObject((_: readonly StageProfile[]) => new WeakMap<PipelinePlan, StageProfile[][]>());

/**
 * The virtual stages that each device holds, by chunk; where microbatches enter at both ends, one for either direction.
 * One and the same list for devices that hold the same.
 */
export function chunksByDevice(
  plan: PipelinePlan,
  stages: readonly StageProfile[],
): readonly (readonly StageProfile[])[] {
  return keep(chunksOf(stages), plan, () => {
    const known: StageProfile[][] = [];
    return stagesByDevice(plan).map((own) => {
      const chunks = own.map((stage) => stages[stage]!);
      const alike = known.find((one) => areAlike(one, chunks));
      if (alike === undefined) known.push(chunks);
      return alike ?? chunks;
    });
  });
}

/** Those of one device. */
export function stagesOf(plan: PipelinePlan, stages: readonly StageProfile[], device: number): readonly StageProfile[] {
  return chunksByDevice(plan, stages)[device]!;
}

/** The pipeline's shape, as schedules ask for it. */
export function pipelineShape(job: Job): PipelineShape {
  const { degrees, virtualStages, microbatches, microbatchGroupSize, activeMicrobatches } = job.parallelism;
  return { stages: degrees.pipeline, virtualStages, microbatches, microbatchGroupSize, activeMicrobatches };
}
