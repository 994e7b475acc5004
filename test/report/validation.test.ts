import { describe, expect, it } from 'vitest';
import { fail } from '../../src/errors.ts';
import { renderValidation } from '../../src/report/index.ts';
import { type Breakdown, breakdownKinds } from '../../src/step/report.ts';
import { type MeasuredRow, type Prediction, scoreSet } from '../../src/validate/index.ts';
import { expectGolden } from '../golden/golden.ts';

const GIB = 1024 ** 3;

/** Rows of one set whose job is how many seconds will be predicted, or the path at which it will be refused. */
function rows(set: string, seconds: readonly (number | string)[], changes: Partial<MeasuredRow> = {}): MeasuredRow[] {
  return seconds.map((job, index) => ({
    id: `${set}-${index}`,
    set,
    source: `a paper about ${set}`,
    job,
    measured: { stepTimeSeconds: 10 + index },
    ...changes,
  }));
}

function evaluate(job: unknown): Prediction {
  if (typeof job === 'string') fail(job, 'is not modelled yet; dense feed-forward layers are', 'not-modelled');
  const stepTimeSeconds = typeof job === 'number' ? job : 1;
  const memory = { peakBytes: 40 * GIB, peakAllocatedBytes: 30 * GIB, peakReservedBytes: 35 * GIB };
  return {
    fits: stepTimeSeconds > 0.5,
    stepTimeSeconds,
    mfu: 0.4,
    memory,
    breakdownSeconds: breakdown(stepTimeSeconds),
  };
}

/** A step that computes for 60%, waits for tensor ranks for 27%, idles for 12%, and takes 1% for the rest. */
function breakdown(seconds: number): Breakdown {
  const shares: Partial<Breakdown> = { forward: 0.2, backward: 0.4, tensorComm: 0.27, bubble: 0.12, optimizer: 0.01 };
  return Object.fromEntries(breakdownKinds.map((kind) => [kind, (shares[kind] ?? 0) * seconds])) as Breakdown;
}

describe('validation', () => {
  it('shows scores, rows and refusals of each set, and all sets side by side', () => {
    const first = [
      ...rows('first', [10.4, 10.5, 9, 13.4]),
      ...rows('first', [99], {
        id: 'first-odd',
        measured: { stepTimeSeconds: 1, doubtful: 'slower than its neighbours' },
      }),
      ...rows('first', [1], { id: 'first-oom', measured: { fits: false } }),
      ...rows('first', [0.1], { id: 'first-ran', measured: { fits: true, peakBytes: 32 * GIB, peakKind: 'reserved' } }),
    ];
    const second = [
      ...rows('second', [12, 'parallelism.zeroStage', 'parallelism.zeroStage', 'model.experts']),
      ...rows('second', [13], { id: 'second-range', measured: { stepTimeSecondsRange: [11, 12.5] } }),
    ];
    const sets = [first, second].map((set) => scoreSet(set, evaluate));
    expectGolden('validation.txt', renderValidation(sets));
  });

  it('shows the rows furthest off of a large set, and every doubtful one', () => {
    const many = [
      ...rows(
        'many',
        Array.from({ length: 40 }, (_, index) => (10 + index) * (1 + index / 100)),
      ),
      ...rows('many', [5], { id: 'many-odd', measured: { stepTimeSeconds: 9, doubtful: 'a bad run' } }),
    ];
    const text = renderValidation([scoreSet(many, evaluate)], { mostRows: 3 });
    expect(text.match(/^ {2}many-\d+ /gm)).toEqual(['  many-39 ', '  many-38 ', '  many-37 ']);
    expect(text).toContain('not scored: a bad run');
    expect(text).toContain('the 3 furthest off of those answered; --json lists all');
  });

  it('names what takes the most time besides the passes', () => {
    const text = renderValidation([scoreSet(rows('one', [12]), evaluate)]);
    expect(text).toContain('tensor comm 27%, bubble 12%');
    expect(text).not.toContain('optimizer');
    const passes = (job: unknown): Prediction => ({
      ...evaluate(job),
      breakdownSeconds: { ...breakdown(0), forward: 1, backward: 2, optimizer: 0.02 },
    });
    expect(renderValidation([scoreSet(rows('one', [3]), passes)])).not.toContain('where to look');
  });

  it('says so where nothing could be answered', () => {
    const text = renderValidation([scoreSet(rows('none', ['stack', 'stack']), evaluate)]);
    expect(text).toContain('no row answered');
    expect(text).toContain('refused 2 × stack: is not modelled yet');
    expect(text).not.toContain('one constant');
  });
});
