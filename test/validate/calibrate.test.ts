import { describe, expect, it } from 'vitest';
import { calibrated, calibrationFactors, parseCalibration } from '../../src/job/calibration.ts';
import type { Job } from '../../src/job/job.ts';
import { readJob } from '../../src/job/readJob.ts';
import { simulate } from '../../src/simulate.ts';
import { calibrate, type MeasuredRun } from '../../src/validate/calibrate.ts';
import { parseMeasuredRuns } from '../../src/validate/measuredRun.ts';
import { linesOf } from '../job/jobs.ts';

interface Shape {
  readonly tensor: number;
  readonly pipeline: number;
  readonly microBatchSize: number;
  readonly sequenceLength: number;
  readonly model?: string;
  readonly zeroStage?: number;
}

const jobOf = ({ tensor, pipeline, microBatchSize, sequenceLength, model = 'gpt3-6.7b', zeroStage = 1 }: Shape): Job =>
  readJob({
    model,
    cluster: { instance: 'p4d.24xlarge', count: 2 },
    stack: 'megatron-2023',
    training: { sequenceLength, globalBatchSize: 512 },
    parallelism: { tensor, pipeline, microBatchSize, zeroStage },
  });

/** Runs that differ in what they are bound by: products, memory, collectives, the host. */
const shapes: readonly Shape[] = [1, 2, 8].flatMap((tensor) =>
  [1, 2].flatMap((pipeline) => [
    { tensor, pipeline, microBatchSize: 2, sequenceLength: 2048 },
    { tensor, pipeline, microBatchSize: 1, sequenceLength: 512 },
    { tensor, pipeline, microBatchSize: 4, sequenceLength: 1536, zeroStage: 0 },
    { tensor, pipeline, microBatchSize: 4, sequenceLength: 1024, model: 'gpt3-1.3b' },
    { tensor, pipeline, microBatchSize: 1, sequenceLength: 256, model: 'gpt3-1.3b' },
    // A narrow model is mostly passes over memory.
    { tensor: 1, pipeline, microBatchSize: 4 * tensor, sequenceLength: 1024, model: 'gpt2-124m' },
  ]),
);

const truth = {
  accelerator: 'a100-sxm4-40',
  stack: 'megatron-2023',
  matmul: 0.9,
  memoryBandwidth: 0.8,
  collectiveBandwidth: 0.7,
  hostTime: 1.4,
  frameworkMemory: 1.3,
};

/** What runs would measure if the machines were so. */
function measured(jobs: readonly Job[], spoil: (seconds: number, index: number) => number = (s) => s): MeasuredRun[] {
  return jobs.map((job, index) => {
    const report = simulate(job, { calibration: { entries: [truth] }, evidence: false });
    const seconds = spoil(report.stepTimeSeconds, index);
    return {
      job,
      seconds: { low: seconds, high: seconds, middle: seconds },
      peak: { bytes: report.memory.peakBytes, kind: 'device' },
    };
  });
}

const jobs = shapes.map(jobOf);

describe('calibrate', () => {
  it('finds the factors that made the runs', () => {
    expect(jobs[0]!.cluster.instance.accelerator.name).toBe(truth.accelerator);
    const [entry, ...others] = calibrate(measured(jobs));
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ accelerator: truth.accelerator, stack: truth.stack, rows: jobs.length });
    for (const factor of calibrationFactors) {
      const off = Math.abs(Math.log(entry![factor] / truth[factor]));
      // Towards the truth; the prior holds back what the runs cannot tell apart.
      expect(off, `${factor} ${entry![factor]}`).toBeLessThan(0.6 * Math.abs(Math.log(truth[factor])));
    }
    expect(entry!.meanErrorBefore).toBeGreaterThan(0.03);
    expect(entry!.meanErrorAfter).toBeLessThan(0.01);
  });

  it('finds them where one run in ten went wrong', () => {
    const [entry] = calibrate(measured(jobs, (seconds, index) => (index % 10 === 3 ? 2 * seconds : seconds)));
    expect(entry!.matmul).toBeGreaterThan(0.85);
    expect(entry!.matmul).toBeLessThan(0.97);
    expect(entry!.hostTime).toBeLessThan(2);
  });

  it('forecasts runs that it has not seen as the machines would run them', () => {
    const [entry] = calibrate(measured(jobs.filter((_, index) => index % 4 !== 1)));
    const unseen = jobs.filter((_, index) => index % 4 === 1);
    const errors = measured(unseen).map(({ job, seconds }) => {
      const { stepTimeSeconds } = simulate(job, { calibration: { entries: [entry!] }, evidence: false });
      return Math.abs(stepTimeSeconds / seconds!.middle - 1);
    });
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.02);
  });

  it('does not blame one factor for two runs', () => {
    // Both are twice as long as forecast: no factor may go where it alone would have to.
    const runs = jobs.slice(0, 2).map((job): MeasuredRun => {
      const seconds = 2 * simulate(job, { evidence: false }).stepTimeSeconds;
      return { job, seconds: { low: seconds, high: seconds, middle: seconds } };
    });
    const [entry] = calibrate(runs);
    for (const factor of calibrationFactors) {
      expect(entry![factor], factor).toBeGreaterThan(0.35);
      expect(entry![factor], factor).toBeLessThan(2);
    }
  });

  it('leaves alone what the forecast has right', () => {
    const right = jobs.slice(0, 6).map((job): MeasuredRun => {
      const seconds = simulate(job, { evidence: false }).stepTimeSeconds;
      return { job, seconds: { low: seconds, high: seconds, middle: seconds } };
    });
    const [entry] = calibrate(right);
    for (const factor of calibrationFactors) expect(entry![factor]).toBe(1);
  });

  it('keeps accelerators and stacks apart', () => {
    const other = readJob({
      model: 'gpt3-1.3b',
      cluster: { instance: 'p5.48xlarge', count: 1 },
      training: { sequenceLength: 2048, globalBatchSize: 32 },
    });
    const seconds = 2 * simulate(other, { evidence: false }).stepTimeSeconds;
    const runs = [
      ...measured(jobs.slice(0, 3)),
      { job: other, seconds: { low: seconds, high: seconds, middle: seconds } },
    ];
    const entries = calibrate(runs);
    expect(entries.map(({ accelerator, stack, rows }) => [accelerator, stack, rows])).toEqual([
      ['a100-sxm4-40', 'megatron-2023', 3],
      ['h100-sxm5-80', 'megatron-core', 1],
    ]);
  });
});

describe('a calibration', () => {
  const [job] = jobs as [Job];

  it('of ones changes nothing', () => {
    const ones = parseCalibration(
      JSON.stringify({ entries: [{ accelerator: truth.accelerator, stack: truth.stack }] }),
    );
    expect(simulate(job, { calibration: ones })).toEqual(simulate(job));
  });

  it('is read as it was printed', () => {
    const printed = { entries: calibrate(measured(jobs.slice(0, 2))) };
    const { rows, meanErrorBefore, meanErrorAfter, ...entry } = printed.entries[0]!;
    expect(parseCalibration(JSON.stringify(printed))).toEqual({ entries: [entry] });
    expect([rows, meanErrorBefore > meanErrorAfter]).toEqual([2, true]);
  });

  it('slows what it says is slower, and leaves utilisation over the same peak', () => {
    const slower = (factor: object) =>
      simulate(job, { calibration: { entries: [{ ...parseCalibration(entryText({})).entries[0]!, ...factor }] } });
    const plain = simulate(job);
    for (const factor of ['matmul', 'memoryBandwidth', 'collectiveBandwidth'] as const) {
      expect(slower({ [factor]: 0.5 }).stepTimeSeconds, factor).toBeGreaterThan(plain.stepTimeSeconds);
      expect(slower({ [factor]: 2 }).stepTimeSeconds, factor).toBeLessThan(plain.stepTimeSeconds);
    }
    const { mfu, stepTimeSeconds } = slower({ matmul: 0.5 });
    expect(mfu * stepTimeSeconds).toBeCloseTo(plain.mfu * plain.stepTimeSeconds, 9);
    expect(slower({ frameworkMemory: 2 }).memory.peakBytes).toBeGreaterThan(plain.memory.peakBytes);
    // What was asked in between changes nothing.
    expect(simulate(job)).toEqual(plain);
  });

  it('of other machines is not applied, and the report says so', () => {
    const calibration = parseCalibration(entryText({ accelerator: 'h100-sxm5-80' }));
    expect(calibrated(job, calibration)).toBe(job);
    const { warnings, ...report } = simulate(job, { calibration });
    const { warnings: _, ...plain } = simulate(job);
    expect(report).toEqual(plain);
    expect(warnings.join(' ')).toContain('no entry for a100-sxm4-40 with megatron-2023');
  });

  const entryText = (changes: object) =>
    JSON.stringify({ entries: [{ accelerator: truth.accelerator, stack: truth.stack, ...changes }] });

  it.each([
    ['{', /^line 1, column \d+: /],
    ['[]', /^calibration: must be an object/],
    ['{}', /^entries: is missing; write what `foretrain calibrate` printed$/],
    ['{ "entries": 3 }', /^entries: must be a list of entries, not 3$/],
    [entryText({ matmul: 0 }), /^entries\.0\.matmul: must be a factor from 0\.1 to 10, not 0$/],
    [entryText({ matmul: 'fast' }), /^entries\.0\.matmul: must be a factor/],
    [entryText({ matmull: 1 }), /^entries\.0\.matmull: is not a field of an entry of a calibration; did you mean/],
    [entryText({ accelerator: undefined }), /^entries\.0\.accelerator: is missing/],
  ])('that is wrong gives one sentence: %s', (text, fault) => {
    const lines = linesOf(() => parseCalibration(text));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(fault);
  });
});

describe('parseMeasuredRuns', () => {
  const written = {
    model: 'gpt3-1.3b',
    cluster: { instance: 'p4d.24xlarge', count: 1 },
    training: { sequenceLength: 2048, globalBatchSize: 16 },
  };
  const line = (measured: object, job: object = written) => JSON.stringify({ job, measured });

  it('reads times, rates, ranges and peaks, and skips blank lines', () => {
    const text = [
      line({ stepTimeSeconds: 2 }),
      '',
      line({ samplesPerSecond: 8, peakBytes: 1e10 }),
      line({ peakBytes: 2e10, peakKind: 'reserved' }),
    ].join('\n');
    const runs = parseMeasuredRuns(text, 'runs.jsonl');
    expect(runs.map(({ seconds, peak }) => [seconds?.middle, peak])).toEqual([
      [2, undefined],
      [2, { bytes: 1e10, kind: 'device' }],
      [undefined, { bytes: 2e10, kind: 'reserved' }],
    ]);
  });

  it.each([
    ['', /^runs\.jsonl: has no runs; each line is one/],
    ['rubbish', /^runs\.jsonl line 1: is not JSON; /],
    ['[1]', /^runs\.jsonl line 1: is not an object /],
    ['{"measured":{"stepTimeSeconds":1}}', /^runs\.jsonl line 1: `job` must be a job object$/],
    [`\n${JSON.stringify({ job: written })}`, /^runs\.jsonl line 2: `measured` must be an object/],
    [line({}), /^runs\.jsonl line 1: `measured` has nothing to calibrate with; give stepTimeSeconds/],
    [line({ stepTimeSeconds: -1 }), /^runs\.jsonl line 1: `measured\.stepTimeSeconds` must be a number above zero$/],
    [line({ stepTimeSeconds: 1 }, { ...written, model: 'gpt9' }), /^runs\.jsonl line 1, model: /],
  ])('names what is wrong in one sentence: %s', (text, fault) => {
    const lines = linesOf(() => parseMeasuredRuns(text, 'runs.jsonl'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(fault);
  });
});
