import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { simulateDetailed } from '../../src/simulate.ts';
import { memoryEvents, memoryKinds, memoryTimeline } from '../../src/step/memoryTimeline.ts';
import { anyJob } from '../anyJob.ts';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const runs = { numRuns: 40 };

describe('the memory timeline of any job', () => {
  it('peaks at what the report says, when it says', () => {
    fc.assert(
      fc.property(anyJob(), (written) => {
        const job = readJob(written);
        const simulation = simulateDetailed(job);
        for (const [device, stage] of simulation.report.memory.stages.entries()) {
          const moments = memoryTimeline(job, simulation, device);
          const peak = Math.max(...moments.map(({ totalBytes }) => totalBytes));
          expect(Math.abs(peak - stage.peakBytes)).toBeLessThan(2);
          const then = moments.filter(({ totalBytes }) => peak - totalBytes < 1).map(({ atSeconds }) => atSeconds);
          expect(then).toContain(stage.peakAtSeconds);
        }
      }),
      runs,
    );
  });

  it('has kinds that sum to the total at every moment, none of them negative', () => {
    fc.assert(
      fc.property(anyJob(), (written) => {
        const job = readJob(written);
        const simulation = simulateDetailed(job);
        for (const { bytes, totalBytes } of memoryTimeline(job, simulation, 0)) {
          expect(Math.abs(sum(memoryKinds.map((kind) => bytes[kind])) - totalBytes)).toBeLessThan(1);
          for (const kind of memoryKinds) expect(bytes[kind]).toBeGreaterThan(-1);
        }
      }),
      runs,
    );
  });

  it('gives back all that it takes, in order of time', () => {
    fc.assert(
      fc.property(anyJob(), (written) => {
        const job = readJob(written);
        const simulation = simulateDetailed(job);
        const last = simulation.report.memory.stages.length - 1;
        const events = memoryEvents(job, simulation, last);
        for (const kind of memoryKinds) {
          const left = sum(events.filter((event) => event.kind === kind).map(({ bytes }) => bytes));
          expect(Math.abs(left)).toBeLessThan(1);
        }
        for (let at = 1; at < events.length; at++) {
          expect(events[at]!.atSeconds).toBeGreaterThanOrEqual(events[at - 1]!.atSeconds);
        }
      }),
      runs,
    );
  });
});

describe('plain 1F1B', () => {
  const job = readJob({
    model: 'gpt3-175b',
    cluster: { instance: 'p4d.24xlarge', count: 64 },
    stack: 'megatron-2021',
    training: { sequenceLength: 2048, globalBatchSize: 256, precision: 'bf16' },
    parallelism: { tensor: 8, pipeline: 8, partitioner: 'uniform' },
  });
  const { report, stages } = simulateDetailed(job);

  it('peaks at min(m, p - i) microbatches and one pass, as the closed form has it', () => {
    report.memory.stages.forEach(({ activationsBytes, temporaryBytes }, device) => {
      const { savedBytes, backwardTransientBytes, lossTransientBytes } = stages[device]!;
      expect(activationsBytes).toBe((8 - device) * savedBytes);
      const pass = Math.max(backwardTransientBytes, lossTransientBytes);
      expect(temporaryBytes).toBe(pass + job.stack.workspaceBytes);
    });
  });

  it('names the five largest things alive then', () => {
    const { largest, activationsBytes } = report.memory.stages[0]!;
    expect(largest.map(({ name }) => name)).toEqual([
      'optimizer states',
      'softmax of the scores',
      'gradients',
      'input of the norm',
      'parameters',
    ]);
    const [layers, microbatches] = [12, 8];
    expect(largest[1]!.bytes).toBe(5 * 12 * 2048 ** 2 * layers * microbatches);
    expect(activationsBytes).toBeGreaterThan(largest[1]!.bytes);
  });
});
