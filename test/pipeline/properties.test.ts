import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planLowerBound } from '../../src/pipeline/lowerBound.ts';
import { inFlight, inFlightUntilInput } from '../../src/pipeline/memory.ts';
import { oneForwardOneBackward } from '../../src/pipeline/orders/oneForwardOneBackward.ts';
import { chunksPerDevice, microbatchesPerChunk } from '../../src/pipeline/placement.ts';
import { planPipeline } from '../../src/pipeline/plan.ts';
import { planSchedule } from '../../src/pipeline/planSchedule.ts';
import { residentBound } from '../../src/pipeline/residentBound.ts';
import { runPipeline, type TransferMode } from '../../src/pipeline/run.ts';
import {
  BACKWARD,
  FORWARD,
  FUSED_FORWARD,
  type PipelineCosts,
  placementOf,
  taskChunk,
  taskKind,
  taskMicrobatch,
  WEIGHT,
} from '../../src/pipeline/schedule.ts';
import { findSchedule, schedules } from '../../src/pipeline/schedules/index.ts';
import { pipelineShape } from '../../src/pipeline/shape.ts';
import { fixedSchedules, type Instance, instance, legalShape, wholeCosts } from './arbitrary.ts';
import { equalCosts, makespan, run } from './make.ts';

const MODES: readonly TransferMode[] = ['async', 'link', 'blocking'];

function timeOf({ schedule, shape, costs }: Instance, mode: TransferMode = 'async', other: PipelineCosts = costs) {
  return runPipeline(planSchedule(schedule, shape, costs), other, mode).makespan;
}

function mapCosts(costs: PipelineCosts, change: (value: number) => number): PipelineCosts {
  const { forward, backward, weight, communication } = costs;
  return {
    forward: forward.map(change),
    backward: backward.map(change),
    weight: weight.map(change),
    communication: communication.map(change),
  };
}

describe('every schedule', () => {
  it('runs each pass once, and forgets every activation', () => {
    fc.assert(
      fc.property(instance(), ({ schedule, shape, costs }) => {
        const placement = placementOf(schedule, shape);
        const each = microbatchesPerChunk(placement, shape);
        for (const order of schedule.order(shape, costs)) {
          const seen = new Set<string>();
          let held = 0;
          const weights = new Set([...order].filter((task) => taskKind(task) === WEIGHT).map((task) => task & ~3));
          for (const task of order) {
            const kind = taskKind(task) === FUSED_FORWARD ? FORWARD : taskKind(task);
            seen.add(`${kind} ${taskChunk(task)} ${taskMicrobatch(task)}`);
            if (kind === FORWARD) held++;
            else if (kind === WEIGHT || !weights.has(task & ~3)) held--;
            expect(held).toBeGreaterThanOrEqual(0);
          }
          expect(held).toBe(0);
          expect(seen.size).toBe(order.length);
          const passes = (kind: number) => [...seen].filter((name) => name.startsWith(`${kind} `)).length;
          expect(passes(FORWARD)).toBe(each * chunksPerDevice(placement, shape));
          expect(passes(BACKWARD)).toBe(passes(FORWARD));
          if (!schedule.splitsBackward) expect(passes(WEIGHT)).toBe(0);
        }
      }),
    );
  });

  it('is never faster than its lower bound, in any mode of transfer', () => {
    fc.assert(
      fc.property(instance(), fc.constantFrom(...MODES), ({ schedule, shape, costs }, mode) => {
        const orders = schedule.order(shape, costs);
        const plan = planPipeline(orders, shape, placementOf(schedule, shape), schedule.splitsBackward);
        const residency = {
          untilInput: inFlightUntilInput(orders),
          untilWeight: inFlight(orders).map(({ peak }) => peak),
        };
        const time = runPipeline(plan, costs, mode).makespan;
        expect(planLowerBound(plan, costs)).toBeLessThanOrEqual(time);
        expect(planLowerBound(plan, costs, residency)).toBeLessThanOrEqual(time * (1 + 1e-12));
        if (plan.fusedClasses.length === 0) expect(residentBound(plan, costs, residency)).toBeLessThanOrEqual(time);
      }),
      { numRuns: 250 },
    );
  });

  it('bounds fused pairs that cost less than their parts', () => {
    const among = schedules.filter(({ name }) => name.startsWith('dualpipe'));
    fc.assert(
      fc.property(instance(undefined, among), fc.double({ min: 0.1, max: 1.5, noNaN: true }), (at, share) => {
        const costs = { ...at.costs, fusedPair: at.costs.forward.map((f, s) => share * (f + at.costs.backward[s])) };
        const plan = planSchedule(at.schedule, at.shape, costs);
        expect(planLowerBound(plan, costs)).toBeLessThanOrEqual(runPipeline(plan, costs).makespan * (1 + 1e-12));
      }),
    );
  });

  it('computes for as long as its tasks cost, and idles the rest', () => {
    fc.assert(
      fc.property(instance(), fc.constantFrom(...MODES), ({ schedule, shape, costs }, mode) => {
        const plan = planSchedule(schedule, shape, costs);
        const { makespan: time, start, end, busy } = runPipeline(plan, costs, mode);
        for (let d = 0; d < plan.stages; d++) {
          let sum = 0;
          let free = 0;
          for (const k of plan.deviceTasks.subarray(plan.deviceOffset[d], plan.deviceOffset[d + 1])) {
            sum += end[k] - start[k];
            expect(start[k]).toBeGreaterThanOrEqual(Math.max(free, end[plan.input[k]]));
            free = end[k];
          }
          expect(busy[d]).toBe(sum);
          expect(busy[d]).toBeLessThanOrEqual(time);
        }
      }),
    );
  });

  it('takes k times as long where everything costs k times as much', () => {
    fc.assert(
      fc.property(instance(), fc.integer({ min: 2, max: 64 }), fc.constantFrom(...MODES), (at, k, mode) => {
        const scaled = mapCosts(at.costs, (value) => k * value);
        const plan = planSchedule(at.schedule, at.shape, scaled);
        expect(runPipeline(plan, scaled, mode).makespan).toBe(k * timeOf(at, mode));
      }),
    );
  });

  it('is no faster with serial links or blocking transfers than with latency alone', () => {
    fc.assert(
      fc.property(instance(), (at) => {
        const still = timeOf(at);
        expect(timeOf(at, 'link')).toBeGreaterThanOrEqual(still);
        expect(timeOf(at, 'blocking')).toBeGreaterThanOrEqual(still);
        const free = { ...at.costs, communication: at.costs.communication.map(() => 0) };
        const same = MODES.map((mode) => timeOf(at, mode, free));
        expect(new Set(same).size).toBe(1);
      }),
    );
  });
});

describe('every fixed order', () => {
  it('is no faster where any cost or transfer grows, and no slower than by what was added', () => {
    const kinds = ['forward', 'backward', 'weight', 'communication'] as const;
    fc.assert(
      fc.property(
        instance(undefined, fixedSchedules),
        fc.constantFrom(...MODES),
        fc.constantFrom(...kinds),
        fc.nat(),
        fc.integer({ min: 1, max: 5 }),
        (at, mode, kind, where, more) => {
          const list = at.costs[kind].slice();
          if (list.length === 0) return;
          list[where % list.length] += more;
          const before = timeOf(at, mode);
          const after = timeOf(at, mode, { ...at.costs, [kind]: list });
          expect(after).toBeGreaterThanOrEqual(before);
          // Each microbatch passes once through the stage, and twice over a boundary, which may hold up both ends in turn.
          const passes = (mode === 'blocking' ? 4 : 2) * at.shape.microbatches;
          expect(after).toBeLessThanOrEqual(before + passes * more);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('has a plan that is kept and used again', () => {
    const schedule = findSchedule('interleaved');
    const shape = pipelineShape({ stages: 4, virtualStages: 2, microbatches: 8 });
    const costs = (cost: number) => ({
      forward: new Float64Array(8).fill(cost),
      backward: new Float64Array(8).fill(2 * cost),
      weight: new Float64Array(8),
      communication: new Float64Array(7),
    });
    const plan = planSchedule(schedule, shape, costs(1));
    expect(planSchedule(schedule, { ...shape }, costs(3))).toBe(plan);
    expect(planSchedule(schedule, { ...shape, microbatches: 12 }, costs(1))).not.toBe(plan);
    const first = runPipeline(plan, costs(1));
    expect(first.makespan).toBe(57);
    expect(runPipeline(plan, costs(2), 'async', first)).toBe(first);
    expect(first.makespan).toBe(114);
  });
});

describe('no deadlock', () => {
  const most = { stages: 16, virtualStages: 4, microbatches: 64 };
  for (const schedule of schedules) {
    it(`${schedule.name}, up to 16 stages, 4 chunks, 64 microbatches`, () => {
      fc.assert(
        fc.property(
          legalShape(schedule, most).chain((shape) => wholeCosts(schedule, shape).map((costs) => ({ shape, costs }))),
          ({ shape, costs }) => {
            const orders = schedule.order(shape, costs);
            planPipeline(orders, shape, placementOf(schedule, shape), schedule.splitsBackward);
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  it('every legal group size of interleaved on a few devices', () => {
    for (let p = 2; p <= 6; p++) {
      for (const v of [2, 3]) {
        for (let m = p; m <= 24; m += 2) {
          for (let group = p; group <= m; group++) {
            const shape = pipelineShape({ stages: p, virtualStages: v, microbatches: m, microbatchGroupSize: group });
            const schedule = findSchedule('interleaved');
            if (schedule.illegal(shape) !== undefined) continue;
            planPipeline(schedule.order(shape, NO_COSTS), shape, 'loop', false);
          }
        }
      }
    }
  });
});

const NO_COSTS: PipelineCosts = {
  forward: new Float64Array(0),
  backward: new Float64Array(0),
  weight: new Float64Array(0),
  communication: new Float64Array(0),
};

const int = (min: number, max: number) => fc.integer({ min, max });
const cost = int(1, 6);

describe('closed forms at equal stages', () => {
  const p = int(1, 10);
  const check = (
    name: string,
    arbitraryShape: fc.Arbitrary<{ p: number; m: number; v: number }>,
    condition: (c: { F: number; I: number; W: number }) => boolean,
    formula: (at: { p: number; m: number; v: number; F: number; I: number; W: number }) => number,
  ) => {
    it(name, () => {
      fc.assert(
        fc.property(arbitraryShape, fc.record({ F: cost, I: cost, W: cost }).filter(condition), ({ p, m, v }, c) => {
          const time = makespan(name, { stages: p, microbatches: m, virtualStages: v }, equalCosts(c.F, c.I, c.W));
          expect(time).toBe(formula({ p, m, v, ...c }));
        }),
        { numRuns: 60 },
      );
    });
  };
  const any = () => true;
  const linear = fc.record({ p, m: int(1, 30), v: fc.constant(1) });
  const enough = (least: (p: number) => number, v: number) =>
    fc.record({ p, extra: int(0, 12) }).map(({ p, extra }) => ({ p, m: least(p) + extra, v }));

  for (const name of ['gpipe', 'smp-simple', '1f1b', '1f1b-eager'])
    check(name, linear, any, ({ p, m, F, I, W }) => (m + p - 1) * (F + I + W));
  check(
    'interleaved',
    fc.record({ p: int(2, 8), groups: int(1, 4), v: int(1, 4) }).map(({ p, groups, v }) => ({ p, m: groups * p, v })),
    any,
    ({ p, m, v, F, I, W }) => (v * m + p - 1) * (F + I + W),
  );
  check(
    'breadth-first',
    fc.record({ p, extra: int(0, 8), v: int(1, 4) }).map(({ p, extra, v }) => ({ p, m: p + extra, v })),
    any,
    ({ p, m, v, F, I, W }) => (v * m + p - 1) * (F + I + W),
  );
  check(
    'zb-h1',
    enough((p) => p, 1),
    ({ F, W }) => W <= F,
    ({ p, m, F, I, W }) => m * (F + I + W) + (p - 1) * Math.max(F, F + I - W),
  );
  check(
    'zb-h2',
    enough((p) => 2 * p - 1, 1),
    ({ F, W }) => W <= F,
    ({ p, m, F, I, W }) => m * (F + I + W) + (p - 1) * Math.max(F, F + I - 2 * W),
  );
  check(
    'zb-v',
    enough((p) => 2 * p - 1, 2),
    ({ F, I, W }) => F === I && I === W,
    ({ p, m, F, I, W }) => 2 * m * (F + I + W) + (p - 1) * F,
  );
  check(
    'dualpipe-v',
    enough((p) => 2 * p, 2),
    ({ F, I, W }) => F === I && I >= W,
    ({ p, m, F, I, W }) => 2 * m * (F + I + W) + (p - 1) * (F + 2 * (I + W) - 3 * W),
  );
  check(
    'dualpipe',
    fc
      .record({ half: int(1, 5), extra: int(0, 6) })
      .map(({ half, extra }) => ({ p: 2 * half, m: 4 * half + 2 * extra, v: 1 })),
    ({ F, I, W }) => F === I && I >= W,
    ({ p, m, F, I, W }) => m * (F + I + W) + (p / 2 - 1) * (F + 2 * (I + W) - 3 * W),
  );

  it('v-half and v-min: time beyond the work of a device', () => {
    const beyond = (name: string) =>
      [2, 3, 4, 5, 6, 7, 8, 9, 10, 12].map(
        (p) => makespan(name, { stages: p, microbatches: 3 * p }, equalCosts(1, 1, 1)) - 18 * p,
      );
    expect(beyond('v-half')).toEqual([1, 5, 5, 11, 11, 17, 17, 23, 23, 29]);
    expect(beyond('v-min')).toEqual([3, 5, 11, 15, 17, 23, 27, 29, 35, 41]);
  });
});

describe('what latency adds at equal stages', () => {
  const at = fc.record({ p: int(1, 8), m: int(1, 24), F: cost, I: cost, W: cost, c: int(0, 6) });
  const added = (
    name: string,
    { p, m, F, I, W, c }: { p: number; m: number; F: number; I: number; W: number; c: number },
  ) => makespan(name, { stages: p, microbatches: m }, equalCosts(F, I, W, c)) - (m + p - 1) * (F + I + W);

  it('gpipe: two transfers a boundary', () => {
    fc.assert(
      fc.property(at, (s) => {
        expect(added('gpipe', s)).toBe(2 * s.c * (s.p - 1));
      }),
    );
  });
  it('1f1b: nearly two transfers a microbatch', () => {
    fc.assert(
      fc.property(at, (s) => {
        expect(added('1f1b', s)).toBe(2 * s.c * (s.p - 1) + 2 * s.c * Math.floor(((s.m - 1) * (s.p - 1)) / s.p));
      }),
    );
  });
  it('1f1b-eager: no more than gpipe while two transfers hide under a microbatch', () => {
    const hidden = at.filter(({ c, F, I, W }) => 2 * c <= F + I + W);
    fc.assert(
      fc.property(hidden, (s) => {
        expect(added('1f1b-eager', s)).toBe(2 * s.c * (s.p - 1));
      }),
    );
  });
  it('interleaved: every boundary in groups of p, that of one device in larger groups', () => {
    const shape = fc.record({
      p: int(2, 6),
      v: int(2, 3),
      groups: int(1, 3),
      F: cost,
      I: cost,
      W: cost,
      share: int(0, 6),
    });
    fc.assert(
      fc.property(shape, ({ p, v, groups, F, I, W, share }) => {
        const c = Math.min(share, F, I + W);
        const time = (group: number) => {
          const spec = { stages: p, virtualStages: v, microbatches: groups * group, microbatchGroupSize: group };
          return makespan('interleaved', spec, equalCosts(F, I, W, c)) - (v * groups * group + p - 1) * (F + I + W);
        };
        expect(time(p)).toBe(2 * c * (v * p - 1));
        expect(time(2 * p)).toBe(2 * c * (p - 1));
      }),
    );
  });
});

describe('schedules that are one another', () => {
  const shape = fc.record({ stages: int(1, 8), microbatches: int(1, 20) });
  const orders = (name: string, spec: Parameters<typeof pipelineShape>[0]) =>
    findSchedule(name)
      .order(pipelineShape(spec), NO_COSTS)
      .map((order) => [...order]);

  it('1f1b-eager is interleaved with one chunk', () => {
    fc.assert(
      fc.property(shape, (s) => {
        expect(orders('1f1b-eager', s)).toEqual(orders('interleaved', s));
      }),
    );
  });

  it('gpipe is 1f1b that holds every microbatch', () => {
    fc.assert(
      fc.property(shape, (s) => {
        const whole = pipelineShape(s);
        const capped = oneForwardOneBackward(whole, () => s.microbatches + 1).map((order) => [...order]);
        expect(orders('gpipe', s)).toEqual(capped);
        expect(orders('smp-simple', s)).toEqual(capped);
      }),
    );
  });

  it('breadth-first is interleaved in one group, but for the direction of its backwards', () => {
    const spec = { stages: 4, virtualStages: 2, microbatches: 8 };
    expect(makespan('breadth-first', spec, equalCosts(1, 1, 1))).toBe(
      makespan('interleaved', { ...spec, microbatchGroupSize: 8 }, equalCosts(1, 1, 1)),
    );
  });

  it('the first half of dualpipe is dualpipe-v', () => {
    for (let p = 1; p <= 8; p++) {
      for (let m = 2 * p; m <= 2 * p + 5; m++) {
        const whole = orders('dualpipe', { stages: 2 * p, microbatches: 2 * m });
        expect(whole.slice(0, p)).toEqual(orders('dualpipe-v', { stages: p, virtualStages: 2, microbatches: m }));
      }
    }
  });

  it('1f1b that holds one microbatch less is slower', () => {
    const time = (m: number) => {
      const whole = pipelineShape({ stages: 4, microbatches: m });
      const costs = run('1f1b', whole, equalCosts(1, 1, 1)).costs;
      const capped = oneForwardOneBackward(whole, (device) => Math.min(3, 4 - device));
      return runPipeline(planPipeline(capped, whole, 'linear', false), costs).makespan;
    };
    expect([4, 5, 6, 8, 12].map(time)).toEqual([24, 30, 36, 48, 72]);
  });
});
