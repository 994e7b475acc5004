import { oncePerObject } from '../../keep.ts';
import { type Bounds, boundsOf } from '../bounds/bounds.ts';
import { type FamilyCosts, familyCosts, familyFits, familySeconds } from '../bounds/familyBound.ts';
import { familyFacts, type SharedFacts } from '../bounds/familyFacts.ts';
import {
  type Candidate,
  type Family,
  type PipelineChoice,
  plainState,
  type StateChoice,
  type WrittenRecompute,
} from '../space/candidate.ts';
import type { Space } from '../space/space.ts';

/** What is not decided yet, from the coarse to the single configuration. */
export type Node = FamilyNode | PipelineNode | RunNode | OneNode;

interface FamilyNode {
  readonly kind: 'family';
  readonly family: Family;
}

export interface PipelineNode {
  readonly kind: 'pipeline';
  readonly family: Family;
  readonly pipeline: PipelineChoice;
  readonly bounds: Bounds;
  /** Of the passes. */
  readonly seconds: number;
}

/** A configuration and those behind it that keep less of what the passes save. */
export interface RunNode {
  readonly kind: 'run';
  readonly candidate: Candidate;
  readonly bounds: Bounds;
  readonly bound: number;
  /** The passes of each take longer than those of the one before it, copies to and from the host left out. */
  readonly run: readonly WrittenRecompute[];
  readonly at: number;
}

/** A configuration alone, bounded as closely as can be. */
export interface OneNode {
  readonly kind: 'one';
  readonly candidate: Candidate;
  readonly bounds: Bounds;
  readonly bound: number;
}

export type Push = (bound: number, node: Node) => void;

/** What bounds the configurations of a space, from the coarse to the fine. */
export interface Expander {
  /** The least time of a family's passes; undefined where it has no configuration. */
  seconds(family: Family): number | undefined;
  /** Whether some configuration of a family may have room. */
  mayFit(family: Family): boolean;
  /** The pipelines of a family, with the least time of their passes. */
  pipelines(family: Family): readonly PipelineNode[];
  /** The configurations of a pipeline, of each run the first that may fit and be faster than `below`. */
  configurations(node: PipelineNode, push: Push, below: number, states?: readonly StateChoice[]): void;
  /** The first of the rest of a run that may fit and be faster than `below`. */
  next(node: RunNode, push: Push, below: number): void;
}

/** @param raise multiplies every bound: for tests */
export function expander(space: Space, memoryMarginFraction: number, raise: number): Expander {
  const { cell } = space;
  const known: FamilyCosts = new Map();
  const shared: SharedFacts = new Map();
  const factsOf = oncePerObject((family: Family) => familyFacts(cell, family, memoryMarginFraction, shared));

  const wanted = (family: Family, pipeline: PipelineChoice) =>
    extremes(space.recomputes(family, pipeline, plainState(family)));

  const runFrom = (
    { family, pipeline, state }: Omit<Candidate, 'recompute'>,
    run: readonly WrittenRecompute[],
    from: number,
    bounds: Bounds,
    push: Push,
    below: number,
  ): void => {
    for (let at = from; at < run.length; at++) {
      const candidate: Candidate = { family, pipeline, state, recompute: run[at]! };
      if (bounds.passSeconds(candidate) >= below) return;
      const { stepTimeSeconds, mayFit, isOfCopies } = bounds.of(candidate, false, below);
      if (!mayFit) continue;
      if (stepTimeSeconds >= below) {
        if (isOfCopies) continue;
        return;
      }
      push(stepTimeSeconds, { kind: 'run', candidate, bounds, bound: stepTimeSeconds, run, at });
      return;
    }
  };

  return {
    seconds(family) {
      const [pipeline] = space.pipelines(family);
      if (pipeline === undefined || space.states(family).length === 0) return undefined;
      const costsOf = familyCosts(cell, known, family);
      const { fastest } = wanted(family, pipeline);
      return Math.min(...fastest.map((way) => familySeconds(cell, costsOf(way), family, raise)));
    },
    mayFit(family) {
      const costsOf = familyCosts(cell, known, family);
      const { leanest } = wanted(family, space.pipelines(family)[0]!);
      return space
        .states(family)
        .toReversed()
        .some((state) => leanest.some((way) => familyFits(cell, costsOf(way), family, factsOf(family), state)));
    },
    pipelines: (family) =>
      space.pipelines(family).flatMap((pipeline) => {
        const state = plainState(family);
        const { fastest } = wanted(family, pipeline);
        const candidates = fastest.map((recompute): Candidate => ({ family, pipeline, state, recompute }));
        if (candidates.length === 0) return [];
        const bounds = boundsOf(cell, candidates[0]!, memoryMarginFraction, raise, factsOf(family));
        const seconds = Math.min(...candidates.map((candidate) => bounds.passSeconds(candidate)));
        return [{ kind: 'pipeline', family, pipeline, bounds, seconds }];
      }),
    configurations({ family, pipeline, bounds, seconds }, push, below, states = space.states(family)) {
      for (const state of states) {
        if (seconds + bounds.tailSeconds(state) >= below) continue;
        for (const run of space.recomputes(family, pipeline, state)) {
          runFrom({ family, pipeline, state }, run, 0, bounds, push, below);
        }
      }
    },
    next: ({ candidate, bounds, run, at }, push, below) => runFrom(candidate, run, at + 1, bounds, push, below),
  };
}

interface Extremes {
  /** The ways to recompute that take least time: any other in the space takes more. */
  readonly fastest: readonly WrittenRecompute[];
  /** Those that keep least. */
  readonly leanest: readonly WrittenRecompute[];
}

const extremes = oncePerObject((runs: readonly (readonly WrittenRecompute[])[]): Extremes => {
  const all = runs.flat();
  const named = (mode: WrittenRecompute) => all.filter((one) => one === mode);
  const firsts = runs.map((run) => run[0]!);
  return {
    fastest: named('none').length > 0 ? named('none') : firsts,
    leanest: named('full').length > 0 ? named('full') : all,
  };
});
