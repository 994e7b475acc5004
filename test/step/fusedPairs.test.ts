import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { planSchedule } from '../../src/pipeline/planSchedule.ts';
import { findSchedule } from '../../src/pipeline/schedules/index.ts';
import { pipelineShape } from '../../src/pipeline/shape.ts';
import { simulateDetailed } from '../../src/simulate.ts';
import { microbatchesInFlight } from '../../src/step/inFlight.ts';
import { endsMicrobatch, type Pass, visitPasses } from '../../src/step/passes.ts';
import { costsOf } from '../pipeline/make.ts';

const written = (parallelism: object) => ({
  model: 'gpt3-6.7b',
  cluster: { instance: 'p5.48xlarge', count: 2 },
  training: { sequenceLength: 2048, globalBatchSize: 64 },
  parallelism: { pipeline: 8, data: 2, partitioner: 'uniform', ...parallelism },
});
const run = (parallelism: object) => simulateDetailed(readJob(written(parallelism)));

const pairs: readonly (readonly [string, object])[] = [
  ['dualpipe', { schedule: 'dualpipe' }],
  ['dualpipe-v', { schedule: 'dualpipe-v', virtualStages: 2 }],
];

function planOf(name: string, stages: number, microbatches: number) {
  const schedule = findSchedule(name);
  const shape = pipelineShape({ stages, microbatches, virtualStages: schedule.placement === 'v' ? 2 : 1 });
  const costs = costsOf(schedule, shape, { forward: 1, backwardInput: 1, backwardWeight: 1, communication: 0 });
  return planSchedule(schedule, shape, costs);
}

describe('passes', () => {
  it.each(['1f1b', 'gpipe', 'zb-h1', 'zb-v', 'dualpipe', 'dualpipe-v'])(
    'of %s: each microbatch goes forward once and back once, in one piece or two',
    (name) => {
      const plan = planOf(name, 4, 16);
      const seen = new Map<string, Pass[]>();
      for (let device = 0; device < plan.stages; device++) {
        for (let index = plan.deviceOffset[device]!; index < plan.deviceOffset[device + 1]!; index++) {
          visitPasses(plan, plan.deviceTasks[index]!, (pass, lane, microbatch) => {
            const key = `${lane} ${microbatch}`;
            seen.set(key, [...(seen.get(key) ?? []), pass]);
          });
        }
      }
      expect(seen.size).toBe(plan.lanes * plan.microbatches);
      for (const passes of seen.values()) {
        expect([
          ['forward', 'backward'],
          ['forward', 'backward-input', 'backward-weight'],
        ]).toContainEqual(passes);
        expect(passes.filter(endsMicrobatch)).toHaveLength(1);
      }
    },
  );

  it('leave at most one microbatch more than stages in flight on a device of DualPipe', () => {
    // arXiv 2412.19437, Table 2: activations of p + 1 microbatches, of both directions together.
    const held = microbatchesInFlight(planOf('dualpipe', 8, 32));
    expect(held).toHaveLength(8);
    for (let stage = 0; stage < 4; stage++) {
      const both = held[stage]! + held[7 - stage]!;
      expect(both).toBeGreaterThanOrEqual(8);
      expect(both).toBeLessThanOrEqual(2 * 9);
    }
  });
});

describe.each(pairs)('a step under %s', (_, parallelism) => {
  const { report, timeline, step } = run(parallelism);

  it('is made of parts that sum to it', () => {
    const parts = Object.values(report.breakdownSeconds);
    expect(parts.reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(report.stepTimeSeconds, 9);
    for (const seconds of parts) expect(seconds).toBeGreaterThanOrEqual(0);
  });

  it('has memory whose parts sum to the peak, and none left at the end', () => {
    for (const stage of report.memory.stages) {
      const { parametersBytes, gradientsBytes, optimizerBytes, activationsBytes } = stage;
      const { temporaryBytes, communicationBytes, frameworkBytes } = stage;
      const states = parametersBytes + gradientsBytes + optimizerBytes;
      expect(states + activationsBytes + temporaryBytes + communicationBytes + frameworkBytes).toBe(stage.peakBytes);
    }
  });

  it('averages the gradients of every stage once on each device that holds it', () => {
    for (const { reductions } of step.ends) {
      expect(reductions.filter(({ of }) => of === 'gradients')).toHaveLength(2);
    }
    expect(timeline.plan.fusedClasses.length).toBeGreaterThan(0);
  });

  it('ends with everybody waiting for the norm of all gradients', () => {
    expect(step.barrier).toBeGreaterThanOrEqual(Math.max(...step.ends.map(({ reducedAt }) => reducedAt)));
  });
});

describe('DualPipe', () => {
  it('holds two copies of the parameters, DualPipe-V one', () => {
    const [dual, folded, plain] = [...pairs.map(([, parallelism]) => parallelism), { schedule: '1f1b' }].map(
      (parallelism) => run(parallelism).report.memory.stages,
    );
    const total = (stages: typeof plain & {}) => stages.reduce((sum, { parametersBytes }) => sum + parametersBytes, 0);
    // The embedding, which is also the head, is on two devices either way.
    expect(total(dual!) / total(plain!)).toBeGreaterThan(1.9);
    expect(total(dual!) / total(plain!)).toBeLessThanOrEqual(2);
    expect(total(folded!) / total(plain!)).toBeCloseTo(1, 1);
  });

  it('averages what both directions added to a stage', () => {
    const { step } = run({ schedule: 'dualpipe' });
    const mirrored = step.ends.map(
      ({ reductions }) => reductions.find(({ of }) => of === 'gradients of both directions')!,
    );
    for (let device = 0; device < 8; device++) {
      expect(mirrored[device]).toEqual(mirrored[7 - device]);
      expect(mirrored[device]!.end).toBe(step.ends[device]!.reducedAt);
      expect(mirrored[device]!.bytes).toBeGreaterThan(0);
    }
  });

  it('is refused where it cannot run, with what would do', () => {
    expect(() => readJob(written({ schedule: 'dualpipe', pipeline: 8, microBatchSize: 4 }))).toThrow(/at least 16/);
    expect(() => readJob(written({ schedule: 'dualpipe-v', pipeline: 8 }))).toThrow(/virtual stages|virtualStages/);
  });
});
