import type { ComputeGraph, Unit } from '../graph/computeGraph.ts';
import { parameterReplicas } from '../graph/degrees.ts';
import { operatorGraph } from '../graph/graphModel.ts';
import { sum } from '../graph/operator.ts';
import { transformerGraph } from '../graph/transformer.ts';
import { groupOf } from '../hardware/collectives/index.ts';
import { slowestOf } from '../hardware/slowest.ts';
import type { Job } from '../job/job.ts';
import { keep, oncePerObject } from '../keep.ts';
import type { StateSharding } from '../memory/states.ts';
import { type UnitRecompute, unitMemory } from '../memory/unitMemory.ts';
import type { RankLayout } from '../partition/placement.ts';
import { findSchedule } from '../pipeline/schedules/index.ts';
import { normIsPersistent } from '../stack/persistentNorm.ts';
import { elementBytes, gradientBytes } from '../stack/precision.ts';
import { ValueCache, valueNumber } from './cache.ts';
import type { ProfileOf, UnitProfile } from './stageProfile.ts';
import type { UnitContext } from './unitContext.ts';
import { unitCost } from './unitCost.ts';

const graphs = new ValueCache<ComputeGraph>(512);
const profiles = new ValueCache<ProfileOf>(2048);

let graphsNumbered = 0;

/** A number for a graph, each its own. */
const numberOf = oncePerObject((_: ComputeGraph) => graphsNumbered++);

/** One rank's share of the job's model; built once for equal models, stacks and shardings. */
export function rankGraph(job: Job): ComputeGraph {
  const { tensor, context, sequenceParallel } = job.parallelism.degrees;
  const { sequenceLength, precision } = job.training;
  const sharding = { tensor, context, sequenceParallel, sequenceLength, elementBytes: elementBytes(precision) };
  const { model } = job;
  const key = `${valueNumber(model)} ${valueNumber(job.stack)} ${tensor} ${context} ${sequenceParallel} ${sequenceLength} ${sharding.elementBytes}`;
  return graphs.get(key, () =>
    model.graph === undefined ? transformerGraph(model, job.stack, sharding) : operatorGraph(model, model.graph),
  );
}

/** ZeRO divides optimizer states among the sharding group, which context ranks always multiply. */
export function stateSharding(job: Job): StateSharding {
  const { zeroStage, shardingDegree, degrees } = job.parallelism;
  const replicas = shardingDegree * (parameterReplicas(degrees) / degrees.data);
  return {
    zeroStage,
    replicas,
    staysGathered: staysGathered(job),
    stochasticRounding: job.training.stochasticRounding,
  };
}

/** Whether sharded parameters are gathered and their gradients scattered once a step, and not in every pass. */
export function staysGathered({ stack, parallelism }: Job): boolean {
  const { zeroStage, shardingDegree, degrees } = parallelism;
  const sharded = zeroStage >= 2 && shardingDegree * degrees.context > 1;
  return sharded && degrees.pipeline > 1 && stack.staysGatheredInPipelines;
}

/** The stage of ZeRO as which gradients and parameters are exchanged: shards that stay gathered are so once a step. */
export function exchangeStage(job: Job): 0 | 1 | 2 | 3 {
  return staysGathered(job) ? 1 : job.parallelism.zeroStage;
}

/** Cost, memory and states of each kind of unit under each way to recompute it; one and the same for equal jobs. */
export function unitProfiles(job: Job, graph: ComputeGraph, layout: RankLayout): ProfileOf {
  const { instance, devices } = job.cluster;
  const { degrees, microBatchSize } = job.parallelism;
  const context: UnitContext = {
    accelerator: slowestOf(instance.accelerator, devices),
    stack: job.stack,
    choice: {
      precision: job.training.precision,
      precisionRecipe: job.stack.precisionRecipe,
      attention: job.stack.attention,
      persistentNorm: normIsPersistent(job.stack, job.model.hiddenSize),
      gradientAccumulation: staysGathered(job) ? 'separate' : job.stack.gradientAccumulation,
      gradientBytes: gradientBytes(job.stack.gradientAccumulationDtype),
    },
    tensorGroup: groupOf(instance, degrees.tensor, layout.tensor, devices),
    contextGroup: groupOf(instance, degrees.context, layout.context, devices),
    splitsBackward: findSchedule(job.parallelism.schedule).splitsBackward,
    sequences: microBatchSize,
  };
  const key = [
    valueNumber(instance),
    context.accelerator.slowestClock,
    // Profiles are found by the units of one graph: an equal graph that was built again has others.
    numberOf(graph),
    valueNumber(job.stack),
    job.training.precision,
    job.training.sequenceLength,
    degrees.tensor,
    degrees.context,
    degrees.sequenceParallel,
    microBatchSize,
    context.splitsBackward,
    context.choice.gradientAccumulation,
    // Groups that lie otherwise on the instances meet other links.
    context.tensorGroup.ranksPerNode,
    context.tensorGroup.stride,
    context.contextGroup.ranksPerNode,
    context.contextGroup.stride,
  ].join(' ');
  return profiles.get(key, () => {
    const known = new Map<Unit, Map<UnitRecompute, UnitProfile>>();
    return (unit, recompute) => {
      const modes = keep(known, unit, () => new Map<UnitRecompute, UnitProfile>());
      return keep(modes, recompute, () => profileUnit(unit, recompute, context));
    };
  });
}

/** A unit, or a slice of one, under a way to recompute it. */
function profileUnit(unit: Unit, mode: UnitRecompute, context: UnitContext): UnitProfile {
  return {
    unit,
    recompute: mode,
    cost: unitCost(unit, context, mode),
    memory: unitMemory(unit, context.stack, context.sequences, mode),
    parameters: sum(unit.operators, (operator) => operator.parameters),
    wholeParameters: sum(unit.operators, (operator) => operator.wholeParameters),
    tiedParameters: sum(unit.operators, ({ tied, parameters }) => (tied === undefined ? 0 : parameters)),
  };
}
