import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findModel } from '../src/graph/catalogue.ts';
import { type Report, type Simulation, simulate, simulateDetailed } from '../src/index.ts';
import { readJob } from '../src/job/readJob.ts';
import { planLowerBound } from '../src/pipeline/lowerBound.ts';
import type { PipelineCosts } from '../src/pipeline/schedule.ts';
import { anyJob, fixedSchedules, onFasterHardware, type WrittenJob } from './anyJob.ts';

const reportOf = (job: WrittenJob): Report => simulate(readJob(job));
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const PRECISE = 1e-9;

const splitBackwards = ['zb-h1', 'zb-h2', 'zb-v', 'v-half', 'v-min'];
const wholeBackwards = fixedSchedules.filter((name) => !splitBackwards.includes(name));

/** Every number of a value with the path to it; throws at anything that a report has no place for. */
function* numbersOf(value: unknown, path = 'report'): Generator<readonly [string, number]> {
  if (typeof value === 'number') yield [path, value];
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) yield* numbersOf(inner, `${path}.${key}`);
  } else if (typeof value !== 'string' && typeof value !== 'boolean') throw new Error(`${path} is ${value}`);
}

describe('the report of any job', () => {
  it('has only finite numbers, none negative but an error, and nothing that is null', () => {
    fc.assert(
      fc.property(anyJob(), (job) => {
        for (const [path, value] of numbersOf(reportOf(job))) {
          // How far a forecast was from a published run has a sign.
          const signed = /\.nearest\.\d+\.error$/.test(path);
          expect(Number.isFinite(value) && (signed || value >= 0), `${path} is ${value}`).toBe(true);
        }
      }),
    );
  });

  it('cuts the step into parts that sum to it', () => {
    fc.assert(
      fc.property(anyJob(), (job) => {
        const { stepTimeSeconds, breakdownSeconds, bubbleFraction } = reportOf(job);
        const parts = sum(Object.values(breakdownSeconds));
        expect(Math.abs(parts / stepTimeSeconds - 1)).toBeLessThan(PRECISE);
        expect(bubbleFraction).toBeCloseTo(breakdownSeconds.bubble / stepTimeSeconds, 12);
      }),
    );
  });

  it('cuts the peak of every stage into seven parts that sum to it, allocated within reserved within device', () => {
    fc.assert(
      fc.property(anyJob(), (job) => {
        const { memory, fits } = reportOf(job);
        for (const stage of memory.stages) {
          const tensors =
            stage.parametersBytes +
            stage.gradientsBytes +
            stage.optimizerBytes +
            stage.activationsBytes +
            stage.temporaryBytes +
            stage.communicationBytes;
          expect(Math.abs(tensors + stage.frameworkBytes - stage.peakBytes)).toBeLessThanOrEqual(1);
          expect(Math.abs(tensors - stage.allocatedBytes)).toBeLessThanOrEqual(1);
          expect(stage.allocatedBytes).toBeLessThanOrEqual(stage.reservedBytes);
          expect(stage.reservedBytes).toBeLessThanOrEqual(stage.peakBytes);
        }
        const most = (part: 'peakBytes' | 'allocatedBytes' | 'reservedBytes') =>
          Math.max(...memory.stages.map((stage) => stage[part]));
        expect(memory.peakBytes).toBe(most('peakBytes'));
        expect(memory.peakAllocatedBytes).toBe(most('allocatedBytes'));
        expect(memory.peakReservedBytes).toBe(most('reservedBytes'));
        expect(fits).toBe(memory.peakBytes <= memory.capacityBytes);
      }),
    );
  });

  it('has every layer and every parameter of the model in exactly one virtual stage', () => {
    fc.assert(
      fc.property(anyJob(), (job) => {
        const { partition, paddedParameters, parameters, memory } = reportOf(job);
        expect(sum(partition.stages.map(({ layers }) => layers))).toBe(findModel(job.model)!.layers);
        expect(sum(partition.stages.map((stage) => stage.parameters))).toBe(paddedParameters);
        expect(paddedParameters).toBeGreaterThanOrEqual(parameters);
        expect(partition.stages.map(({ virtualStage }) => virtualStage)).toEqual(partition.stages.map((_, at) => at));
        expect(new Set(partition.stages.map(({ stage }) => stage)).size).toBe(job.parallelism.pipeline);
        expect(memory.stages.map(({ stage }) => stage)).toEqual(memory.stages.map((_, at) => at));
        for (const { operators } of partition.stages) expect(operators).toBeGreaterThan(0);
      }),
    );
  });

  it('says the same of rates, utilisation and length as its step time', () => {
    fc.assert(
      fc.property(anyJob(), (job) => {
        const report = reportOf(job);
        const { stepTimeSeconds, mfu, hfu, training } = report;
        const { globalBatchSize, sequenceLength } = readJob(job).training;
        expect(report.samplesPerSecond).toBeCloseTo(globalBatchSize / stepTimeSeconds, 6);
        expect(report.tokensPerSecond / sequenceLength).toBeCloseTo(report.samplesPerSecond, 6);
        expect(mfu).toBeLessThan(1);
        expect(hfu).toBeGreaterThanOrEqual(mfu);
        expect(hfu).toBeLessThan(1);
        if (training !== undefined) {
          expect(training.steps).toBe(Math.ceil(1e9 / (globalBatchSize * sequenceLength)));
          expect(training.timeToTrainSeconds).toBeCloseTo(training.steps * stepTimeSeconds, 6);
        }
      }),
    );
  });
});

describe('a step on better hardware', () => {
  const speedup = fc.constantFrom(1, 1.01, 1.5, 4, 100);
  const uniform = (schedules: readonly string[]) => anyJob({ partitioners: ['uniform'], schedules });

  it('is never longer, for a fixed partition under a schedule of fixed order', () => {
    fc.assert(
      fc.property(
        uniform([...wholeBackwards, ...splitBackwards]),
        speedup,
        speedup,
        speedup,
        (job, network, flops, memory) => {
          const before = reportOf(job).stepTimeSeconds;
          const after = reportOf(onFasterHardware(job, { network, flops, memory })).stepTimeSeconds;
          expect(after).toBeLessThanOrEqual(before * (1 + PRECISE));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('is shorter where everything is 100 times as fast', () => {
    fc.assert(
      fc.property(uniform(wholeBackwards), (job) => {
        const faster = reportOf(onFasterHardware(job, { network: 100, flops: 100, memory: 100 }));
        expect(faster.stepTimeSeconds).toBeLessThan(reportOf(job).stepTimeSeconds);
      }),
      { numRuns: 30 },
    );
  });
});

/** What every pass and transfer of a simulated step costs. */
function costsOf({ report: { partition }, transferSeconds }: Simulation): PipelineCosts {
  const of = (value: (stage: Report['partition']['stages'][number]) => number) =>
    Float64Array.from(partition.stages, value);
  const backward = of(({ backwardSeconds }) => backwardSeconds);
  return {
    forward: of(({ forwardSeconds }) => forwardSeconds),
    backward,
    weight: backward,
    communication: transferSeconds,
  };
}

/** As often as all the others together. */
const dynamic = wholeBackwards.map(() => 'smp-interleaved');

describe('the pipeline of any job', () => {
  it('takes no less than the lower bound and no more than all its work and transfers one after another', () => {
    fc.assert(
      fc.property(anyJob({ schedules: [...wholeBackwards, ...dynamic] }), (job) => {
        const simulation = simulateDetailed(readJob(job));
        const { plan, makespan } = simulation.timeline;
        const costs = costsOf(simulation);
        expect(makespan).toBeGreaterThanOrEqual(planLowerBound(plan, costs) * (1 - PRECISE));
        const work = sum([...costs.forward]) + sum([...costs.backward]);
        // There and back; where a transfer holds up both its ends it may do so at different times.
        const transfers = 4 * sum([...costs.communication]);
        expect(makespan).toBeLessThanOrEqual(plan.microbatches * (work + transfers) * (1 + PRECISE));
        expect(simulation.report.stepTimeSeconds).toBeGreaterThanOrEqual(makespan);
      }),
    );
  });

  it('keeps every device at one task at a time, each after its input', () => {
    fc.assert(
      fc.property(anyJob(), (job) => {
        const { plan, start, end } = simulateDetailed(readJob(job)).timeline;
        for (let task = 0; task < plan.tasks; task++) {
          expect(start[task]).toBeGreaterThanOrEqual(end[plan.previous[task]!]!);
          expect(start[task]).toBeGreaterThanOrEqual(end[plan.input[task]!]!);
          expect(end[task]).toBeGreaterThanOrEqual(start[task]!);
        }
      }),
      { numRuns: 50 },
    );
  });
});

const fullestElsewhere: WrittenJob = {
  model: 'gpt3-1.3b',
  cluster: { instance: 'p3dn.24xlarge', devices: 8 },
  stack: 'megatron-2021',
  training: { sequenceLength: 2048, globalBatchSize: 8, precision: 'fp16' },
  parallelism: {
    tensor: 1,
    pipeline: 8,
    data: 1,
    microBatchSize: 1,
    virtualStages: 2,
    sequenceParallel: false,
    schedule: 'interleaved',
    partitioner: 'uniform',
    placement: 'PDT',
    zeroStage: 0,
    recompute: { mode: 'full', every: 2 },
  },
};

describe('memory', () => {
  it('of a stage never falls when more microbatches are in flight', () => {
    const growing = anyJob({ partitioners: ['uniform'], schedules: ['gpipe', '1f1b', 'interleaved'] });
    fc.assert(
      fc.property(growing, fc.integer({ min: 2, max: 4 }), (job, times) => {
        const globalBatchSize = times * job.training.globalBatchSize;
        const few = reportOf(job).memory.stages;
        const many = reportOf({ ...job, training: { ...job.training, globalBatchSize } }).memory.stages;
        many.forEach((stage, at) => {
          expect(stage.peakBytes).toBeGreaterThanOrEqual(few[at]!.peakBytes);
          expect(stage.allocatedBytes).toBeGreaterThanOrEqual(few[at]!.allocatedBytes);
        });
      }),
      // The last stage is fullest in its layer at first, and then in one of the other chunk: that saves less and needs more.
      { examples: [[fullestElsewhere, 2]] },
    );
  });

  it('of states never grows with the ZeRO stage', () => {
    fc.assert(
      fc.property(anyJob({ partitioners: ['uniform'] }), (job) => {
        const [whole, sharded] = [0, 1].map(
          (zeroStage) => reportOf({ ...job, parallelism: { ...job.parallelism, zeroStage } }).memory.stages,
        );
        sharded!.forEach((stage, at) => {
          expect(stage.optimizerBytes).toBeLessThanOrEqual(whole![at]!.optimizerBytes);
          expect(stage.parametersBytes).toBe(whole![at]!.parametersBytes);
        });
      }),
      { numRuns: 50 },
    );
  });

  // An order that follows from times may hold a microbatch more when passes take longer.
  it('of activations never grows with recomputation where the order is fixed', () => {
    fc.assert(
      fc.property(anyJob({ partitioners: ['uniform'], schedules: fixedSchedules }), (job) => {
        const [none, selective, full] = ['none', 'selective', 'full'].map(
          (recompute) => reportOf({ ...job, parallelism: { ...job.parallelism, recompute } }).memory.stages,
        );
        full!.forEach((stage, at) => {
          expect(stage.allocatedBytes).toBeLessThanOrEqual(selective![at]!.allocatedBytes);
          expect(selective![at]!.allocatedBytes).toBeLessThanOrEqual(none![at]!.allocatedBytes);
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe('a report', () => {
  it('is the same each time, whatever was asked in between', () => {
    fc.assert(
      fc.property(anyJob(), fc.array(anyJob(), { minLength: 1, maxLength: 4 }), (job, others) => {
        const first = JSON.stringify(reportOf(job));
        expect(JSON.stringify(reportOf(job))).toBe(first);
        for (const other of others) reportOf(other);
        expect(JSON.stringify(reportOf(structuredClone(job)))).toBe(first);
      }),
      { numRuns: 50 },
    );
  });

  it('is not mistaken for that of a job that differs in one thing', () => {
    const changes: readonly ((job: WrittenJob) => WrittenJob)[] = [
      (job) => onFasterHardware(job, { network: 1, flops: 2, memory: 1 }),
      (job) => onFasterHardware(job, { network: 1, flops: 1, memory: 2 }),
      (job) => ({ ...job, training: { ...job.training, globalBatchSize: 2 * job.training.globalBatchSize } }),
    ];
    fc.assert(
      fc.property(anyJob(), fc.constantFrom(...changes), (job, change) => {
        const first = reportOf(job);
        const second = reportOf(change(job));
        expect(second.stepTimeSeconds).not.toBe(first.stepTimeSeconds);
      }),
      { numRuns: 50 },
    );
  });
});

it('a report does not depend on the jobs that were simulated before it', () => {
  fc.assert(
    fc.property(anyJob(), fc.constantFrom('PDT', 'DPT', 'TPD'), (job, placement) => {
      const { report, timeline } = simulateDetailed(readJob(job));
      const first = JSON.stringify({ report, start: [...timeline.start], end: [...timeline.end] });
      // Neighbours share plans, timelines and profiles with it.
      for (const zeroStage of [0, 1]) {
        simulate(readJob({ ...job, parallelism: { ...job.parallelism, zeroStage, placement, recompute: 'full' } }));
      }
      const again = simulateDetailed(readJob(job));
      expect(JSON.stringify({ report, start: [...timeline.start], end: [...timeline.end] })).toBe(first);
      expect(JSON.stringify(again.report)).toBe(JSON.stringify(report));
    }),
    { numRuns: 40 },
  );
});
