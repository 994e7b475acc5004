import { nearestDistance, neighbours, type RunTable, tableOf } from './distance.ts';
import type { EvidenceRow, RunFeatures } from './features.ts';
import { type RatioInterval, type RatioTable, ratioInterval, ratioTable } from './interval.ts';
import { rowText } from './rows.ts';
import { parseRowText } from './rowText.ts';

export type { EvidenceRow, RunFeatures } from './features.ts';
export type { RatioInterval } from './interval.ts';

interface Evidence {
  readonly rows: readonly EvidenceRow[];
  readonly table: RunTable;
  readonly ratios: RatioTable;
}

let evidence: Evidence | undefined;

/** Everything that is known of published runs; put together when it is first asked for. */
function known(): Evidence {
  if (evidence === undefined) {
    const rows = parseRowText(rowText);
    evidence = { rows, table: tableOf(rows.map(({ features }) => features)), ratios: ratioTable(rows) };
  }
  return evidence;
}

/** All published runs. */
export function evidenceRows(): readonly EvidenceRow[] {
  return known().rows;
}

/** Published runs like a run, the most like it first. */
export interface NearestRuns {
  readonly rows: readonly EvidenceRow[];
  /** Whether the first of them is near enough to be a precedent. */
  readonly near: boolean;
}

/** The published runs that are most like this one. */
export function nearestRuns(run: RunFeatures, most = 3): NearestRuns {
  const { rows, table } = known();
  const found = neighbours(table, run, most);
  const [first] = found;
  return {
    rows: found.map(({ row }) => rows[row]!),
    near: first !== undefined && first.distance < nearestDistance,
  };
}

const intervals = new Map<string, RatioInterval | undefined>();

/** What measured times of runs of the same kind are of predicted ones, nine times in ten. */
export function intervalOf(run: RunFeatures): RatioInterval | undefined {
  const { generation, vendor, stack, tensor, pipeline, context, zeroStage } = run;
  const key = `${generation} ${vendor} ${stack} ${tensor > 1} ${pipeline > 1} ${context > 1} ${zeroStage > 1}`;
  let interval = intervals.get(key);
  if (interval === undefined && !intervals.has(key)) {
    interval = ratioInterval(known().ratios, run);
    intervals.set(key, interval);
  }
  return interval;
}
