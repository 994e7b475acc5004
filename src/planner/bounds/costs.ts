import type { Unit } from '../../graph/computeGraph.ts';
import type { Job } from '../../job/job.ts';
import { keep, oncePerObject } from '../../keep.ts';
import { communicatorCount, outsideBytes } from '../../memory/framework.ts';
import type { Recompute } from '../../memory/recompute.ts';
import type { UnitRecompute } from '../../memory/unitMemory.ts';
import { statesOnDevice } from '../../step/deviceMemory.ts';
import {
  backwardSeconds,
  endRecompute,
  forwardSeconds,
  layerRecompute,
  type ProfileOf,
  type UnitProfile,
} from '../../step/stageProfile.ts';
import type { Setting } from './setting.ts';

/** The least that a layer takes and keeps, of one microbatch. */
export interface LayerCosts {
  readonly forward: number;
  readonly backward: number;
  readonly saved: number;
}

/** The least that the units of a model take and keep under a way to recompute, seconds and bytes. */
export interface UnitCosts {
  readonly plain: LayerCosts;
  /** Of the layers of a virtual stage that come first, up to `recomputed` of them. */
  readonly again: LayerCosts;
  readonly recomputed: number;
  /** Alive only in the backward pass of a layer. */
  readonly transient: number;
  readonly parameters: number;
  /** Hidden states of one sequence between two units. */
  readonly boundaryBytes: number;
  readonly embedding: EndCosts;
  readonly head: EndCosts;
}

/** What the embedding or the head takes and keeps. */
export interface EndCosts extends LayerCosts {
  readonly parameters: number;
  readonly tiedParameters: number;
}

/** What so many layers of a virtual stage take or keep, those that are recomputed first. */
export function sumOfLayers(
  { plain, again, recomputed }: Pick<UnitCosts, 'plain' | 'again' | 'recomputed'>,
  count: number,
  of: keyof LayerCosts,
): number {
  const twice = Math.min(recomputed, count);
  return (count - twice) * plain[of] + twice * again[of];
}

/** Ways in which some layer may be recomputed; where positions decide it and cuts are open, any of them. */
function modesOf(recompute: Recompute): readonly UnitRecompute[] {
  if (recompute.mode === 'auto') return ['none', 'cheap', 'selective', 'selective-op', 'full'];
  if (recompute.mode === 'full' && (recompute.every !== undefined || recompute.group !== undefined)) {
    return recompute.every !== undefined ? ['none', 'full'] : ['full', 'inner'];
  }
  return [layerRecompute(recompute, 0, 0)];
}

const known = oncePerObject((_: ProfileOf) => new Map<string, UnitCosts>());

/** The costs of a setting's units under a way to recompute; worked out once for units that cost the same. */
export function unitCosts(setting: Setting, recompute: Recompute): UnitCosts {
  if (setting.job.model.graph !== undefined) return keep(known(setting.profileOf), '', () => graphCosts(setting));
  return keep(known(setting.profileOf), JSON.stringify(recompute), () => workOut(setting, recompute));
}

function workOut(setting: Setting, recompute: Recompute): UnitCosts {
  const { profileOf, layers, embedding, head } = setting;
  const isPartial = recompute.mode === 'full' && recompute.layers !== undefined;
  const modes: readonly UnitRecompute[] = isPartial ? ['full', 'none'] : modesOf(recompute);
  const least = (of: (profile: UnitProfile) => number, among: readonly UnitRecompute[]) => {
    let value = Number.POSITIVE_INFINITY;
    for (const unit of layers) for (const mode of among) value = Math.min(value, of(profileOf(unit, mode)));
    return value;
  };
  const costs = (among: readonly UnitRecompute[]): LayerCosts => ({
    forward: least(({ cost }) => forwardSeconds(cost), among),
    backward: least(({ cost }) => backwardSeconds(cost), among),
    saved: least(({ memory }) => memory.savedBytes, among),
  });
  const plain = costs(isPartial ? ['none'] : modes);
  return {
    plain,
    again: isPartial ? costs(['full']) : plain,
    recomputed: isPartial ? (recompute.layers ?? 0) : 0,
    transient: least(({ memory }) => memory.recomputedBytes + memory.gradientBytes, modes),
    parameters: least(({ parameters }) => parameters, modes),
    boundaryBytes: embedding.boundaryBytes,
    embedding: endCosts(setting, embedding, recompute),
    head: endCosts(setting, head, recompute),
  };
}

/** A graph has no layers that are alike: all of it counts as what comes before them. */
function graphCosts(setting: Setting): UnitCosts {
  const none: LayerCosts = { forward: 0, backward: 0, saved: 0 };
  const nothing: EndCosts = { ...none, parameters: 0, tiedParameters: 0 };
  const whole = setting.chain.graph.units.reduce((sum, unit): EndCosts => {
    const own = endCosts(setting, unit, { mode: 'none' });
    return {
      forward: sum.forward + own.forward,
      backward: sum.backward + own.backward,
      saved: sum.saved + own.saved,
      parameters: sum.parameters + own.parameters,
      tiedParameters: 0,
    };
  }, nothing);
  const layers = { plain: none, again: none, recomputed: 0, transient: 0, parameters: 0 };
  return { ...layers, boundaryBytes: 0, embedding: whole, head: nothing };
}

function endCosts({ job, profileOf }: Setting, unit: Unit, recompute: Recompute): EndCosts {
  // What is chosen for each stage may end as full recomputation of all.
  const ways: readonly Recompute[] = recompute.mode === 'auto' ? [recompute, { mode: 'full' }] : [recompute];
  const profiles = ways.map((way) => profileOf(unit, endRecompute(job, way, unit)));
  const { parameters, tiedParameters } = profiles[0]!;
  return {
    forward: Math.min(...profiles.map(({ cost }) => forwardSeconds(cost))),
    backward: Math.min(...profiles.map(({ cost }) => backwardSeconds(cost))),
    saved: Math.min(...profiles.map(({ memory }) => memory.savedBytes)),
    parameters,
    tiedParameters,
  };
}

/** Bytes of a device for model states and saved tensors, and what a parameter takes of them. */
export interface Room {
  readonly bytes: number;
  readonly perParameter: number;
  /** While the optimizer steps, in the place of what passes need. */
  readonly stepPerParameter: number;
  /** On top of what comes and goes. */
  readonly slack: number;
}

/** Parameters of which states are counted, so many a replica that rounding up vanishes. */
const manyParameters = 2 ** 40;

/** Buffers of transfers between stages. */
export function buffersOf(boundaryBytes: number, microBatchSize: number): number {
  return 2 * boundaryBytes * microBatchSize;
}

/**
 * What a device has room for under these states, buffers of transfers left out: nothing is counted that some
 * configuration does without.
 */
export function roomOf(job: Job, capacityBytes: number): Room {
  const { stack, parallelism, model } = job;
  const states = statesOnDevice(job, manyParameters);
  const outside = outsideBytes(stack, communicatorCount(parallelism.degrees, model.tiedEmbeddings));
  const buckets = parallelism.zeroStage > 0 ? stack.bucketCopyBytes : 0;
  return {
    bytes: capacityBytes - outside - stack.workspaceBytes - buckets,
    perParameter: (states.parametersBytes + states.gradientsBytes + states.optimizerBytes) / manyParameters,
    stepPerParameter: states.stepBytes / manyParameters,
    slack: 1 + stack.fragmentation,
  };
}

/** Parameters of one rank of all stages together, a tensor that two units share counted once. */
export function leastParameters({ parameters, embedding, head }: UnitCosts, layers: number): number {
  return layers * parameters + embedding.parameters + head.parameters - head.tiedParameters;
}
