import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ForetrainError, fail } from '../../src/errors.ts';
import {
  fitConstant,
  type Measured,
  type MeasuredRow,
  measuredSeconds,
  type Prediction,
  parseRows,
  relativeError,
  scoreSet,
  validationJson,
} from '../../src/validate/index.ts';

interface Answer {
  readonly seconds?: number;
  readonly fits?: boolean;
  readonly mfu?: number;
  readonly bytes?: readonly [allocated: number, reserved: number, device: number];
  readonly refusedAt?: string;
}

/** A row whose job is the answer that it will get. */
function row(id: string, answer: Answer, measured: Measured, source = 'paper'): MeasuredRow {
  return { id, set: 'test', source, job: { ...answer, training: { globalBatchSize: 100 } }, measured };
}

function evaluate(job: unknown): Prediction {
  const { seconds = 1, fits = true, mfu = 0.5, bytes = [1, 2, 3], refusedAt } = job as Answer;
  if (refusedAt !== undefined) fail(refusedAt, 'is not modelled yet', 'not-modelled');
  const [peakAllocatedBytes, peakReservedBytes, peakBytes] = bytes;
  return { fits, stepTimeSeconds: seconds, mfu, memory: { peakAllocatedBytes, peakReservedBytes, peakBytes } };
}

const score = (rows: readonly MeasuredRow[]) => scoreSet(rows, evaluate).score;

describe('time', () => {
  it('averages |predicted − measured| ÷ measured, with median, worst and bias beside it', () => {
    const scored = score([
      row('a', { seconds: 11 }, { stepTimeSeconds: 10 }),
      row('b', { seconds: 8 }, { stepTimeSeconds: 10 }),
      row('c', { seconds: 10 }, { stepTimeSeconds: 10 }),
    ]);
    expect(scored).toMatchObject({ set: 'test', rows: 3, scored: 3, answered: 3, notModelled: 0, worstId: 'b' });
    expect(scored.mape).toBeCloseTo(0.1);
    expect(scored.answeredMape).toBeCloseTo(0.1);
    expect(scored.median).toBeCloseTo(0.1);
    expect(scored.worst).toBeCloseTo(0.2);
    expect(scored.bias).toBeCloseTo(-0.1 / 3);
  });

  it('counts zero inside a range, and outside it the distance to the nearer end over that end', () => {
    const inside = { low: 8, high: 12, middle: 10 };
    expect(relativeError(8, inside)).toBe(0);
    expect(relativeError(12, inside)).toBe(0);
    expect(relativeError(6, inside)).toBeCloseTo(-0.25);
    expect(relativeError(15, inside)).toBeCloseTo(0.25);
    expect(score([row('a', { seconds: 15 }, { stepTimeSeconds: 10, stepTimeSecondsRange: [8, 12] })]).mape).toBe(0.25);
  });

  it('turns samples per second into seconds first', () => {
    const rate = row('a', {}, { samplesPerSecond: 10, samplesPerSecondRange: [5, 20] });
    expect(measuredSeconds(rate)).toEqual({ low: 5, high: 20, middle: 10 });
    expect(measuredSeconds(row('b', {}, { samplesPerSecond: 4 }))).toEqual({ low: 25, high: 25, middle: 25 });
    expect(measuredSeconds(row('c', {}, { samplesPerSecondRange: [5, 20] }))?.middle).toBe(12.5);
    expect(measuredSeconds(row('d', {}, { fits: false }))).toBeUndefined();
  });

  it('shows a doubtful row and does not score it', () => {
    const { score: scored, rows } = scoreSet(
      [
        row('a', { seconds: 10 }, { stepTimeSeconds: 10 }),
        row('b', { seconds: 99 }, { stepTimeSeconds: 1, doubtful: 'a bad run' }),
      ],
      evaluate,
    );
    expect(scored).toMatchObject({ rows: 2, scored: 1, doubtful: 1, mape: 0, fitsAccuracy: 1 });
    expect(rows[1]).toMatchObject({ id: 'b', doubtful: 'a bad run', time: { predictedSeconds: 99 } });
  });

  it('scores a refused row as 100% off, except where experts are the reason', () => {
    const scored = score([
      row('a', { seconds: 12 }, { stepTimeSeconds: 10 }),
      row('b', { refusedAt: 'parallelism.zeroStage' }, { stepTimeSeconds: 10 }),
      row('c', { refusedAt: 'model.experts' }, { stepTimeSeconds: 10 }),
    ]);
    expect(scored).toMatchObject({ rows: 3, scored: 2, answered: 1, notModelled: 2, worst: 1, worstId: 'b' });
    expect(scored.mape).toBeCloseTo(0.6);
    expect(scored.answeredMape).toBeCloseTo(0.2);
    expect(scored.bias).toBeCloseTo(0.2);
    expect(scored.fitsAccuracy).toBe(0.5);
  });

  it('lets a fault of foretrain through', () => {
    const broken = () => {
      throw new TypeError('a bug');
    };
    expect(() => scoreSet([row('a', {}, { stepTimeSeconds: 1 })], broken)).toThrow(TypeError);
  });
});

describe('fits', () => {
  it('scores accuracy, out of memory called safe, and what ran called too big', () => {
    const scored = score([
      row('right', { fits: false }, { fits: false }),
      row('unsafe', { fits: true }, { fits: false }),
      row('ran', { fits: true }, { fits: true, stepTimeSeconds: 1 }),
      row('ran, as its time says', { fits: false }, { stepTimeSeconds: 1 }),
      row('ran too', { fits: true }, { fits: true }),
      row('refused', { refusedAt: 'parallelism.offload' }, { fits: false }),
    ]);
    expect(scored.fitsAccuracy).toBeCloseTo(3 / 6);
    expect(scored.outOfMemoryCalledSafe).toBeCloseTo(1 / 2);
    expect(scored.ranCalledTooBig).toBeCloseTo(1 / 3);
  });

  it('leaves out the scores that have no rows to stand on', () => {
    const scored = score([row('a', { fits: false }, { fits: false })]);
    expect(Object.keys(scored).sort()).toEqual(
      // biome-ignore format: one list
      ['answered', 'doubtful', 'experiments', 'fitsAccuracy', 'notModelled', 'outOfMemoryCalledSafe', 'rows', 'scored', 'set'],
    );
  });
});

it('holds memory against the figure that peakKind names', () => {
  const scored = score([
    row('a', { bytes: [90, 0, 0] }, { peakBytes: 100, peakKind: 'allocated' }),
    row('b', { bytes: [0, 120, 0] }, { peakBytes: 100, peakKind: 'reserved' }),
    row('c', { bytes: [0, 0, 100] }, { peakBytes: 100, peakKind: 'device' }),
  ]);
  expect(scored.memoryMape).toBeCloseTo(0.1);
});

it('ranks the rows of each experiment by themselves', () => {
  const times = (source: string, pairs: readonly (readonly [number, number])[]) =>
    pairs.map(([seconds, stepTimeSeconds], i) => row(`${source}${i}`, { seconds }, { stepTimeSeconds }, source));
  const scored = score([
    ...times('first', [
      [1, 10],
      [2, 20],
      [3, 30],
    ]),
    ...times('second', [
      [3, 10],
      [2, 20],
      [1, 30],
    ]),
    ...times('two rows are no order', [
      [1, 1],
      [2, 2],
    ]),
    ...times('all equal', [
      [1, 1],
      [1, 2],
      [1, 3],
    ]),
  ]);
  expect(scored.experiments.map(({ source, rows }) => [source, rows])).toEqual([
    ['first', 3],
    ['second', 3],
  ]);
  expect(scored.experiments[0].spearman).toBeCloseTo(1);
  expect(scored.experiments[1].spearman).toBeCloseTo(-1);
  expect(scored.spearman).toBeCloseTo(0);
});

describe('the fitted constant', () => {
  const sample = (idealSeconds: number, low: number, high = low) => ({
    idealSeconds,
    measured: { low, high, middle: (low + high) / 2 },
  });

  it('is exact where all rows have one MFU', () => {
    const constant = fitConstant([sample(1, 2), sample(3, 6), sample(5, 10)]);
    expect(constant?.mfu).toBeCloseTo(0.5);
    expect(constant?.mape).toBeCloseTo(0);
  });

  it('leans to the faster of two rows, whose time is the smaller divisor', () => {
    // At MFU 0.5 the errors are 0 and |2 − 4| / 4; at MFU 0.25 they are |4 − 2| / 2 and 0.
    const constant = fitConstant([sample(1, 2), sample(1, 4)]);
    expect(constant?.mfu).toBeCloseTo(0.5);
    expect(constant?.mape).toBeCloseTo(0.25);
  });

  it('is free inside measured ranges', () => {
    expect(fitConstant([sample(1, 2, 4), sample(1, 3, 5)])?.mape).toBe(0);
  });

  it('has nothing to fit without answered rows', () => {
    expect(fitConstant([])).toBeUndefined();
    expect(score([row('a', { refusedAt: 'stack' }, { stepTimeSeconds: 1 })]).constantMape).toBeUndefined();
  });

  it('takes its FLOPs from the report: MFU times step time', () => {
    const scored = score([
      row('a', { seconds: 4, mfu: 0.5 }, { stepTimeSeconds: 8 }),
      row('b', { seconds: 2, mfu: 0.25 }, { stepTimeSeconds: 2 }),
      row('c', { refusedAt: 'stack' }, { stepTimeSeconds: 1 }),
    ]);
    expect(scored.constantMfu).toBeCloseTo(0.25);
    expect(scored.constantMape).toBeCloseTo(0);
  });

  it('is beaten by no other constant', () => {
    const positive = fc.double({ min: 0.01, max: 100, noNaN: true });
    const samples = fc.array(fc.tuple(positive, positive, fc.double({ min: 1, max: 2, noNaN: true })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(samples, positive, (raw, rival) => {
        const rows = raw.map(([ideal, low, spread]) => sample(ideal, low, low * spread));
        const best = fitConstant(rows);
        const mapeAt = (x: number) =>
          rows.reduce(
            (sum, { idealSeconds, measured }) => sum + Math.abs(relativeError(idealSeconds * x, measured)),
            0,
          ) / rows.length;
        expect(best?.mape).toBeLessThanOrEqual(mapeAt(rival) + 1e-9);
        expect(best?.mape).toBeCloseTo(mapeAt(1 / (best?.mfu ?? 0)), 6);
      }),
    );
  });
});

describe('rows', () => {
  const good = '{"id":"a","set":"s","source":"p","job":{},"measured":{"stepTimeSeconds":1},"note":"n"}';

  it('reads JSON lines and skips blank ones', () => {
    expect(parseRows(`${good}\n\n  \r\n${good}`, 'f')).toHaveLength(2);
    expect(parseRows('', 'f')).toEqual([]);
  });

  it('names every line that is none', () => {
    const lines = [
      good,
      'rubbish',
      '[]',
      good.replace('"a"', '1'),
      good.replace('"s"', '1'),
      good.replace('"p"', '1'),
      good.replace('"job":{}', '"job":"gpt"'),
      good.replace('{"stepTimeSeconds":1}', '3'),
      good.replace(':1}', ':-1}'),
      good.replace('"stepTimeSeconds":1', '"stepTimeSecondsRange":[1]'),
      good.replace('"stepTimeSeconds":1', '"fits":"no"'),
      good.replace('"stepTimeSeconds":1', '"peakKind":"guess"'),
    ];
    const faults = () => {
      try {
        parseRows(lines.join('\n'), 'mine.jsonl');
      } catch (error) {
        if (error instanceof ForetrainError) return error.faults;
      }
      return [];
    };
    expect(faults().map((fault) => fault.path)).toEqual(lines.slice(1).map((_, i) => `mine.jsonl line ${i + 2}`));
  });
});

it('gives one flat JSON row a measurement, without nulls', () => {
  const rows = [
    row('time', { seconds: 12 }, { stepTimeSecondsRange: [8, 10] }),
    row('memory', { bytes: [110, 0, 0] }, { peakBytes: 100, peakKind: 'allocated' }),
    row('out of memory', { fits: true }, { fits: false }),
    row('refused', { refusedAt: 'stack' }, { stepTimeSeconds: 1 }),
    row('doubtful', { seconds: 3 }, { stepTimeSeconds: 1, doubtful: 'why' }),
  ];
  const json = validationJson([scoreSet(rows, evaluate)]);
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  expect(json.sets).toHaveLength(1);
  const [time, memory, outOfMemory, refused, doubtful] = json.rows;
  expect(time).toMatchObject({ id: 'time', predicted: 12, measured: 9, measuredRange: [8, 10], error: 0.2 });
  expect(memory).toMatchObject({ peakKind: 'allocated', predictedBytes: 110, measuredBytes: 100 });
  expect(memory.memoryError).toBeCloseTo(0.1);
  expect(outOfMemory).toEqual({ id: 'out of memory', set: 'test', predictedFits: true, measuredFits: false });
  expect(refused).toMatchObject({ measured: 1, error: -1, refused: ['stack: is not modelled yet'] });
  expect(refused).not.toHaveProperty('predicted');
  expect(doubtful).toMatchObject({ doubtful: 'why', predicted: 3, measured: 1 });
});
