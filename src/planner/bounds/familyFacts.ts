import type { Job } from '../../job/job.ts';
import { keep, once } from '../../keep.ts';
import { placementLetters, rankLayout } from '../../partition/placement.ts';
import { findSchedule } from '../../pipeline/schedules/index.ts';
import { dataCommOf } from '../../step/dataComm.ts';
import { type EndOf, endOfStep } from '../../step/endOfStep.ts';
import { rankGraph } from '../../step/profiles.ts';
import type { Cell } from '../request/cell.ts';
import { type Candidate, type Family, jobOf, plainPipeline, plainState, type StateChoice } from '../space/candidate.ts';
import { buffersOf, type Room, roomOf } from './costs.ts';
import { rounding } from './rounding.ts';
import { type Setting, type Units, unitsOf, withPipeline } from './setting.ts';
import { steppedSeconds } from './tail.ts';

/** What bounds look at of where states lie, whatever the pipeline and the way to recompute. */
export interface StateFacts {
  readonly room: Room;
  /** The part of saved tensors that goes to the host. */
  readonly offloaded: number;
  /** Whether gathering, scattering, agreeing on scales or copies make passes longer than the costs of units say. */
  readonly lengthensPasses: boolean;
  /** The end of a step; one and the same for states whose steps end alike. */
  readonly endOf: EndOf;
  /** The least seconds from when all gradients are averaged until a device with so many parameters is done. */
  readonly steppedOf: (parameters: number) => number;
  /** What passes see of the states: copies of saved tensors, gathering and scattering. */
  readonly seenByPasses: string;
}

/** What all pipelines of a family share. */
export interface FamilyFacts {
  /** The setting of a job of the family. */
  settingOf(job: Job): Setting;
  stateOf(state: StateChoice): StateFacts;
}

/** Facts that families share which differ in microbatches only, by degrees and order of ranks. */
export type SharedFacts = Map<string, (state: StateChoice) => StateFacts>;

/** Facts of a family, each worked out when somebody asks for it. */
export function familyFacts(
  cell: Cell,
  family: Family,
  memoryMarginFraction: number,
  shared: SharedFacts = new Map(),
): FamilyFacts {
  const { tensor, context, pipeline, data, placement, microBatchSize } = family;
  const factsOf = keep(shared, `${tensor} ${context} ${pipeline} ${data} ${placement}`, () =>
    factsOfStates(cell, family, memoryMarginFraction),
  );
  const plain = anyJob(cell, family, plainState(family));
  const units = new Map<boolean, Units>();
  // What crosses a cut of a graph depends on the cut.
  const boundaryBytes = cell.base.model.graph === undefined ? rankGraph(plain).units[0]!.boundaryBytes : 0;
  const buffers = pipeline > 1 ? buffersOf(boundaryBytes, microBatchSize) : 0;
  const known = new Map<StateChoice, StateFacts>();
  return {
    settingOf: (job) => {
      const { splitsBackward } = findSchedule(job.parallelism.schedule);
      return withPipeline(
        keep(units, splitsBackward, () => unitsOf(job)),
        job,
      );
    },
    stateOf: (state) =>
      keep(known, state, () => {
        const { room, offloaded, lengthensPasses, endOf, steppedOf, seenByPasses } = factsOf(state);
        const { bytes, perParameter, stepPerParameter, slack } = room;
        const own = { bytes: bytes - buffers, perParameter, stepPerParameter, slack };
        return { room: own, offloaded, lengthensPasses, endOf, steppedOf, seenByPasses };
      }),
  };
}

/** Neither memory nor the end of a step look at how a model is cut and in which order its passes run. */
function anyJob(cell: Cell, family: Family, state: StateChoice) {
  return jobOf(cell, { family, pipeline: plainPipeline, state, recompute: 'none' });
}

/** Facts of states, buffers of transfers left out of what there is room for. */
function factsOfStates(cell: Cell, family: Family, memoryMarginFraction: number) {
  const { usableMemoryBytes } = cell.base.cluster.instance.accelerator;
  const capacityBytes = (usableMemoryBytes * (1 - memoryMarginFraction)) / rounding;
  const letters = placementLetters(family.placement);
  if (letters === undefined) throw new Error('a search orders ranks itself');
  const states = new Map<StateChoice, StateFacts>();
  const ends = new Map<string, Pick<StateFacts, 'endOf' | 'steppedOf'>>();
  return (state: StateChoice): StateFacts =>
    keep(states, state, () => {
      const job = anyJob(cell, family, state);
      const { zeroStage, shardingDegree, offload, degrees } = job.parallelism;
      const offloaded = offload?.activations ?? 0;
      const layout = rankLayout(letters, degrees);
      const end = keep(ends, `${zeroStage} ${shardingDegree} ${offload?.optimizer ?? 0}`, () => {
        const endOf = endOfStep(job, layout);
        return { endOf, steppedOf: once((parameters: number) => steppedSeconds(endOf, parameters)) };
      });
      return {
        room: roomOf(job, capacityBytes),
        offloaded,
        lengthensPasses: dataCommOf(job, layout).alikeBy !== '' || offloaded > 0,
        ...end,
        seenByPasses: seenByPasses(state),
      };
    });
}

function seenByPasses({ zeroStage, shardingDegree, offload }: Candidate['state']): string {
  const { activations = 0, horizon = '' } = offload ?? {};
  const copies = Number(activations) === 0 ? '' : `${Number(activations)} ${horizon}`;
  const sharded = zeroStage < 2 ? '' : `${zeroStage} ${shardingDegree} ${JSON.stringify(offload)}`;
  return `${copies}/${sharded}`;
}
