import { fail } from '../errors.ts';
import { unitPath } from '../graph/computeGraph.ts';
import { bytesAcross, type Chain, hiddenBytes } from '../graph/slice.ts';
import type { Job } from '../job/job.ts';
import { lazily, once } from '../keep.ts';
import { communicatorCount, outsideBytes } from '../memory/framework.ts';
import { type Cuts, evaluate, layers, type PartitionProblem, uniform, virtualStageCount } from '../partition/index.ts';
import { FloatArrays } from '../pipeline/arrays.ts';
import { deviceOf, isDeviceMap } from '../pipeline/placement.ts';
import type { StagePlacement } from '../pipeline/schedule.ts';
import { formatCount } from '../units.ts';
import { chainItems } from './chainItems.ts';
import { cutExactly, cutMultilevel, type OrderedCuts } from './cutMultilevel.ts';
import { fixedBytes, statesOnDevice } from './deviceMemory.ts';
import type { ProfileOf } from './stageProfile.ts';

/** The chain as the partitioners see it: seconds and bytes of every item, and the limits of every device. */
function partitionProblem(
  job: Job,
  chain: Chain,
  profileOf: ProfileOf,
  placement: StagePlacement,
  transfers: Float64Array,
  inFlight: Float64Array,
): PartitionProblem {
  const shape = shapeOf(job, placement);
  const { degrees, microBatchSize } = job.parallelism;
  const { stack, cluster } = job;
  const count = chain.length;
  const arrays = new FloatArrays(6 * count - 2 + degrees.pipeline);
  const seconds = arrays.take(count);
  const staticBytes = arrays.take(count);
  const activationBytes = arrays.take(count);
  const transientBytes = arrays.take(count);
  const boundarySeconds = arrays.take(count - 1);
  const boundaryBytes = arrays.take(count - 1);
  const capacityBytes = arrays.take(degrees.pipeline);
  const blockingSeconds = blockingSecondsPerByte(job, chain, transfers);
  const slack = 1 + stack.fragmentation;
  const statesOf = once((parameters: number) => {
    const states = statesOnDevice(job, parameters);
    const steady = states.parametersBytes + states.gradientsBytes + states.optimizerBytes;
    return { steady, step: states.stepBytes * slack };
  });
  const items = chainItems(job, chain, profileOf);
  items.forEach((item, index) => {
    seconds[index] = item.seconds;
    staticBytes[index] = statesOf(item.parameters).steady;
    activationBytes[index] = item.savedBytes * slack;
    transientBytes[index] = item.transientBytes * slack;
    if (index + 1 === count) return;
    boundaryBytes[index] = bytesAcross(chain, index + 1) * microBatchSize;
    boundarySeconds[index] = 2 * blockingSeconds * boundaryBytes[index]!;
  });
  const hidden = hiddenBytes(chain.graph) * microBatchSize;
  const communicators = communicatorCount(degrees, job.model.tiedEmbeddings);
  const layer = profileOf(chain.graph.units[1] ?? chain.graph.units[0]!, 'none');
  const lossBytes = profileOf(chain.graph.units.at(-1)!, 'none').memory.lossTransientBytes * slack;
  const usable =
    cluster.instance.accelerator.usableMemoryBytes -
    outsideBytes(stack, communicators) -
    fixedBytes(job, layer, hidden);
  // The allocator keeps room for the loss beside that of the fullest layer.
  if (lossBytes > 0) {
    let layersAtOnce = 0;
    for (let item = 0; item + 1 < count; item++) layersAtOnce = Math.max(layersAtOnce, transientBytes[item]!);
    transientBytes[count - 1] = Math.max(transientBytes[count - 1]!, layersAtOnce + lossBytes);
  }
  capacityBytes.fill(usable);
  const step = items.map(({ parameters }) => statesOf(parameters).step);
  if (stepIsFuller(step, activationBytes, transientBytes, shape, inFlight)) {
    step.forEach((bytes, item) => {
      staticBytes[item]! += bytes;
    });
    activationBytes.fill(0);
    transientBytes.fill(0);
  }
  // The output of a stage stays with it for every microbatch in flight, where the stack keeps it.
  if (stack.keepsPipelineOutputs) {
    for (let stage = 0; stage < inFlight.length - 1; stage++) {
      capacityBytes[deviceOf(shape.placement, degrees.pipeline, stage)]! -= inFlight[stage]! * hidden * slack;
    }
  }
  return {
    seconds,
    staticBytes,
    activationBytes,
    transientBytes,
    boundarySeconds,
    boundaryBytes,
    ...shape,
    inFlight,
    capacityBytes,
    cutsAfter: job.parallelism.cutsAfter.map((name) => itemNamed(chain, name)),
  };
}

/**
 * Whether the optimizer's step takes more on every device, in even shares, than all that its passes hold: then it decides
 * what fits, and passes need not be looked at.
 */
function stepIsFuller(
  step: readonly number[],
  activationBytes: Float64Array,
  transientBytes: Float64Array,
  { placement, stages }: ReturnType<typeof shapeOf>,
  inFlight: Float64Array,
): boolean {
  const stepBytes = total(step) / stages;
  const largest = transientBytes.reduce((most, bytes) => Math.max(most, bytes), 0);
  if (stepBytes <= largest) return false;
  const held = new Float64Array(stages);
  for (let stage = 0; stage < inFlight.length; stage++) {
    held[deviceOf(placement, stages, stage)]! += inFlight[stage]!;
  }
  const ofPasses = (total(activationBytes) / inFlight.length) * Math.max(...held) + largest;
  return stepBytes > ofPasses;
}

function total(bytes: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at++) sum += bytes[at]!;
  return sum;
}

/** How the virtual stages of a job lie on its devices, as the partitioners ask for it. */
function shapeOf(job: Job, placement: StagePlacement) {
  if (isDeviceMap(placement)) throw new Error('whoever chose the devices has cut the model too');
  const { degrees, virtualStages } = job.parallelism;
  return { stages: degrees.pipeline, virtualStages: placement === 'v' ? 2 : virtualStages, placement };
}

function refuseTooMany(job: Job, chain: Chain, placement: StagePlacement): void {
  const { degrees, virtualStages } = job.parallelism;
  const parts = degrees.pipeline * (placement === 'dual' ? 1 : virtualStages);
  if (parts <= chain.length) return;
  const message = `makes ${formatCount(parts)} virtual stages of only ${formatCount(chain.length)} operators`;
  const would = formatCount(Math.floor(chain.length / virtualStages));
  fail('parallelism.pipeline', `${message}; ${would} or less would do`);
}

/**
 * What a byte that is sent one way costs each of two neighbouring stages. Devices are free to send while they compute,
 * or not, as the stack does; only a blocking transfer is their work.
 * @param transfers seconds that the hidden states take from each virtual stage to the next
 */
function blockingSecondsPerByte(job: Job, chain: Chain, transfers: Float64Array): number {
  const hidden = hiddenBytes(chain.graph) * job.parallelism.microBatchSize;
  return job.stack.pipelineTransfers === 'blocking' && hidden > 0 ? (transfers[0] ?? 0) / hidden : 0;
}

/** Operators that a fault lists. */
const mostListed = 24;

/** The last item of a unit, or an operator, by its name: `layer.11`, or `layer.11.attention.core` at operators. */
function itemNamed(chain: Chain, name: string): number {
  const { graph, places, length } = chain;
  const isWhole = name.startsWith('transformer.') || graph.model.graph !== undefined;
  const wanted = isWhole ? name : `transformer.${name}`;
  const unit = graph.units.findIndex((_, index) => {
    const path = unitPath(graph, index);
    return wanted === path || (graph.model.graph === undefined && wanted.startsWith(`${path}.`));
  });
  const path = unit < 0 ? '' : unitPath(graph, unit);
  if (wanted === path) return places.findIndex((place) => place.unit > unit) - 1;
  const operators = unit < 0 ? [] : graph.units[unit].operators.map(({ module }) => module);
  const at = operators.indexOf(wanted.slice(path.length + 1));
  if (at < 0 || length === graph.units.length) {
    const would = wouldDo(operators, path, length === graph.units.length);
    fail('parallelism.cutsAfter', `"${name}" names nothing after which a stage may end; ${would}`);
  }
  return places.findIndex((place) => place.unit === unit && place.operator === at);
}

function wouldDo(operators: readonly string[], path: string, wholeUnits: boolean): string {
  if (wholeUnits) return 'embedding and layer.0, layer.1, … do, and with cutAt operator the operators of them';
  if (operators.length === 0) return 'embedding, layer.0 and so on do, and their operators, as layer.0.attention.core';
  return `${path.slice('transformer.'.length)} has ${operators.slice(0, mostListed).join(', ')}`;
}

/** Where a model is cut into virtual stages. Figures of cuts that no figure decides are worked out for those who ask. */
export interface StageCuts {
  readonly chain: Chain;
  readonly ends: Int32Array;
  readonly problem: () => PartitionProblem;
  readonly cuts: () => Cuts;
}

/**
 * Cuts the chain as the job asks; where that needs another order of its operators, in that order.
 * @param transfers seconds that the hidden states take from each virtual stage to the next
 * @param inFlight microbatches of each virtual stage that its device holds
 */
export function cutStages(
  job: Job,
  chain: Chain,
  profileOf: ProfileOf,
  placement: StagePlacement,
  transfers: Float64Array,
  inFlight: Float64Array,
): StageCuts {
  const { partitioner } = job.parallelism;
  refuseTooMany(job, chain, placement);
  const problem = lazily(() => partitionProblem(job, chain, profileOf, placement, transfers, inFlight));
  const blockingSeconds = blockingSecondsPerByte(job, chain, transfers);
  const stages = virtualStageCount(shapeOf(job, placement));
  switch (partitioner.kind) {
    case 'exact':
      return ordered(cutExactly(job, chain, problem(), blockingSeconds));
    case 'multilevel':
      return ordered(cutMultilevel(job, chain, problem(), blockingSeconds));
    case 'uniform': {
      const ends = uniform(chain.length, stages);
      return { chain, ends, problem, cuts: lazily(() => evaluate(problem(), ends)) };
    }
    case 'layers': {
      const ends = layers(chain.length, stages, partitioner.stageLayers);
      return { chain, ends, problem, cuts: lazily(() => evaluate(problem(), ends)) };
    }
    case 'tree':
      throw new Error('a module tree deals out modules, not a chain');
  }
}

function ordered({ chain, problem, cuts }: OrderedCuts): StageCuts {
  return { chain, ends: cuts.ends, problem: () => problem, cuts: () => cuts };
}
