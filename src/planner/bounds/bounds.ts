import { keep, lazily } from '../../keep.ts';
import type { EndOf } from '../../step/endOfStep.ts';
import type { Cell } from '../request/cell.ts';
import { type Candidate, jobOf, recomputeOf, type StateChoice, type WrittenRecompute } from '../space/candidate.ts';
import { leastParameters, type UnitCosts, unitCosts } from './costs.ts';
import { type FamilyFacts, familyFacts, type StateFacts } from './familyFacts.ts';
import { firstDeviceSeconds } from './firstDevice.ts';
import {
  copiedPassSeconds,
  deviceParameters,
  fitsKnown,
  type KnownMemory,
  knownLayers,
  knownMemory,
  knownParameters,
  knownPassBound,
  knownStageSeconds,
  openCopiedPassSeconds,
  wholeModelSeconds,
} from './known.ts';
import { graphSeconds, type OpenPipeline, openPipeline, statesFit, wholeSeconds } from './open.ts';
import type { OrderFacts } from './orderFacts.ts';
import { rounding } from './rounding.ts';
import { type Setting, withJob } from './setting.ts';
import type { PassBound, StageSeconds } from './stageTimes.ts';
import {
  afterReduction,
  boundedStepSeconds,
  type DevicePasses,
  lastOfAlike,
  learnedStepSeconds,
  type PassEnds,
  passEnds,
  sharedReductionSeconds,
} from './tail.ts';

/** What no simulation of a candidate with cuts that fit comes out below. */
export interface Bound {
  readonly stepTimeSeconds: number;
  /** False where it cannot fit, whatever its cuts. */
  readonly mayFit: boolean;
  /** Copies to the host and back make it that long: one that recomputes more has fewer of them. */
  readonly isOfCopies: boolean;
}

/** A bound and what it may share with those of its neighbours. */
export interface Bounds {
  /** The least time of the passes alone, with this way to recompute and whatever states. */
  passSeconds(candidate: Candidate): number;
  /** The least time that a step takes after its passes, with these states. */
  tailSeconds(state: StateChoice): number;
  /**
   * @param candidate one with the family and the pipeline that these bounds are of
   * @param closer whether to take the time for a closer bound, where there is one
   * @param below a bound from here on may be looser than it could be
   */
  of(candidate: Candidate, closer?: boolean, below?: number): Bound;
  /**
   * Configurations that share their passes: a name for those whose passes run at the same times whatever their states,
   * where the cuts are known; undefined where states may change the cuts, or where a step begins while the one before
   * it still ends on other devices, so that the end of a step moves passes too.
   */
  passesOf(candidate: Candidate): string | undefined;
  /** Takes note of when the passes of a candidate ran in a simulation: those that share them run alike. */
  learn(candidate: Candidate, passes: readonly DevicePasses[]): void;
}

/** What of a way to recompute all states share. */
interface Way {
  readonly text: string;
  readonly costs: UnitCosts;
  readonly seconds: number;
  /** Whether the costs are only the least that some layers have. */
  readonly isOpen: boolean;
  readonly open: OpenPipeline | undefined;
  readonly known: Known | undefined;
  /**
   * Seconds of a step by how it ends: where passes take as long as is known, and where they may take longer; with open
   * cuts, of a device with its share of the layers and of the first.
   */
  readonly steps: Map<EndOf, number>;
  readonly longerSteps: Map<EndOf, number>;
}

/** Stages whose cuts are known, the bound of their passes and what they keep. */
interface Known {
  readonly seconds: StageSeconds;
  readonly parameters: () => Float64Array;
  readonly memory: () => KnownMemory;
  readonly passes: PassBound;
  /** Ends of the passes where they take as long as is known, and where they may take longer. */
  readonly ends: () => PassEnds;
  readonly longerEnds: () => PassEnds;
}

type Ordered = Setting & { readonly order: OrderFacts };

const nothing: Bound = { stepTimeSeconds: Number.POSITIVE_INFINITY, mayFit: false, isOfCopies: false };

/**
 * Bounds of all candidates of one family and pipeline. What their states do not change is worked out once.
 * @param raise multiplies every time: for tests that a bound too high is noticed
 * @param facts of the family, where other pipelines share them
 */
export function boundsOf(
  cell: Cell,
  first: Candidate,
  memoryMarginFraction: number,
  raise = 1,
  facts: FamilyFacts = familyFacts(cell, first.family, memoryMarginFraction),
): Bounds {
  const setting = facts.settingOf(jobOf(cell, first));
  const { order, shape, chain } = setting;
  const { layers: modelLayers } = cell.base.model;
  const factor = rounding * raise;
  const layers = knownLayers(setting, chain.length);
  const hasLayers = cell.base.model.graph === undefined;
  const isLinear = order !== undefined && order.placement === 'linear' && shape.virtualStages === 1;
  const isDual = setting.schedule.placement === 'dual';
  const sharesTimes = layers !== undefined && !setting.schedule.splitsBackward;
  const ways = new Map<WrittenRecompute, Way>();
  const dealt = new Map<string, number>();
  const learned = new Map<string, readonly DevicePasses[]>();
  const passesSeen = new Map<string, number>();

  const wayOf = (recompute: WrittenRecompute): Way =>
    keep(ways, recompute, () => {
      const read = recomputeOf(recompute);
      const costs = unitCosts(setting, read);
      const isOpen =
        read.mode === 'auto' || (read.mode === 'full' && (read.every !== undefined || read.group !== undefined));
      const text = typeof recompute === 'string' ? recompute : JSON.stringify(recompute);
      const way = { text, costs, isOpen, open: undefined, known: undefined, steps: new Map(), longerSteps: new Map() };
      if (layers !== undefined) {
        const known = knownStages(setting as Ordered, costs, layers);
        return { ...way, known, seconds: known.passes.seconds };
      }
      if (isLinear && !hasLayers) return { ...way, seconds: graphSeconds(setting as Ordered) };
      if (!isLinear) return { ...way, seconds: (shape.microbatches * wholeSeconds(costs, modelLayers)) / shape.stages };
      const open = openPipeline(setting as Ordered, costs);
      return { ...way, open, seconds: open.passSeconds(new Int32Array(shape.stages).fill(modelLayers)) };
    });
  const after = lazily(() => afterReduction(setting, wayOf(first.recompute).costs));
  const passesOf = ({ text }: Way, { seenByPasses }: StateFacts) => `${text}/${seenByPasses}`;
  /** The part of a simulation that copies, gathers and scatters; once for all whose passes see the same. */
  const seenSeconds = (way: Way, state: StateFacts, candidate: Candidate, of: (own: Setting) => number): number =>
    keep(passesSeen, passesOf(way, state), () => of(withJob(setting, jobOf(cell, candidate))));

  /** The passes with what gathering and scattering adds on one device, and with copies. */
  const closerSeconds = (candidate: Candidate, way: Way, state: StateFacts): number => {
    // Which layers are recomputed is found last of all.
    if (way.text === 'auto') return 0;
    if (layers?.length === 1) {
      return state.lengthensPasses ? seenSeconds(way, state, candidate, wholeModelSeconds) : 0;
    }
    if (state.offloaded === 0 || isDual) return 0;
    return seenSeconds(way, state, candidate, (own) =>
      layers === undefined ? openCopiedPassSeconds(own) : copiedPassSeconds(own, layers, way.known!.seconds),
    );
  };

  /** With known cuts: the passes as bounded or, once simulated, as they run; then the end of the step. */
  const knownSeconds = (way: Way, known: Known, state: StateFacts, closer: number): number => {
    const { endOf, lengthensPasses } = state;
    const mayBeLonger = way.isOpen || lengthensPasses;
    const shown = learned.size === 0 ? undefined : learned.get(passesOf(way, state));
    const stages = () => ({ seconds: known.seconds, parameters: known.parameters() });
    if (shown !== undefined)
      return learnedStepSeconds(endOf, setting, way.costs, stages(), shown, mayBeLonger, after());
    if (closer > 0 && layers!.length === 1) {
      const passes = { seconds: closer, deviceEnds: Float64Array.of(closer) };
      const ends = passEnds(setting as Ordered, way.costs, stages(), passes, [0], true);
      return boundedStepSeconds(endOf, setting, ends, after());
    }
    return keep(mayBeLonger ? way.longerSteps : way.steps, endOf, () =>
      boundedStepSeconds(endOf, setting, mayBeLonger ? known.longerEnds() : known.ends(), after()),
    );
  };

  /** Of the passes where the cuts are not known; infinite where no cuts fit. */
  const openSeconds = ({ open, text, costs, seconds }: Way, { room, offloaded }: StateFacts): number => {
    if (open === undefined) {
      return statesFit(costs, modelLayers, shape.stages, room) ? seconds : Number.POSITIVE_INFINITY;
    }
    const most = open.mostLayers(room, offloaded);
    return keep(dealt, `${text} ${most.join()}`, () => open.passSeconds(most));
  };

  /** Some device has its share of the parameters at least. */
  const share = lazily(() => {
    const { known, costs } = wayOf(first.recompute);
    if (known !== undefined) return known.memory().parameters.reduce((most, own) => Math.max(most, own), 0);
    return Math.floor(leastParameters(costs, modelLayers) / shape.stages);
  });
  const { hostSecondsPerStep } = setting.job.stack;
  const tailSeconds = ({ steppedOf }: StateFacts) => {
    // A split backward pass steps each device as soon as it is done: the busiest need not be the slowest to step.
    if (setting.schedule.splitsBackward) return hostSecondsPerStep;
    const { tied, norm } = after();
    return tied + norm + steppedOf(share()) + hostSecondsPerStep;
  };

  /** The step of a device with its share of the layers, where each has one virtual stage. */
  const shareSeconds = ({ costs, steps }: Way, { endOf, steppedOf }: StateFacts): number =>
    isLinear && hasLayers
      ? keep(steps, endOf, () => sharedReductionSeconds(endOf, setting, costs)) +
        after().norm +
        steppedOf(shareOfLayers(costs)) +
        hostSecondsPerStep
      : 0;
  /** The same of the first device, where its last pass is the last of all. */
  const firstSeconds = ({ costs, seconds, longerSteps }: Way, state: StateFacts): number =>
    isLinear && hasLayers && !setting.schedule.splitsBackward
      ? keep(longerSteps, state.endOf, () => firstDeviceSeconds(state, setting, costs, seconds, share(), after())) +
        hostSecondsPerStep
      : 0;
  const shareOfLayers = ({ parameters }: UnitCosts) => Math.ceil(modelLayers / shape.stages) * parameters;

  return {
    passesOf: ({ recompute, state }) => (sharesTimes ? passesOf(wayOf(recompute), facts.stateOf(state)) : undefined),
    learn({ recompute, state }, passes) {
      if (sharesTimes) learned.set(passesOf(wayOf(recompute), facts.stateOf(state)), passes);
    },
    passSeconds: ({ recompute }) => wayOf(recompute).seconds * factor,
    tailSeconds: (state) => tailSeconds(facts.stateOf(state)) * factor,
    of(candidate, closer = false, below = Number.POSITIVE_INFINITY) {
      const way = wayOf(candidate.recompute);
      const state = facts.stateOf(candidate.state);
      const { known } = way;
      const open = known === undefined ? openSeconds(way, state) : 0;
      const fits = known === undefined ? Number.isFinite(open) : fitsKnown(known.memory(), state.room, state.offloaded);
      if (!fits) return nothing;
      const least =
        known === undefined
          ? Math.max(open + tailSeconds(state), shareSeconds(way, state))
          : way.seconds + tailSeconds(state);
      if (least * factor >= below) return boundOf(least * factor, false);
      // Many states share what is copied: it is looked at before what each has of its own.
      const isWanted = closer || (state.offloaded > 0 && below < Number.POSITIVE_INFINITY);
      const close = isWanted ? closerSeconds(candidate, way, state) : 0;
      const copied = close + tailSeconds(state);
      if (!closer && copied * factor >= below) return boundOf(copied * factor, true);
      const seconds =
        known === undefined
          ? Math.max(least, closer ? firstSeconds(way, state) : 0)
          : knownSeconds(way, known, state, closer ? close : 0);
      return boundOf(Math.max(seconds, copied) * factor, copied > seconds);
    },
  };
}

function boundOf(stepTimeSeconds: number, isOfCopies: boolean): Bound {
  return { stepTimeSeconds, mayFit: true, isOfCopies };
}

function knownStages(setting: Ordered, costs: UnitCosts, layers: Int32Array): Known {
  const seconds = knownStageSeconds(costs, layers);
  const passes = knownPassBound(setting, seconds);
  const parameters = lazily(() => knownParameters(costs, layers));
  const ending = (mayBeLonger: boolean) =>
    lazily(() => {
      const stages = { seconds, parameters: parameters() };
      return passEnds(setting, costs, stages, passes, lastOfAlike(setting.order, stages, passes), mayBeLonger);
    });
  return {
    seconds,
    parameters,
    passes,
    memory: lazily(() => knownMemory(setting, costs, layers, deviceParameters(setting.order, costs, parameters()))),
    ends: ending(false),
    longerEnds: ending(true),
  };
}
