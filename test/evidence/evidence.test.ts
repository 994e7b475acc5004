import { describe, expect, it } from 'vitest';
import { evidenceOfValidation } from '../../scripts/evidenceOfValidation.ts';
import { evidenceRows, nearestRuns, type RunFeatures } from '../../src/evidence/index.ts';
import { ratioInterval, ratioTable } from '../../src/evidence/interval.ts';
import { formatRows, parseRowText } from '../../src/evidence/rowText.ts';
import { readJob } from '../../src/job/readJob.ts';
import { simulate, simulateDetailed } from '../../src/simulate.ts';
import { evidenceFor, featuresOf } from '../../src/step/evidence.ts';

const stale = 'src/evidence is stale: run `npm run evidence`';

describe('the rows', () => {
  it('are what foretrain says now', () => {
    const every = 17;
    const rows = evidenceRows();
    const sample = evidenceOfValidation(every);
    expect(sample.length, stale).toBe(Math.ceil(rows.length / every));
    for (const [index, { predictedSeconds, measuredSeconds, ...row }] of sample.entries()) {
      const kept = rows[index * every]!;
      expect({ ...kept, predictedSeconds: 0, measuredSeconds: 0 }, stale).toEqual({
        ...row,
        predictedSeconds: 0,
        measuredSeconds: 0,
      });
      expect(Math.abs(kept.predictedSeconds / predictedSeconds - 1), `${stale} (${row.id})`).toBeLessThan(1e-6);
      expect(Math.abs(kept.measuredSeconds / measuredSeconds - 1), stale).toBeLessThan(1e-6);
    }
  });

  it('survive being written and read', () => {
    const rows = evidenceRows().slice(0, 20);
    expect(parseRowText(formatRows(rows))).toEqual(rows);
    expect(parseRowText('')).toEqual([]);
  });

  it('have finite figures and one name each', () => {
    const rows = evidenceRows();
    for (const { features, measuredSeconds, predictedSeconds } of rows) {
      for (const value of [measuredSeconds, predictedSeconds]) expect(value > 0 && Number.isFinite(value)).toBe(true);
      expect(Object.values(features).every((value) => value === 0 || Boolean(value))).toBe(true);
    }
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });
});

describe('prediction intervals', () => {
  it('cover nine measurements in ten that they have not seen', () => {
    const rows = evidenceRows();
    const table = ratioTable(rows);
    const covered = rows.filter(({ features, measuredSeconds, predictedSeconds }) => {
      const ratio = measuredSeconds / predictedSeconds;
      const interval = ratioInterval(table, features, ratio)!;
      return interval.low <= ratio && ratio <= interval.high;
    });
    const share = covered.length / rows.length;
    expect(share).toBeGreaterThan(0.85);
    expect(share).toBeLessThan(0.95);
  });

  it('take runs of the same kind where there are enough, and say which', () => {
    const [row] = evidenceRows();
    const of = (count: number, changes: Partial<RunFeatures> = {}) =>
      Array.from({ length: count }, (_, index) => ({
        ...row!,
        set: `${index % 3} of ${JSON.stringify(changes)}`,
        features: { ...row!.features, ...changes },
        measuredSeconds: 100 + index,
        predictedSeconds: 110,
      }));
    const kindFrom = (rows: readonly (typeof row & {})[]) => ratioInterval(ratioTable(rows), row!.features)?.kind;
    const elsewhere = of(30, { generation: 'volta', stack: 'deepspeed' });
    expect(kindFrom([...of(20), ...elsewhere])).toBe('accelerator family, stack and kinds of parallelism');
    expect(kindFrom([...of(10), ...of(10, { context: 4 }), ...elsewhere])).toBe('accelerator family and stack');
    expect(kindFrom([...of(10), ...of(10, { stack: 'fsdp1' }), ...elsewhere])).toBe('accelerator family');
    expect(kindFrom([...of(5), ...elsewhere])).toBe('maker of the accelerator');
    expect(kindFrom(of(5))).toBeUndefined();
  });

  it('hold the forecast itself', () => {
    const table = ratioTable(evidenceRows());
    for (const { features } of evidenceRows()) {
      const { low, high } = ratioInterval(table, features)!;
      expect(low <= 1 && high >= 1 && low > 0).toBe(true);
    }
  });
});

describe('nearest runs', () => {
  it('of a published run begin with that run, or one that is its like', () => {
    for (const row of evidenceRows().filter((_, index) => index % 29 === 0)) {
      const { rows, near } = nearestRuns(row.features);
      expect(rows).toHaveLength(3);
      expect(near).toBe(true);
      expect(rows[0]!.features).toEqual(row.features);
    }
  });

  it('agree with looking at every run', () => {
    const { features } = evidenceRows()[500]!;
    const few = nearestRuns({ ...features, devices: 4 * features.devices, layers: 7 }, 5).rows;
    const all = nearestRuns({ ...features, devices: 4 * features.devices, layers: 7 }, evidenceRows().length).rows;
    expect(all).toHaveLength(evidenceRows().length);
    expect(few).toEqual(all.slice(0, 5));
  });
});

describe('a report', () => {
  const job = readJob({
    model: 'llama3-70b',
    cluster: { instance: 'dgx-h100', count: 8 },
    training: { sequenceLength: 8192, globalBatchSize: 128 },
    parallelism: { tensor: 4, pipeline: 4, context: 2, virtualStages: 5 },
  });

  it('names three published runs like the job, and where the step time will lie', () => {
    const report = simulate(job);
    expect(report.nearest).toHaveLength(3);
    for (const { id, source, measuredSeconds, predictedSeconds, error } of report.nearest) {
      expect(id).toMatch(/llama3-70b/);
      expect(source).not.toBe('');
      expect(error).toBeCloseTo(predictedSeconds / measuredSeconds - 1, 12);
    }
    const [low, high] = report.stepTimeSecondsRange!;
    expect(low).toBeLessThanOrEqual(report.stepTimeSeconds);
    expect(high).toBeGreaterThanOrEqual(report.stepTimeSeconds);
    expect(report.warnings).toEqual([]);
  });

  it('leaves both out for a search', () => {
    const { nearest, stepTimeSecondsRange, ...rest } = simulate(job, { evidence: false });
    expect([nearest, stepTimeSecondsRange]).toEqual([[], undefined]);
    const { nearest: _, stepTimeSecondsRange: __, ...whole } = simulateDetailed(job).report;
    expect(rest).toEqual(whole);
  });

  it('warns where no published run is near', () => {
    const { accelerator } = job.cluster.instance;
    const instance = {
      ...job.cluster.instance,
      accelerator: { ...accelerator, generation: 'volta', name: 'v9' } as const,
    };
    const far = { ...job, cluster: { ...job.cluster, instance } };
    expect(evidenceFor(far, 1).nearest).toHaveLength(3);
    expect(evidenceFor(far, 1).warnings).toEqual([
      'No published run is near this one (v9 with megatron-core): nothing says how far off this forecast is.',
    ]);
    expect(featuresOf(far).generation).toBe('volta');
  });
});
