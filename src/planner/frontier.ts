import type { FrontierPoint } from './answer.ts';
import type { Offer } from './offers.ts';
import { writtenJob } from './space/candidate.ts';

/**
 * The fastest offer of every kind and number of instances, without those that another one beats or equals in time,
 * dollars and devices at once. In the order of devices.
 */
export function frontierOf(offers: readonly Offer[]): readonly FrontierPoint[] {
  const fastest = new Map<number, Offer>();
  for (const offer of offers) {
    const known = fastest.get(offer.cell.index);
    if (known === undefined || offer.found.stepTimeSeconds < known.found.stepTimeSeconds) {
      fastest.set(offer.cell.index, offer);
    }
  }
  const ofCells = [...fastest.values()].sort((a, b) => devicesOf(a) - devicesOf(b) || a.cell.index - b.cell.index);
  const points = ofCells.filter((offer, at) => !ofCells.some((other, place) => beats(other, offer, place < at)));
  return points.map((offer) => pointOf(offer, smallestLike(offer, ofCells)));
}

const devicesOf = ({ cell }: Offer): number => cell.base.cluster.devices;

/** Time, dollars and devices: less is better. Where a price is missing, dollars decide nothing. */
function measures(one: Offer, other: Offer): readonly (readonly [number, number])[] {
  const time = (offer: Offer) => offer.expectedDays ?? offer.found.stepTimeSeconds;
  const dollars = one.usd === undefined || other.usd === undefined ? [] : [[one.usd, other.usd] as const];
  return [[time(one), time(other)], [devicesOf(one), devicesOf(other)], ...dollars];
}

/** @param first whether it also beats what is equal in everything */
function beats(one: Offer, other: Offer, first: boolean): boolean {
  if (one === other) return false;
  const pairs = measures(one, other);
  return pairs.every(([a, b]) => a <= b) && (first || pairs.some(([a, b]) => a < b));
}

function smallestLike({ cell }: Offer, ofCells: readonly Offer[]): Offer {
  const { name } = cell.base.cluster.instance;
  return ofCells.find((offer) => offer.cell.base.cluster.instance.name === name)!;
}

function tokensPerSecond({ cell, found }: Offer): number {
  const { globalBatchSize, sequenceLength } = cell.base.training;
  return (globalBatchSize * sequenceLength) / found.stepTimeSeconds;
}

function pointOf(offer: Offer, smallest: Offer): FrontierPoint {
  const { cell, found, expectedDays, usd } = offer;
  const { instance, count, devices } = cell.base.cluster;
  const perDevice = (one: Offer) => tokensPerSecond(one) / devicesOf(one);
  return {
    instance: instance.name,
    count,
    devices,
    stepTimeSeconds: found.stepTimeSeconds,
    tokensPerSecond: tokensPerSecond(offer),
    scalingEfficiency: perDevice(offer) / perDevice(smallest),
    ...(expectedDays === undefined ? {} : { expectedDays }),
    ...(usd === undefined ? {} : { usd }),
    job: writtenJob(cell, found.candidate),
  };
}
