import type { FrontierPoint, ScalingPoint } from './answer.ts';
import type { Measured, Offer, Refused } from './offers.ts';
import { writtenJob } from './space/candidate.ts';

/**
 * The fastest offer of every cell, without those that another one beats or equals in time, dollars and devices at once.
 * In the order of devices.
 */
export function frontierOf(offers: readonly Offer[]): readonly FrontierPoint[] {
  const ofCells = fastestOfCells(offers).sort((a, b) => devicesOf(a) - devicesOf(b) || a.cell.index - b.cell.index);
  const points = ofCells.filter((offer, at) => !ofCells.some((other, place) => beats(other, offer, place < at)));
  return points.map((offer) => pointOf(offer, ofCells));
}

/**
 * How the best plan changes with the number of instances, for each kind of them, batch and sequence length: the fastest
 * of every cell, those included that the constraints keep out.
 */
export function scalingOf(offers: readonly Offer[], refused: readonly Refused[]): readonly ScalingPoint[] {
  const ofCells = fastestOfCells<Offer | Refused>([...offers, ...refused]).sort((a, b) => a.cell.index - b.cell.index);
  const instances = [...new Set(ofCells.map(instanceOf))];
  const order = (one: Measured): readonly number[] => {
    const { sequenceLength, globalBatchSize } = one.cell.base.training;
    return [instances.indexOf(instanceOf(one)), sequenceLength, globalBatchSize, devicesOf(one)];
  };
  return ofCells
    .toSorted((a, b) => compare(order(a), order(b)))
    .map((one) => ({ ...pointOf(one, ofCells), ...('sentence' in one ? { leftOut: one.sentence } : {}) }));
}

/** Which list of numbers comes first, by the first that differ. */
function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, place) => value !== other[place]);
  return at < 0 ? 0 : one[at]! - other[at]!;
}

function fastestOfCells<T extends Measured>(all: readonly T[]): T[] {
  const fastest = new Map<number, T>();
  for (const one of all) {
    const known = fastest.get(one.cell.index);
    if (known === undefined || one.found.stepTimeSeconds < known.found.stepTimeSeconds) {
      fastest.set(one.cell.index, one);
    }
  }
  return [...fastest.values()];
}

const devicesOf = ({ cell }: Measured): number => cell.base.cluster.devices;

/** Equal for equal kinds of instances. */
const instanceOf = ({ cell }: Measured): string => JSON.stringify(cell.written.cluster.instance);

/** Time, dollars and devices: less is better. Where a price is missing, dollars decide nothing. */
function measures(one: Offer, other: Offer): readonly (readonly [number, number])[] {
  const time = (offer: Offer) => offer.expectedDays ?? offer.secondsPerToken;
  const dollars = one.usd === undefined || other.usd === undefined ? [] : [[one.usd, other.usd] as const];
  return [[time(one), time(other)], [devicesOf(one), devicesOf(other)], ...dollars];
}

/** @param first whether it also beats what is equal in everything */
function beats(one: Offer, other: Offer, first: boolean): boolean {
  if (one === other) return false;
  const pairs = measures(one, other);
  return pairs.every(([a, b]) => a <= b) && (first || pairs.some(([a, b]) => a < b));
}

/** The smallest number of the same instances with the same batch and sequence length. */
function smallestLike(one: Measured, ofCells: readonly Measured[]): Measured {
  const { globalBatchSize, sequenceLength } = one.cell.base.training;
  const isLike = (other: Measured) =>
    instanceOf(other) === instanceOf(one) &&
    other.cell.base.training.globalBatchSize === globalBatchSize &&
    other.cell.base.training.sequenceLength === sequenceLength;
  return ofCells.filter(isLike).reduce((a, b) => (devicesOf(b) < devicesOf(a) ? b : a));
}

function pointOf(one: Measured, ofCells: readonly Measured[]): FrontierPoint {
  const { cell, found, secondsPerToken, expectedDays, usd } = one;
  const { instance, count, devices } = cell.base.cluster;
  const { globalBatchSize, sequenceLength } = cell.base.training;
  const smallest = smallestLike(one, ofCells);
  return {
    instance: instance.name,
    count,
    devices,
    globalBatchSize,
    sequenceLength,
    stepTimeSeconds: found.stepTimeSeconds,
    tokensPerSecond: (globalBatchSize * sequenceLength) / found.stepTimeSeconds,
    scalingEfficiency: (smallest.secondsPerToken * devicesOf(smallest)) / (secondsPerToken * devices),
    ...(expectedDays === undefined ? {} : { expectedDays }),
    ...(usd === undefined ? {} : { usd }),
    job: writtenJob(cell, found.candidate),
  };
}
