import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inFlight } from '../../src/pipeline/memory.ts';
import { backwardFirst } from '../../src/pipeline/orders/backwardFirst.ts';
import { ordersOnDevices } from '../../src/pipeline/orders/onDevices.ts';
import { planPipeline } from '../../src/pipeline/plan.ts';
import { planSchedule } from '../../src/pipeline/planSchedule.ts';
import { runPipeline } from '../../src/pipeline/run.ts';
import type { PipelineCosts, PipelineShape } from '../../src/pipeline/schedule.ts';
import { findSchedule } from '../../src/pipeline/schedules/index.ts';
import { onDevices } from '../../src/pipeline/schedules/onDevices.ts';

const shapeOf = (stages: number, microbatches: number, activeMicrobatches = stages + 2): PipelineShape => ({
  stages,
  virtualStages: 1,
  microbatches,
  microbatchGroupSize: stages,
  activeMicrobatches,
});

const costsOf = (forward: readonly number[], communication: number): PipelineCosts => ({
  forward: Float64Array.from(forward),
  backward: Float64Array.from(forward, (cost) => 2 * cost),
  weight: new Float64Array(forward.length),
  communication: new Float64Array(Math.max(0, forward.length - 1)).fill(communication),
});

/** Whole numbers and zeros, so that many moments coincide. */
const cost = fc.integer({ min: 0, max: 4 });

it('runs one stage a device exactly as SageMaker’s interleaved schedule does', () => {
  const problem = fc.tuple(
    fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 9 }),
    cost,
  );
  fc.assert(
    fc.property(problem, ([forward, microbatches, active, communication]) => {
      const shape = shapeOf(forward.length, microbatches, active);
      const costs = costsOf(forward, communication);
      const map = { devices: forward.map((_, device) => device) };
      expect(ordersOnDevices(map, shape, costs, 'backward-first')).toEqual(backwardFirst(shape, costs));
    }),
    { numRuns: 500 },
  );
});

const anywhere = fc
  .tuple(
    fc.integer({ min: 1, max: 5 }),
    fc.array(fc.nat(), { minLength: 1, maxLength: 9 }),
    fc.array(cost, { minLength: 9, maxLength: 9 }),
  )
  .map(([stages, places, costs]) => ({
    stages,
    devices: places.map((place) => place % stages),
    forward: costs.slice(0, places.length),
  }));

it('runs every pass once, wherever the stages sit, some devices idle and some visited again', () => {
  let visitedAgain = 0;
  fc.assert(
    fc.property(
      anywhere,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom('smp-interleaved', 'smp-simple'),
      fc.constantFrom('async', 'link', 'blocking'),
      ({ stages, devices, forward }, microbatches, active, name, transfers) => {
        const shape = shapeOf(stages, microbatches, active);
        const costs = costsOf(forward, 1);
        const plan = planSchedule(onDevices(findSchedule(name), { devices }), shape, costs);
        // A plan has every pass once, or it is none.
        expect(plan.tasks).toBe(2 * microbatches * devices.length);
        const { busy, makespan } = runPipeline(plan, costs, transfers);
        for (const device of devices) expect(busy[device]).toBeLessThanOrEqual(makespan);
        const work = 3 * microbatches * forward.reduce((sum, one) => sum + one, 0);
        expect(busy.reduce((sum, one) => sum + one, 0)).toBe(work);
        if (new Set(devices).size < devices.length) visitedAgain++;
      },
    ),
    { numRuns: 500 },
  );
  expect(visitedAgain).toBeGreaterThan(100);
});

it('admits no more microbatches than are allowed in flight', () => {
  fc.assert(
    fc.property(anywhere, fc.integer({ min: 1, max: 3 }), ({ stages, devices, forward }, active) => {
      const orders = ordersOnDevices({ devices }, shapeOf(stages, 8, active), costsOf(forward, 1), 'backward-first');
      const chunks = devices.filter((device) => device === devices[0]).length;
      expect(inFlight(orders)[devices[0]].peak).toBeLessThanOrEqual(active * chunks);
    }),
  );
});

it('finishes all forward passes of a device before any backward pass with the simple pipeline', () => {
  // Device 0 has both ends of the model, as a module tree often puts it.
  const shape = shapeOf(2, 3);
  const orders = ordersOnDevices({ devices: [0, 1, 0] }, shape, costsOf([1, 1, 1], 0), 'forwards-first');
  const plan = planPipeline(orders, shape, { devices: [0, 1, 0] }, false);
  const kinds = Array.from(plan.deviceTasks.slice(0, plan.deviceOffset[1]), (task) => plan.kind[task]);
  expect(kinds).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  // By hand: forwards end at 7 (2 idle-free rounds, then microbatch 2 there and back); backwards of the lowest microbatch
  // first leave microbatch 2 for the end: 15–17 on device 0, 17–19 on device 1, 19–21 on device 0.
  expect(runPipeline(plan, costsOf([1, 1, 1], 0)).makespan).toBe(21);
});
