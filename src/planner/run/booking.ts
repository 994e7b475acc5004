import { capacityBlockUsdPerHour } from '../../hardware/instance.ts';
import type { Cluster } from '../../job/job.ts';

/** How capacity is paid for. */
export interface Purchase {
  readonly kind: 'onDemand' | 'capacityBlock' | 'trainingPlan';
  /** Off the on-demand price, for reserved instances and savings plans. */
  readonly discountFraction: number;
}

/** What is booked so that a run has its instances for all its days. */
export interface Booking {
  readonly bookedInstances: number;
  readonly bookedDays: number;
  /** Left out where no price is known. */
  readonly usd?: number;
  readonly usdPerHour?: number;
  readonly priceDate?: string;
}

const hoursPerDay = 24;

/**
 * Capacity Blocks: whole days up to 14, then weeks up to 182 days; 64 instances a block and 256 in all.
 * @source Amazon EC2 user guide, Capacity Blocks for ML
 */
const mostDaysByDay = 14;
const daysPerWeek = 7;
const mostDays = 182;
const mostInstances = 256;

/**
 * Training plans: whole days up to 182, and 1, 2, 4 and so on to 64 instances a plan.
 * @source Amazon SageMaker developer guide, training plans; API reference, SearchTrainingPlanOfferings
 */
const mostInstancesOfPlan = 64;

/** Days of the booking that covers a run; undefined where none is so long. */
export function bookedDays({ kind }: Purchase, days: number): number | undefined {
  switch (kind) {
    case 'onDemand':
      return Math.max(1, Math.ceil(days * hoursPerDay)) / hoursPerDay;
    case 'capacityBlock': {
      const whole = Math.max(1, Math.ceil(days));
      const covered = whole <= mostDaysByDay ? whole : Math.ceil(whole / daysPerWeek) * daysPerWeek;
      return covered <= mostDays ? covered : undefined;
    }
    case 'trainingPlan': {
      const whole = Math.max(1, Math.ceil(days));
      return whole <= mostDays ? whole : undefined;
    }
  }
}

/**
 * Instances of the booking that covers so many; undefined where there is none. Beyond one plan of 64 a cluster takes
 * several of them side by side.
 */
export function bookedInstances({ kind }: Purchase, count: number): number | undefined {
  if (kind === 'onDemand') return count;
  if (count > mostInstances) return undefined;
  if (kind === 'capacityBlock') return count;
  if (count > mostInstancesOfPlan) return Math.ceil(count / mostInstancesOfPlan) * mostInstancesOfPlan;
  return 2 ** Math.ceil(Math.log2(count));
}

/** Dollars an hour of one instance, and the day of that price; undefined where none is known. */
export function priceOfPurchase({ instance, usdPerHour }: Cluster, { kind, discountFraction }: Purchase) {
  if (usdPerHour !== undefined) return { usdPerHour: usdPerHour * (1 - discountFraction), priceDate: 'job' };
  if (kind === 'onDemand') {
    const [price] = instance.onDemand;
    return price && { usdPerHour: price.usdPerHour * (1 - discountFraction), priceDate: price.date };
  }
  const reserved = capacityBlockUsdPerHour(instance);
  const [price] = instance.capacityBlock;
  return price && reserved !== undefined ? { usdPerHour: reserved, priceDate: price.date } : undefined;
}

/** The booking that covers so many days on a cluster; a sentence where there is none. */
export function bookingFor(cluster: Cluster, purchase: Purchase, days: number): Booking | string {
  const instances = bookedInstances(purchase, cluster.count);
  const name = purchase.kind === 'capacityBlock' ? 'Capacity Blocks' : 'training plans';
  if (instances === undefined) return `${name} have at most ${mostInstances} instances, not ${cluster.count}`;
  const covered = bookedDays(purchase, days);
  if (covered === undefined) return `${name} have at most ${mostDays} days, and the run takes ${Math.ceil(days)}`;
  const price = priceOfPurchase(cluster, purchase);
  if (price === undefined) return { bookedInstances: instances, bookedDays: covered };
  return {
    bookedInstances: instances,
    bookedDays: covered,
    usd: instances * covered * hoursPerDay * price.usdPerHour,
    usdPerHour: instances * price.usdPerHour,
    priceDate: price.priceDate,
  };
}
