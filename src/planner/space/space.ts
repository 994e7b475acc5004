import { ForetrainError } from '../../errors.ts';
import { mostPasses } from '../../job/checks/schedule.ts';
import { divisors } from '../../job/divisors.ts';
import { readJob } from '../../job/readJob.ts';
import { mostVirtualStages } from '../../job/schema/parallelism.ts';
import { placementLetters } from '../../partition/placement.ts';
import { placementOf, type Schedule } from '../../pipeline/schedule.ts';
import { schedules } from '../../pipeline/schedules/index.ts';
import type { Cell } from '../request/request.ts';
import type { Search } from '../request/search.ts';
import { type StackSpace, stackSpaces } from '../request/stackSpace.ts';
import {
  type Candidate,
  type Family,
  type PipelineChoice,
  recomputeOf,
  type StateChoice,
  type WrittenRecompute,
  writtenJob,
} from './candidate.ts';

/**
 * The configurations of one cell, made as they are asked for: families, then the pipelines of each, then states and
 * ways to recompute. `any` stands for what the stack can launch; a list is taken as it is, as far as the door lets it in.
 */
export interface Space {
  readonly cell: Cell;
  families(): Generator<Family>;
  pipelines(family: Family): readonly PipelineChoice[];
  states(family: Family): readonly StateChoice[];
  /** How many configurations a family has. */
  count(family: Family): number;
  /** Ways to recompute with these states, in runs along which each takes longer than the one before it. */
  recomputes(family: Family, pipeline: PipelineChoice, state: StateChoice): readonly (readonly WrittenRecompute[])[];
}

/** Embedding and head are units to cut, besides the layers. */
const unitsBesideLayers = 2;

/** The space of a cell under a search. */
export function spaceOf(cell: Cell, search: Search): Space {
  const stackSpace = stackSpaces[cell.base.stack.name];
  const context: Context = {
    cell,
    search,
    stackSpace,
    hostChecks: new WeakMap(),
    states: new Map(),
    pipelines: new Map(),
    runs: new Map(),
    counts: new Map(),
  };
  const pipelinesOf = (family: Family) =>
    keep(context.pipelines, `${family.pipeline} ${family.microbatches}`, () => pipelines(context, family));
  const statesOf = (family: Family) =>
    keep(context.states, `${family.data} ${family.context} ${family.pipeline > 1}`, () => states(context, family));
  return {
    cell,
    families: () => families(context),
    pipelines: pipelinesOf,
    states: statesOf,
    count: (family) =>
      keep(context.counts, `${family.data} ${family.context} ${family.pipeline} ${family.microbatches}`, () =>
        countFamily(context, family, pipelinesOf(family), statesOf(family)),
      ),
    recomputes: (family, pipeline, state) => recomputes(context, family, pipeline, state),
  };
}

interface Context {
  readonly cell: Cell;
  readonly search: Search;
  readonly stackSpace: StackSpace;
  /** What the door says of states on the host, by mode of recomputation. */
  readonly hostChecks: WeakMap<StateChoice, Map<string, boolean>>;
  /** What families share, by value. */
  readonly states: Map<string, readonly StateChoice[]>;
  readonly pipelines: Map<string, readonly PipelineChoice[]>;
  readonly runs: Map<number, readonly (readonly WrittenRecompute[])[]>;
  readonly counts: Map<string, number>;
}

function keep<K, T>(known: Map<K, T>, key: K, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) {
    value = make();
    known.set(key, value);
  }
  return value;
}

/** How many configurations a space has, without making each. */
export function countSpace(space: Space): number {
  let count = 0;
  for (const family of space.families()) count += space.count(family);
  return count;
}

/** How many configurations a family has. */
function countFamily(
  context: Context,
  family: Family,
  ofFamily: readonly PipelineChoice[],
  ofStates: readonly StateChoice[],
) {
  let count = 0;
  for (const pipeline of ofFamily) {
    for (const run of runsOf(context, family, pipeline)) {
      for (const state of ofStates) {
        if (isLegal(context, { family, pipeline, state, recompute: run[0]! })) count += run.length;
      }
    }
  }
  return count;
}

/** Every configuration, one after another. */
export function* candidates(space: Space): Generator<Candidate> {
  for (const family of space.families()) {
    for (const pipeline of space.pipelines(family)) {
      for (const state of space.states(family)) {
        for (const run of space.recomputes(family, pipeline, state)) {
          for (const recompute of run) yield { family, pipeline, state, recompute };
        }
      }
    }
  }
}

/** The allowed values among those that are possible. */
function allowed<T>(listed: readonly T[] | undefined, possible: readonly T[]): readonly T[] {
  return listed === undefined ? possible : possible.filter((value) => listed.includes(value));
}

function* families({ cell, search, stackSpace }: Context): Generator<Family> {
  const { model, cluster, stack, training } = cell.base;
  const { devices } = cluster;
  const { sequenceLength, globalBatchSize } = training;
  const degrees = divisors(devices);
  const tensors = allowed(search.tensor, degrees).filter((tensor) => dividesModel(cell, tensor));
  for (const tensor of tensors) {
    const sequenceParallels = sequenceParallelOf(
      search.sequenceParallel,
      stackSpace,
      tensor,
      sequenceLength,
      stack.name,
    );
    const contexts = stackSpace.context || search.context !== undefined ? degrees : [1];
    for (const context of allowed(search.context, contexts)) {
      if (devices % (tensor * context) !== 0 || sequenceLength % context !== 0) continue;
      const ofModel = divisors(devices / (tensor * context));
      const pipelineDegrees = stackSpace.pipeline || search.pipeline !== undefined ? ofModel : [1];
      for (const pipeline of allowed(search.pipeline, pipelineDegrees)) {
        if (pipeline > model.layers + unitsBesideLayers) continue;
        const data = devices / (tensor * context * pipeline);
        if (search.data !== undefined && !search.data.includes(data)) continue;
        if (globalBatchSize % data !== 0) continue;
        const orders = placementsOf(search.placement ?? stackSpace.placements, { tensor, context, pipeline, data });
        for (const microBatchSize of allowed(search.microBatchSize, divisors(globalBatchSize / data))) {
          const microbatches = globalBatchSize / data / microBatchSize;
          for (const sequenceParallel of sequenceParallels) {
            for (const placement of orders) {
              yield { tensor, context, pipeline, data, sequenceParallel, microBatchSize, microbatches, placement };
            }
          }
        }
      }
    }
  }
}

/** Whether heads and matrices fall into so many equal parts. */
function dividesModel({ base: { model } }: Cell, tensor: number): boolean {
  const { attentionHeads, keyValueHeads, hiddenSize, feedForwardSize } = model;
  return (
    attentionHeads % tensor === 0 &&
    (keyValueHeads % tensor === 0 || tensor % keyValueHeads === 0) &&
    hiddenSize % tensor === 0 &&
    feedForwardSize % tensor === 0
  );
}

function sequenceParallelOf(
  listed: readonly boolean[] | undefined,
  { sequenceParallel }: StackSpace,
  tensor: number,
  sequenceLength: number,
  stack: string,
): readonly boolean[] {
  // It has no effect at tensor 1.
  if (tensor === 1) return [false];
  return (listed ?? sequenceParallel).filter(
    (split) => !split || (sequenceLength % tensor === 0 && stack !== 'smp-v1'),
  );
}

/** Orders of ranks that differ where degrees are above 1; the first of those that do not. */
function placementsOf(
  listed: readonly string[],
  degrees: Pick<Family, 'tensor' | 'context' | 'pipeline' | 'data'>,
): readonly string[] {
  const has: Readonly<Record<string, boolean>> = {
    T: degrees.tensor * degrees.context > 1,
    P: degrees.pipeline > 1,
    D: degrees.data > 1,
  };
  const seen = new Set<string>();
  return listed.filter((placement) => {
    const letters = [...(placementLetters(placement) ?? '')].filter((letter) => has[letter]).join('');
    if (seen.has(letters)) return false;
    seen.add(letters);
    return true;
  });
}

function pipelines({ cell, search, stackSpace }: Context, family: Family): readonly PipelineChoice[] {
  const { layers } = cell.base.model;
  const names = search.schedule ?? stackSpace.schedules;
  const found: PipelineChoice[] = [];
  for (const name of names) {
    const schedule = schedules.find((one) => one.name === name);
    if (schedule === undefined) continue;
    for (let virtualStages = 1; virtualStages <= mostVirtualStages; virtualStages++) {
      if (search.virtualStages !== undefined && !search.virtualStages.includes(virtualStages)) continue;
      const parts = schedule.placement === 'dual' ? family.pipeline : family.pipeline * virtualStages;
      if (parts > layers + unitsBesideLayers) break;
      if (!runs(schedule, family, virtualStages)) continue;
      for (const partitioner of partitionersOf(search, stackSpace, virtualStages, layers, parts)) {
        if (partitioner === 'uniform' && parts > layers) continue;
        found.push({ schedule: name, virtualStages, partitioner });
      }
    }
  }
  return found;
}

/**
 * With `any`: cuts that are proved best where each device has one chunk, and equal ones where it has more; equal ones
 * throughout where the stack knows no others.
 */
function partitionersOf(
  search: Search,
  { unequalStages }: StackSpace,
  virtualStages: number,
  layers: number,
  parts: number,
): readonly ('exact' | 'uniform')[] {
  if (search.partitioner !== undefined) return search.partitioner as readonly ('exact' | 'uniform')[];
  if (unequalStages) return virtualStages === 1 ? ['exact'] : ['uniform'];
  return layers % parts === 0 ? ['uniform'] : [];
}

/** Whether a schedule runs this shape, as the door of jobs has it. */
function runs(schedule: Schedule, { pipeline, microbatches }: Family, virtualStages: number): boolean {
  const shape = {
    stages: pipeline,
    virtualStages,
    microbatches,
    microbatchGroupSize: pipeline,
    activeMicrobatches: pipeline + 2,
  };
  if (schedule.placement === 'loop' && virtualStages === 1) return false;
  if (pipeline * virtualStages * microbatches > mostPasses) return false;
  if (schedule.placement === 'linear' && virtualStages > 1 && placementOf(schedule, shape) === 'linear') return false;
  return schedule.illegal(shape) === undefined;
}

function states({ cell, search, stackSpace }: Context, family: Family): readonly StateChoice[] {
  const { data, context, pipeline } = family;
  const stages = search.zeroStage ?? (pipeline > 1 ? stackSpace.zeroStagesOfPipelines : stackSpace.zeroStages);
  // At one replica there is nothing to share.
  const distinct = data * context === 1 ? stages.slice(0, 1) : stages;
  const offloads: readonly StateChoice['offload'][] = search.offload ?? offloadsOf(cell);
  return distinct.flatMap((zeroStage) =>
    degreesOf(search, stackSpace, zeroStage, data).flatMap((shardingDegree) =>
      offloads.map((offload) => ({ zeroStage, shardingDegree, offload: isNothing(offload) ? undefined : offload })),
    ),
  );
}

/** Without ZeRO the degree has no effect. */
function degreesOf(search: Search, { shardingDegrees }: StackSpace, zeroStage: number, data: number) {
  if (zeroStage === 0) return [data];
  if (search.shardingDegree !== undefined) return allowed(search.shardingDegree, divisors(data));
  return shardingDegrees ? divisors(data) : [data];
}

function isNothing(offload: StateChoice['offload']): boolean {
  const { activations, optimizer, parameters } = offload ?? {};
  return Number(activations ?? 0) + Number(optimizer ?? 0) + Number(parameters ?? 0) === 0;
}

/** What the stack can move to the host, each alone and together. */
function offloadsOf({ base: { stack, cluster } }: Cell): readonly StateChoice['offload'][] {
  const { hostLinkBytesPerSecond, measuredHostLinkBytesPerSecond } = cluster.instance;
  if (hostLinkBytesPerSecond === undefined && measuredHostLinkBytesPerSecond === undefined) return [undefined];
  const activations = stack.offloads.activations === 'none' ? [false] : [false, true];
  const optimizer = stack.offloads.optimizer ? [false, true] : [false];
  return activations.flatMap((moves) =>
    optimizer.map((steps) => (moves || steps ? { activations: moves, optimizer: steps } : undefined)),
  );
}

function recomputes(
  context: Context,
  family: Family,
  pipeline: PipelineChoice,
  state: StateChoice,
): readonly (readonly WrittenRecompute[])[] {
  const runs = runsOf(context, family, pipeline);
  if (state.offload === undefined) return runs;
  return runs.filter((run) => isLegal(context, { family, pipeline, state, recompute: run[0]! }));
}

/** Ways to recompute, whatever the states. */
function runsOf({ cell, search, stackSpace, runs }: Context, family: Family, pipeline: PipelineChoice) {
  const layersOfStage = Math.ceil(cell.base.model.layers / (family.pipeline * pipeline.virtualStages));
  return keep(runs, layersOfStage, () =>
    search.recompute === undefined
      ? stackSpace.recompute.map((mode) =>
          mode === 'full' && stackSpace.partialRecompute ? partial(layersOfStage) : [mode],
        )
      : search.recompute.map((written) => [written]),
  );
}

/** All of a run recompute in the same mode, and the door looks at no more of it. */
function isLegal(context: Context, candidate: Candidate): boolean {
  return candidate.state.offload === undefined || hostHasRoom(context, candidate);
}

/** Full recomputation of the first layer of each virtual stage, of the first two and so on, and of all. */
function partial(layersOfStage: number): readonly WrittenRecompute[] {
  const some = Array.from({ length: layersOfStage - 1 }, (_, at) => ({ mode: 'full' as const, layers: at + 1 }));
  return [...some, 'full'];
}

/**
 * What lies on the host is judged by the door itself, which looks at the states, the replicas and whether layers are
 * recomputed in full. States are shared by families with equal replicas.
 */
function hostHasRoom({ cell, hostChecks }: Context, candidate: Candidate): boolean {
  const { state, recompute } = candidate;
  const known = hostChecks.get(state) ?? new Map<string, boolean>();
  hostChecks.set(state, known);
  return keep(known, recomputeOf(recompute).mode, () => {
    try {
      readJob(writtenJob(cell, candidate));
      return true;
    } catch (error) {
      if (!(error instanceof ForetrainError)) throw error;
      return false;
    }
  });
}
