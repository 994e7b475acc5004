import { ForetrainError } from '../../errors.ts';
import { readJob } from '../../job/readJob.ts';
import { keep } from '../../keep.ts';
import type { Cell } from '../request/cell.ts';
import type { Search } from '../request/search.ts';
import { stackSpaces } from '../request/stackSpace.ts';
import { type Asked, allowed } from './asked.ts';
import {
  type Candidate,
  type Family,
  type PipelineChoice,
  type StateChoice,
  type WrittenRecompute,
  writtenJob,
} from './candidate.ts';
import { families } from './families.ts';
import { pipelines } from './pipelines.ts';
import { states } from './states.ts';

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

/** The space of a cell under a search. */
export function spaceOf(cell: Cell, search: Search): Space {
  const stackSpace = stackSpaces[cell.base.stack.name];
  const context: Context = {
    cell,
    search,
    stackSpace,
    hostChecks: new WeakMap(),
    hostAnswers: new Map(),
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

interface Context extends Asked {
  /** What the door says of states on the host, by mode of recomputation. */
  readonly hostChecks: WeakMap<StateChoice, Map<string, boolean>>;
  readonly hostAnswers: Map<string, boolean>;
  /** What families share, by value. */
  readonly states: Map<string, readonly StateChoice[]>;
  readonly pipelines: Map<string, readonly PipelineChoice[]>;
  readonly runs: Map<number, readonly (readonly WrittenRecompute[])[]>;
  readonly counts: Map<string, number>;
}

/** How many configurations a family has: all of a run have room on the host, or none of it. */
function countFamily(
  context: Context,
  family: Family,
  ofFamily: readonly PipelineChoice[],
  ofStates: readonly StateChoice[],
) {
  const statesOfModes = new Map<string, number>();
  let count = 0;
  for (const pipeline of ofFamily) {
    for (const run of runsOf(context, family, pipeline)) {
      const [recompute] = run as [WrittenRecompute];
      const hasState = (state: StateChoice) => hasRoom(context, { family, pipeline, state, recompute });
      count += run.length * keep(statesOfModes, modeOf(recompute), () => ofStates.filter(hasState).length);
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

function recomputes(
  context: Context,
  family: Family,
  pipeline: PipelineChoice,
  state: StateChoice,
): readonly (readonly WrittenRecompute[])[] {
  const runs = runsOf(context, family, pipeline);
  if (state.offload === undefined) return runs;
  return runs.filter((run) => hasRoom(context, { family, pipeline, state, recompute: run[0]! }));
}

/** Ways to recompute, whatever the states. */
function runsOf({ cell, search, stackSpace, runs }: Context, family: Family, pipeline: PipelineChoice) {
  // What a graph saves is what its operators say.
  if (cell.base.model.graph !== undefined) return allowed(search.recompute, ['none']).map((mode) => [mode]);
  const layersOfStage = Math.ceil(cell.base.model.layers / (family.pipeline * pipeline.virtualStages));
  return keep(runs, layersOfStage, () =>
    search.recompute === undefined
      ? stackSpace.recompute.map((mode) =>
          mode === 'full' && stackSpace.partialRecompute ? partial(layersOfStage) : [mode],
        )
      : search.recompute.map((written) => [written]),
  );
}

/** Full recomputation of the first layer of each virtual stage, of the first two and so on, and of all. */
function partial(layersOfStage: number): readonly WrittenRecompute[] {
  const some = Array.from({ length: layersOfStage - 1 }, (_, at) => ({ mode: 'full' as const, layers: at + 1 }));
  return [...some, 'full'];
}

function modeOf(written: WrittenRecompute): string {
  return typeof written === 'string' ? written : (written.mode ?? 'none');
}

/**
 * What lies on the host is judged by the door itself, which looks at the states, the replicas that keep a copy of them
 * and how layers are recomputed: it is asked once for all families that have those alike.
 */
function hasRoom({ cell, hostChecks, hostAnswers }: Context, candidate: Candidate): boolean {
  const { family, state, recompute } = candidate;
  const { zeroStage, shardingDegree, offload } = state;
  if (offload === undefined) return true;
  const mode = modeOf(recompute);
  const known = keep(hostChecks, state, () => new Map<string, boolean>());
  return keep(known, mode, () => {
    const copies = zeroStage === 0 ? family.data : family.data / shardingDegree;
    return keep(hostAnswers, `${zeroStage} ${copies} ${JSON.stringify(offload)} ${mode}`, () =>
      isLetIn(cell, candidate),
    );
  });
}

function isLetIn(cell: Cell, candidate: Candidate): boolean {
  try {
    readJob(writtenJob(cell, candidate));
    return true;
  } catch (error) {
    if (!(error instanceof ForetrainError)) throw error;
    return false;
  }
}
