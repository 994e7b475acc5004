import { fail } from '../errors.ts';
import { unitPath } from '../graph/computeGraph.ts';
import { bytesAcross, type Chain } from '../graph/slice.ts';
import type { Job } from '../job/job.ts';
import { communicatorCount, outsideBytes } from '../memory/framework.ts';
import { type Cuts, exact, layers, type PartitionProblem, uniform } from '../partition/index.ts';
import { isDeviceMap } from '../pipeline/placement.ts';
import type { StagePlacement } from '../pipeline/schedule.ts';
import { formatCount } from '../units.ts';
import { chainItems } from './chainItems.ts';
import { statesOnDevice } from './deviceMemory.ts';
import type { ProfileOf } from './stageProfile.ts';

/** The chain as the partitioners see it: seconds and bytes of every item, and the limits of every device. */
export function partitionProblem(
  job: Job,
  chain: Chain,
  profileOf: ProfileOf,
  placement: StagePlacement,
  transfers: Float64Array,
  inFlight: Float64Array,
): PartitionProblem {
  if (isDeviceMap(placement)) throw new Error('whoever chose the devices has cut the model too');
  const { degrees, virtualStages, microBatchSize } = job.parallelism;
  const { stack, cluster } = job;
  const count = chain.length;
  const parts = degrees.pipeline * (placement === 'dual' ? 1 : virtualStages);
  if (parts > count) {
    const message = `makes ${formatCount(parts)} virtual stages of only ${formatCount(count)} operators`;
    fail('parallelism.pipeline', `${message}; ${formatCount(Math.floor(count / virtualStages))} or less would do`);
  }
  const seconds = new Float64Array(count);
  const staticBytes = new Float64Array(count);
  const activationBytes = new Float64Array(count);
  const transientBytes = new Float64Array(count);
  const boundaryBytes = new Float64Array(count - 1);
  const slack = 1 + stack.fragmentation;
  chainItems(job, chain, profileOf).forEach((item, index) => {
    const states = statesOnDevice(job, item.parameters);
    seconds[index] = item.seconds;
    staticBytes[index] = states.parametersBytes + states.gradientsBytes + states.optimizerBytes;
    activationBytes[index] = item.savedBytes * slack;
    transientBytes[index] = item.transientBytes * slack;
    if (index + 1 < count) boundaryBytes[index] = bytesAcross(chain, index + 1) * microBatchSize;
  });
  // Devices are free to send while they compute, or not, as the stack does; only a blocking transfer is their work.
  const blocking = stack.pipelineTransfers === 'blocking' ? (transfers[0] ?? 0) : 0;
  const hidden = chain.graph.units[0].boundaryBytes * microBatchSize;
  const communicators = communicatorCount(degrees, job.model.tiedEmbeddings);
  const usable =
    cluster.instance.accelerator.usableMemoryBytes - outsideBytes(stack, communicators) - stack.workspaceBytes;
  return {
    seconds,
    staticBytes,
    activationBytes,
    transientBytes,
    boundarySeconds: boundaryBytes.map((bytes) => 2 * blocking * (bytes / hidden)),
    boundaryBytes,
    stages: degrees.pipeline,
    virtualStages: placement === 'v' ? 2 : virtualStages,
    placement,
    inFlight,
    capacityBytes: new Float64Array(degrees.pipeline).fill(degrees.pipeline > 1 ? usable - 2 * hidden : usable),
    cutsAfter: job.parallelism.cutsAfter.map((name) => itemNamed(chain, name)),
  };
}

/** Operators that a fault lists. */
const mostListed = 24;

/** The last item of a unit, or an operator, by its name: `layer.11`, or `layer.11.attention.core` at operators. */
function itemNamed(chain: Chain, name: string): number {
  const { graph, places, length } = chain;
  const wanted = name.startsWith('transformer.') ? name : `transformer.${name}`;
  const unit = graph.units.findIndex((_, index) => {
    const path = unitPath(graph, index);
    return wanted === path || wanted.startsWith(`${path}.`);
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

/** Cuts the chain as the job asks. */
export function cutStages(job: Job, problem: PartitionProblem): Cuts {
  const { partitioner } = job.parallelism;
  switch (partitioner.kind) {
    case 'exact':
      return exact(problem);
    case 'uniform':
      return uniform(problem);
    case 'layers':
      return layers(problem, partitioner.stageLayers);
    case 'tree':
      throw new Error('a module tree deals out modules, not a chain');
  }
}
