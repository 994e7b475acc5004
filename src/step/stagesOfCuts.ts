import { bytesAcross, type Chain } from '../graph/slice.ts';
import type { Job } from '../job/job.ts';
import { oncePerObject } from '../keep.ts';
import { BoundedCache } from '../pipeline/boundedCache.ts';
import { areAlike } from './cache.ts';
import { type DataComm, type ProfileOf, type StageProfile, stageProfile, unitsBetween } from './stageProfile.ts';

/** Lists of stages kept, and stages kept over all of them. */
const mostLists = 1024;
const mostStages = 32_768;
const listsOfStages = new BoundedCache<readonly StageProfile[]>(mostLists, mostStages);

let numbered = 0;
const numberOf = oncePerObject((_: ProfileOf | Chain) => numbered++);

/**
 * The profile of every virtual stage of the cuts; one and the same for stages of the same units, and for jobs that
 * differ in nothing these feel.
 */
export function stageProfiles(
  job: Job,
  chain: Chain,
  profileOf: ProfileOf,
  ends: Int32Array,
  dataComm: DataComm,
): readonly StageProfile[] {
  const { partitioner, recompute, offload, microbatches } = job.parallelism;
  const { alikeBy } = dataComm;
  // What shards parameters in passes, and what gives layers ways of their own, has too many neighbours that differ.
  if (alikeBy === undefined || partitioner.kind === 'tree' || recompute.mode === 'chosen') {
    return distinctStages(job, chain, profileOf, ends, dataComm);
  }
  const copies = (offload?.activations ?? 0) > 0 ? `${offload!.activations} ${offload!.horizon} ${microbatches}` : '';
  const key = `${numberOf(profileOf)} ${numberOf(chain)} ${JSON.stringify(recompute)} ${copies} ${alikeBy} ${ends.join()}`;
  const known = listsOfStages.get(key);
  if (known !== undefined) return known;
  const stages = distinctStages(job, chain, profileOf, ends, dataComm);
  listsOfStages.set(key, stages, stages.length);
  return stages;
}

function distinctStages(
  job: Job,
  chain: Chain,
  profileOf: ProfileOf,
  ends: Int32Array,
  dataComm: DataComm,
): readonly StageProfile[] {
  const known: StageProfile[] = [];
  return Array.from(ends, (end, index) => {
    const { profiles, layers } = unitsBetween(job, chain, index === 0 ? 0 : ends[index - 1], end, profileOf);
    const sendBytes = sentAfter(job, chain, end);
    let stage = known.find((one) => one.sendBytes === sendBytes && areAlike(one.profiles, profiles));
    if (stage === undefined) {
      stage = stageProfile(job, profiles, layers, sendBytes, dataComm);
      known.push(stage);
    }
    return stage;
  });
}

/** The profile of one virtual stage: the items of a chain from `from` up to, not including, `to`. */
export function stageBetween(
  job: Job,
  chain: Chain,
  profileOf: ProfileOf,
  [from, to]: readonly [number, number],
  dataComm: DataComm,
): StageProfile {
  const { profiles, layers } = unitsBetween(job, chain, from, to, profileOf);
  return stageProfile(job, profiles, layers, sentAfter(job, chain, to), dataComm);
}

/** Bytes of a microbatch that a stage with this end hands on. */
function sentAfter(job: Job, chain: Chain, end: number): number {
  return end < chain.length ? bytesAcross(chain, end) * job.parallelism.microBatchSize : 0;
}
