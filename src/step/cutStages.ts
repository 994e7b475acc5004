import type { ComputeGraph } from '../graph/computeGraph.ts';
import type { Job } from '../job/job.ts';
import { modelStates } from '../memory/states.ts';
import { type Cuts, exact, layers, type PartitionProblem, uniform } from '../partition/index.ts';
import type { StagePlacement } from '../pipeline/schedule.ts';
import { stateSharding } from './profiles.ts';
import { backwardSeconds, forwardSeconds, layerRecompute, type ProfileOf } from './stageProfile.ts';

/** The chain of units as the partitioners see it: seconds and bytes of every unit, and the limits of every device. */
export function partitionProblem(
  job: Job,
  graph: ComputeGraph,
  profileOf: ProfileOf,
  placement: StagePlacement,
  transfers: Float64Array,
  inFlight: Float64Array,
): PartitionProblem {
  const { units } = graph;
  const { degrees, virtualStages, microBatchSize, recompute } = job.parallelism;
  const { stack, training, cluster } = job;
  const sharding = stateSharding(job);
  const count = units.length;
  const seconds = new Float64Array(count);
  const staticBytes = new Float64Array(count);
  const activationBytes = new Float64Array(count);
  const transientBytes = new Float64Array(count);
  const perStage = Math.ceil((count - 2) / (degrees.pipeline * virtualStages));
  const slack = 1 + stack.fragmentation;
  units.forEach((unit, index) => {
    const mode = unit.kind === 'layer' ? layerRecompute(recompute, index - 1, (index - 1) % perStage) : 'none';
    const { cost, memory, parameters } = profileOf(unit, mode);
    const states = modelStates(parameters, stack, training.precision, training.optimizer, sharding);
    seconds[index] = forwardSeconds(cost) + backwardSeconds(cost);
    staticBytes[index] = states.parametersBytes + states.gradientsBytes + states.optimizerBytes;
    activationBytes[index] = memory.savedBytes * slack;
    transientBytes[index] = memory.backwardTransientBytes * slack;
  });
  // Devices are free to send while they compute, or not, as the stack does; only a blocking transfer is their work.
  const blocking = stack.pipelineTransfers === 'blocking' ? (transfers[0] ?? 0) : 0;
  const boundary = units[0]!.boundaryBytes * microBatchSize;
  const usable = cluster.instance.accelerator.usableMemoryBytes - stack.contextBytes - stack.workspaceBytes;
  return {
    seconds,
    staticBytes,
    activationBytes,
    transientBytes,
    boundarySeconds: new Float64Array(count - 1).fill(2 * blocking),
    boundaryBytes: new Float64Array(count - 1).fill(boundary),
    stages: degrees.pipeline,
    virtualStages: placement === 'v' ? 2 : virtualStages,
    placement,
    inFlight,
    capacityBytes: new Float64Array(degrees.pipeline).fill(degrees.pipeline > 1 ? usable - 2 * boundary : usable),
    cutsAfter: [],
  };
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
  }
}
