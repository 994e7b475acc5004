import { describe, expect, it } from 'vitest';
import { findInstance } from '../../src/hardware/catalogue.ts';
import { bookedDays, bookedInstances, bookingFor, type Purchase } from '../../src/planner/run/booking.ts';

const purchase = (kind: Purchase['kind'], discountFraction = 0): Purchase => ({ kind, discountFraction });

describe('bookings', () => {
  it.each([
    ['capacityBlock', 0.2, 1],
    ['capacityBlock', 13.5, 14],
    ['capacityBlock', 14.1, 21],
    ['capacityBlock', 176, 182],
    ['capacityBlock', 182.5, undefined],
    ['trainingPlan', 14.1, 15],
    ['trainingPlan', 182, 182],
    ['trainingPlan', 182.1, undefined],
    ['onDemand', 400.01, 9_601 / 24],
  ] as const)('%s covers %f days with %s', (kind, days, booked) => {
    expect(bookedDays(purchase(kind), days)).toBe(booked);
  });

  it.each([
    ['capacityBlock', 120, 120],
    ['capacityBlock', 257, undefined],
    ['trainingPlan', 1, 1],
    ['trainingPlan', 3, 4],
    ['trainingPlan', 33, 64],
    ['trainingPlan', 65, 128],
    ['onDemand', 2_048, 2_048],
  ] as const)('%s covers %i instances with %s', (kind, count, booked) => {
    expect(bookedInstances(purchase(kind), count)).toBe(booked);
  });

  const cluster = { instance: findInstance('p5.48xlarge')!, count: 10, devices: 80 };

  it('is paid for all its days, not for the seconds used', () => {
    const block = bookingFor(cluster, purchase('capacityBlock'), 14.5);
    // EC2 Capacity Blocks of July 2026: 5.191 dollars an H100 and hour.
    expect(block).toMatchObject({
      bookedInstances: 10,
      bookedDays: 21,
      usd: 10 * 21 * 24 * 8 * 5.191,
      priceDate: '2026-07-01',
    });
    expect(bookingFor(cluster, purchase('onDemand', 0.3), 14.5)).toMatchObject({
      usd: expect.closeTo(10 * 348 * 55.04 * 0.7, 6),
    });
  });

  it('takes the price that a job gives, and none where there is none', () => {
    expect(bookingFor({ ...cluster, usdPerHour: 10 }, purchase('trainingPlan'), 2)).toMatchObject({
      bookedInstances: 16,
      usd: 16 * 48 * 10,
    });
    const p5e = { ...cluster, instance: findInstance('p5e.48xlarge')! };
    expect(bookingFor(p5e, purchase('onDemand'), 2)).toEqual({ bookedInstances: 10, bookedDays: 2 });
  });

  it('says why there is none', () => {
    expect(bookingFor({ ...cluster, count: 300 }, purchase('capacityBlock'), 2)).toBe(
      'Capacity Blocks have at most 256 instances, not 300',
    );
    expect(bookingFor(cluster, purchase('trainingPlan'), 200)).toBe(
      'training plans have at most 182 days, and the run takes 200',
    );
  });
});
