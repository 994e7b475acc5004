import { findStack } from '../stack/index.ts';
import { isRecord, type MeasuredRow } from './row.ts';
import { counts, type RowScore } from './scoreRow.ts';

/** How often `fits` is right among the rows that share a value of one field. */
export interface FitsGroup {
  readonly by: 'attention' | 'tensor';
  readonly value: string;
  readonly rows: number;
  /** Share called right. */
  readonly accuracy: number;
}

/** The one constant of the stack that stands between tensors and what the allocator reserves. */
export interface AllocatorConstant {
  readonly stack: string;
  /** Reserved over allocated for what comes and goes, less 1. */
  readonly fragmentation: number;
  readonly source: string;
}

/** What a set whose rows ran out of memory says about calls of `fits`, by attention kernel and tensor degree. */
export function fitsDetail(rows: readonly MeasuredRow[], scores: readonly RowScore[]) {
  const called = scores.flatMap((score, index) =>
    score.fits === undefined || !counts(score) ? [] : [{ fits: score.fits, job: rows[index]!.job }],
  );
  if (!called.some(({ fits }) => !fits.measured)) return {};
  const groups = (by: FitsGroup['by'], keyOf: (job: unknown) => unknown): FitsGroup[] => {
    const right = new Map<string, boolean[]>();
    for (const { fits, job } of called) {
      const value = keyOf(job);
      if (value === undefined) continue;
      const calls = right.get(String(value)) ?? [];
      right.set(String(value), [...calls, fits.predicted === fits.measured]);
    }
    const shares = [...right].map(([value, calls]) => ({
      by,
      value,
      rows: calls.length,
      accuracy: calls.filter((call) => call).length / calls.length,
    }));
    return shares.length < 2 ? [] : shares.sort((a, b) => a.value.localeCompare(b.value));
  };
  const fitsBy = [
    ...groups('attention', (job) => fieldOf(fieldOf(job, 'stack'), 'attention')),
    ...groups('tensor', (job) => fieldOf(fieldOf(job, 'parallelism'), 'tensor')),
  ];
  const allocator = allocatorOf(called.map(({ job }) => job));
  return { ...(fitsBy.length === 0 ? {} : { fitsBy }), ...(allocator === undefined ? {} : { allocator }) };
}

function fieldOf(value: unknown, field: string): unknown {
  return isRecord(value) ? value[field] : undefined;
}

/** The constant, where all rows are of one stack and it says what the constant is. */
function allocatorOf(jobs: readonly unknown[]): AllocatorConstant | undefined {
  const names = new Set(jobs.map((job) => fieldOf(fieldOf(job, 'stack'), 'name') ?? fieldOf(job, 'stack')));
  const [name] = names;
  const stack = names.size === 1 && typeof name === 'string' ? findStack(name) : undefined;
  const source = stack?.sources.fragmentation;
  if (stack === undefined || source === undefined) return undefined;
  return { stack: stack.name, fragmentation: stack.fragmentation, source };
}
