import type { Job } from './job.ts';
import { parseJson } from './parseJson.ts';
import { readJob } from './readJob.ts';

/**
 * A job from the text of its file.
 * @throws {ForetrainError} with the line and column of a syntax fault, or all faults of the job
 */
export function parseJob(text: string): Job {
  return readJob(parseJson(text, 'a job'));
}
