import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { runSchedule } from '../../src/pipeline/answer.ts';
import { schedules } from '../../src/pipeline/schedules/index.ts';
import { arrivalsOf } from '../../src/report/trace/arrivals.ts';
import { type TraceSource, traceOfSchedule, traceOfSimulation, writeTrace } from '../../src/report/trace.ts';
import { simulateDetailed } from '../../src/simulate.ts';

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly cat?: string;
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly id?: number;
  readonly bp?: string;
  readonly args: Readonly<Record<string, number | string>>;
}
interface Trace {
  readonly traceEvents: readonly Event[];
  readonly otherData: { readonly title: string; readonly leftOut: readonly string[] };
}

async function written(source: TraceSource, mostEvents?: number) {
  const chunks: string[] = [];
  const result = await writeTrace(source, { write: (chunk) => void chunks.push(chunk) }, mostEvents);
  const trace: Trace = JSON.parse(chunks.join(''));
  expect(trace.traceEvents).toHaveLength(result.events);
  expect(trace.otherData.leftOut).toEqual(result.leftOut);
  return { ...trace, chunks, result };
}

const job = (changes: object = {}, stack = 'megatron-core') =>
  readJob({
    name: 'traced',
    model: 'gpt3-1.3b',
    cluster: { instance: 'p5.48xlarge', count: 1 },
    stack,
    training: { sequenceLength: 2048, globalBatchSize: 32 },
    parallelism: { pipeline: 4, data: 2, ...changes },
  });

function simulated(changes: object = {}, stack?: string) {
  const asked = job(changes, stack);
  const simulation = simulateDetailed(asked);
  return { job: asked, simulation, source: traceOfSimulation(asked, simulation) };
}

const slicesOf = (events: readonly Event[]) => events.filter(({ ph }) => ph === 'X');

function expectSound({ traceEvents }: Trace) {
  // Sorted by time; names of processes and threads have none.
  const timed = traceEvents.filter(({ ph }) => ph !== 'M');
  for (let index = 1; index < timed.length; index++) {
    expect(timed[index]!.ts).toBeGreaterThanOrEqual(timed[index - 1]!.ts);
  }
  // Slices of a thread follow one another, also after a viewer has rounded them to nanoseconds.
  const free = new Map<string, number>();
  for (const { pid, tid, ts, dur = -1 } of slicesOf(traceEvents)) {
    const thread = `${pid} ${tid}`;
    expect(dur).toBeGreaterThanOrEqual(0);
    expect(ts).toBeGreaterThanOrEqual(free.get(thread) ?? 0);
    expect(Math.round(ts * 1000)).toBeGreaterThanOrEqual(Math.round((free.get(thread) ?? 0) * 1000));
    free.set(thread, ts + dur);
  }
  // Every process and thread is named, once.
  const names = traceEvents.filter(({ name }) => name === 'thread_name').map(({ pid, tid }) => `${pid} ${tid}`);
  expect(new Set(names).size).toBe(names.length);
  expect([...free.keys()].sort()).toEqual([...names].sort());
  // Both ends of an arrow lie inside slices, have one name and category, and the second is not before the first.
  const inside = (event: Event) =>
    slicesOf(traceEvents).some(
      ({ pid, tid, ts, dur = 0 }) =>
        pid === event.pid && tid === event.tid && ts <= event.ts && event.ts <= ts + dur + 1e-6,
    );
  const starts = new Map(traceEvents.filter(({ ph }) => ph === 's').map((event) => [event.id, event]));
  const ends = traceEvents.filter(({ ph }) => ph === 'f');
  expect(ends).toHaveLength(starts.size);
  for (const end of ends) {
    const start = starts.get(end.id)!;
    expect([start.name, start.cat, end.bp]).toEqual([end.name, end.cat, 'e']);
    expect(end.ts).toBeGreaterThanOrEqual(start.ts);
    expect(inside(start) && inside(end)).toBe(true);
  }
  expect(traceEvents.filter(({ ph }) => ph === 't').every(inside)).toBe(true);
}

describe('the trace of a step', () => {
  it.each([
    ['1f1b', {}],
    ['interleaved, link by link', { virtualStages: 2 }],
    ['zero bubbles', { schedule: 'zb-v', virtualStages: 2 }],
    ['two directions', { schedule: 'dualpipe' }],
    ['a V with fused pairs', { schedule: 'dualpipe-v', virtualStages: 2 }],
    ['recomputing', { recompute: 'full' }],
  ])('is sound: %s', async (_, changes) => {
    const { simulation, source } = simulated(changes);
    const trace = await written(source);
    expectSound(trace);

    const { timeline, report } = simulation;
    const { plan } = timeline;
    for (let device = 0; device < plan.stages; device++) {
      const tasks = slicesOf(trace.traceEvents).filter(({ pid, cat }) => pid === device && cat === 'compute');
      expect(tasks).toHaveLength(plan.deviceOffset[device + 1]! - plan.deviceOffset[device]!);
      const busy = tasks.reduce((sum, { dur = 0 }) => sum + dur, 0);
      expect(busy / 1e6).toBeCloseTo(timeline.busy[device]!, 6);
      // The counter's highest moment is the peak that the report allocates.
      const memory = trace.traceEvents.filter(({ ph, pid }) => ph === 'C' && pid === device);
      const peak = Math.max(...memory.map(({ args }) => Object.values(args).reduce((sum: number, n) => sum + +n, 0)));
      expect(peak).toBeCloseTo(report.memory.stages[device]!.allocatedBytes, 0);
    }
    // Blocks that end the step are there: the last of the critical device ends when the step does.
    const last = Math.max(...slicesOf(trace.traceEvents).map(({ ts, dur = 0 }) => ts + dur));
    const begins = simulation.step.beginsAt[simulation.step.criticalDevice]!;
    expect(last / 1e6).toBeGreaterThan(report.stepTimeSeconds + begins - 1e-6);
  });

  it('names stages, ranks and streams, and says of a task what it does', async () => {
    const { source, simulation } = simulated();
    const { traceEvents, otherData } = await written(source);
    const named = (name: string) => traceEvents.filter((event) => event.name === name).map(({ args }) => args.name);
    expect(named('process_name').sort()).toEqual([
      'stage 0 · rank 0',
      'stage 1 · rank 2',
      'stage 2 · rank 4',
      'stage 3 · rank 6',
    ]);
    for (const stream of ['compute', 'send forward', 'receive backward', 'data-parallel communication', 'optimizer']) {
      expect(named('thread_name')).toContain(stream);
    }
    const forward = traceEvents.find(({ name }) => name === 'forward 3')!;
    expect(forward.args).toMatchObject({ pass: 'forward', microbatch: 3, chunk: 0, virtualStage: 0 });
    expect(forward.args.savedBytes).toBe(simulation.stages[0]!.savedBytes);
    const flops = slicesOf(traceEvents).reduce((sum, { args }) => sum + Number(args.flops ?? 0), 0);
    expect(flops).toBeGreaterThan(0);
    const send = traceEvents.find(({ name, cat }) => name === 'send 3' && cat === 'send forward')!;
    expect(send.args).toEqual({ microbatch: 3, toStage: 1, bytes: simulation.stages[0]!.sendBytes });
    expect(otherData.title).toBe('traced');
    expect(otherData.leftOut.join(' ')).toContain('the other 4 do the same');
  });

  it('counts three times the forward FLOPs without recomputation, and four with', async () => {
    const total = async (changes: object) => {
      const { traceEvents } = await written(simulated(changes).source);
      const of = (pass: RegExp) =>
        slicesOf(traceEvents).reduce((sum, { name, args }) => (pass.test(name) ? sum + Number(args.flops) : sum), 0);
      return of(/^backward/) / of(/^forward/);
    };
    const plain = await total({});
    expect(plain).toBeGreaterThan(1.9);
    expect(plain).toBeLessThan(2.3);
    expect((await total({ recompute: 'full' })) - plain).toBeGreaterThan(0.7);
  });

  it('shows every hand-over between stages once, in every mode of transfer', async () => {
    for (const stack of ['megatron-2021', 'megatron-core', 'smp-v1']) {
      const schedule = stack === 'smp-v1' ? 'smp-interleaved' : '1f1b';
      const { source } = simulated({ schedule, sequenceParallel: false }, stack);
      const trace = await written(source);
      expectSound(trace);
      for (const stream of ['send forward', 'receive forward', 'send backward', 'receive backward']) {
        expect(slicesOf(trace.traceEvents).filter(({ cat }) => cat === stream)).toHaveLength(3 * 16);
      }
    }
  });

  it('is written piece by piece', async () => {
    const { chunks } = await written(simulated().source);
    expect(chunks.length).toBeGreaterThan(1);
    for (const chunk of chunks) expect(chunk.length).toBeLessThan(80_000);
  });

  it('leaves the last microbatches out where there would be too many events, and says so', async () => {
    const { source } = simulated();
    const whole = await written(source);
    const short = await written(source, whole.result.events / 2);
    expect(short.result.shortened && !whole.result.shortened).toBe(true);
    expect(short.result.events).toBeLessThan(0.6 * whole.result.events);
    expect(short.otherData.leftOut.join(' ')).toMatch(/Of 16 microbatches the first [5-8] are shown/);
    expectSound(short);
  });

  it('passes on what the sink throws', async () => {
    const write = () => {
      throw new Error('full');
    };
    await expect(writeTrace(simulated().source, { write })).rejects.toThrow('full');
  });
});

describe('the trace of a schedule by itself', () => {
  it.each(schedules.map(({ name }) => name))('is sound: %s', async (name) => {
    const folded = ['zb-v', 'v-half', 'v-min', 'dualpipe-v'].includes(name);
    const looped = ['interleaved', 'breadth-first'].includes(name);
    for (const transfers of ['async', 'link', 'blocking'] as const) {
      const run = runSchedule({
        schedule: name,
        stages: 4,
        virtualStages: folded || looped ? 2 : 1,
        microbatches: 8,
        forward: 10,
        backwardInput: 11,
        backwardWeight: 7,
        // Longer than a pass: several are on their way at once.
        communication: 13,
        transfers,
      });
      const trace = await written(traceOfSchedule(run, transfers));
      expectSound(trace);
      const compute = slicesOf(trace.traceEvents).filter(({ cat }) => cat === 'compute');
      const busy = compute.reduce((sum, { dur = 0 }) => sum + dur, 0);
      expect(busy).toBeCloseTo(run.timeline.busy.reduce((sum, time) => sum + time, 0));
      // A receive ends when its input is there: never after the task that takes it starts.
      const { plan, start } = run.timeline;
      const { input } = arrivalsOf(run.timeline, transfers, run.costs.communication);
      for (let task = 0; task < plan.tasks; task++) expect(input[task]).toBeLessThanOrEqual(start[task]! + 1e-9);
      const ends = new Map<string, number[]>();
      for (const { pid, cat, ts, dur = 0 } of slicesOf(trace.traceEvents)) {
        if (cat?.startsWith('receive')) ends.set(`${pid}`, [...(ends.get(`${pid}`) ?? []), ts + dur]);
      }
      expect([...ends.values()].flat().length).toBe(
        slicesOf(trace.traceEvents).filter(({ cat }) => cat?.startsWith('send')).length,
      );
    }
  });

  it('shows a unit as a microsecond, or as a second where all costs are fractions', async () => {
    const at = async (scale: number) => {
      const costs = { forward: scale, backwardInput: 2 * scale, backwardWeight: scale, communication: 0 };
      const run = runSchedule({ schedule: '1f1b', stages: 2, microbatches: 2, ...costs });
      const { traceEvents, otherData } = await written(traceOfSchedule(run, 'async'));
      return [slicesOf(traceEvents)[0]!.dur, otherData.leftOut[0]];
    };
    expect(await at(3)).toEqual([3, 'One unit of cost is shown as one microsecond.']);
    expect(await at(0.25)).toEqual([250_000, 'One unit of cost is shown as one second.']);
  });
});
