import { readdirSync, readFileSync } from 'node:fs';
import { ForetrainError } from '../src/errors.ts';
import type { EvidenceRow } from '../src/evidence/index.ts';
import type { Job } from '../src/job/index.ts';
import { readJob } from '../src/job/index.ts';
import { simulate } from '../src/simulate.ts';
import { featuresOf } from '../src/step/evidence.ts';
import { type MeasuredRow, measuredSeconds, parseRows } from '../src/validate/index.ts';

const folder = new URL('../validation/', import.meta.url);

/** Every measured row of validation/ in the order of sets and lines, doubtful ones left out. */
function measuredRows(): readonly MeasuredRow[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl'))
    .sort()
    .flatMap((file) => parseRows(readFileSync(new URL(file, folder), 'utf8'), file))
    .filter((row) => measuredSeconds(row) !== undefined && row.measured.doubtful === undefined);
}

/** A row's job; undefined where foretrain refuses it. */
function jobOf({ job }: MeasuredRow): Job | undefined {
  try {
    return readJob(job);
  } catch (error) {
    if (error instanceof ForetrainError) return undefined;
    throw error;
  }
}

/**
 * Published runs as evidence, predicted anew.
 * @param every only each so-manieth of them, for a test that has no time for all
 */
export function evidenceOfValidation(every = 1): readonly EvidenceRow[] {
  const answered = measuredRows().flatMap((row) => {
    const job = jobOf(row);
    return job === undefined ? [] : [{ row, job }];
  });
  return answered
    .filter((_, index) => index % every === 0)
    .map(({ row, job }) => ({
      id: row.id,
      set: row.set,
      source: row.source,
      features: featuresOf(job),
      measuredSeconds: measuredSeconds(row)!.middle,
      predictedSeconds: simulate(job, { evidence: false }).stepTimeSeconds,
    }));
}
