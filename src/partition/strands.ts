import type { Chain } from './chain.ts';

/**
 * Two chunks of every device, to be cut together: the first strand is the stages `firstA` and on, device after device,
 * from position `beginA` to `endA`; the second the stages from `firstB`, forward from `beginB` to `endB`. Under `v` and
 * `dual` the second strand is the same devices' stages from `firstB` down, from `beginB` (the end of the chain) inward
 * until it meets the first. The other lists say what further chunks of each device bring.
 */
export interface Strands {
  readonly inward: boolean;
  firstA: number;
  firstB: number;
  beginA: number;
  endA: number;
  beginB: number;
  endB: number;
  /** How far each cut may move from where it is; Infinity leaves all open. */
  corridor: number;
  readonly otherSeconds: Float64Array;
  readonly otherBytes: Float64Array;
  readonly otherTransientBytes: Float64Array;
}

/** What cuts must keep to. */
export interface StrandLimits {
  /** No device's load may exceed this. */
  readonly seconds: number;
  /** What each device may hold beyond its capacity. */
  readonly extraBytes: number;
}

/** Transitions of the program that may still be tried: a proof that would take more is given up. */
export interface Budget {
  transitions: number;
}

/** Both strands of the whole chain; a loop's are yet to be parted at a middle. */
export function wholeStrands(chain: Chain): Strands {
  const inward = chain.problem.placement !== 'loop';
  return {
    inward,
    firstA: 0,
    firstB: inward ? chain.virtualStages - 1 : chain.groups,
    beginA: 0,
    endA: chain.units,
    beginB: chain.units,
    endB: chain.units,
    corridor: Number.POSITIVE_INFINITY,
    otherSeconds: new Float64Array(chain.groups),
    otherBytes: new Float64Array(chain.groups),
    otherTransientBytes: new Float64Array(chain.groups),
  };
}
