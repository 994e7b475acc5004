import { type Breakdown, type BreakdownKind, breakdownKinds } from '../step/report.ts';
import type { RowScore } from './scoreRow.ts';
import type { ScoredSet, SetScore } from './scoreSet.ts';

/** What `foretrain validate --json` prints: seconds, bytes, and errors as fractions; no field is ever null. */
export interface ValidationJson {
  readonly sets: readonly SetScore[];
  readonly rows: readonly RowJson[];
}

/** One row, flat. `error` is predicted ÷ measured − 1, zero inside a measured range, −1 for a refused row. */
export interface RowJson {
  readonly id: string;
  readonly set: string;
  readonly predicted?: number;
  readonly measured?: number;
  readonly measuredRange?: readonly [number, number];
  readonly error?: number;
  /** Where the predicted time goes; parts that take none are left out. */
  readonly breakdownSeconds?: Partial<Breakdown>;
  readonly predictedFits?: boolean;
  readonly measuredFits?: boolean;
  readonly peakKind?: string;
  readonly predictedBytes?: number;
  readonly measuredBytes?: number;
  readonly memoryError?: number;
  readonly doubtful?: string;
  /** Why foretrain would not answer. */
  readonly refused?: readonly string[];
}

/** The scored sets as one JSON document. */
export function validationJson(sets: readonly ScoredSet[]): ValidationJson {
  return { sets: sets.map((set) => set.score), rows: sets.flatMap((set) => set.rows.map(rowJson)) };
}

function rowJson({ id, set, time, fits, memory, doubtful, refusal }: RowScore): RowJson {
  return {
    id,
    set,
    ...(time === undefined
      ? {}
      : {
          ...present('predicted', time.predictedSeconds),
          measured: time.measured.middle,
          ...(time.measured.low === time.measured.high
            ? {}
            : { measuredRange: [time.measured.low, time.measured.high] as const }),
          error: time.error,
          ...(time.breakdownSeconds === undefined ? {} : { breakdownSeconds: partsOf(time.breakdownSeconds) }),
        }),
    ...(fits === undefined ? {} : { ...present('predictedFits', fits.predicted), measuredFits: fits.measured }),
    ...(memory === undefined
      ? {}
      : {
          peakKind: memory.kind,
          ...present('predictedBytes', memory.predictedBytes),
          measuredBytes: memory.measuredBytes,
          memoryError: memory.error,
        }),
    ...present('doubtful', doubtful),
    ...(refusal === undefined ? {} : { refused: refusal.faults.map((fault) => `${fault.path}: ${fault.message}`) }),
  };
}

function partsOf(breakdown: Breakdown): Partial<Breakdown> {
  const parts: Partial<Record<BreakdownKind, number>> = {};
  for (const kind of breakdownKinds) if (breakdown[kind] > 0) parts[kind] = breakdown[kind];
  return parts;
}

function present<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in Name]?: Value });
}
