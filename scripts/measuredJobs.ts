import { readdirSync, readFileSync } from 'node:fs';
import { ForetrainError } from '../src/errors.ts';
import type { Job } from '../src/job/index.ts';
import { readJob } from '../src/job/index.ts';
import { type MeasuredRow, measuredSeconds, parseRows } from '../src/validate/index.ts';

const folder = new URL('../validation/', import.meta.url);

/** A published run that foretrain answers, and its job. */
export interface MeasuredJob {
  readonly row: MeasuredRow;
  readonly job: Job;
}

/** Every run of validation/ with a measured time, in the order of sets and lines; doubtful and refused ones left out. */
export function measuredJobs(): readonly MeasuredJob[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl'))
    .sort()
    .flatMap((file) => parseRows(readFileSync(new URL(file, folder), 'utf8'), file))
    .filter((row) => measuredSeconds(row) !== undefined && row.measured.doubtful === undefined)
    .flatMap((row) => {
      const job = jobOf(row);
      return job === undefined ? [] : [{ row, job }];
    });
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
