import { type Fault, ForetrainError } from '../errors.ts';
import { readJob } from '../job/readJob.ts';
import type { MeasuredRun } from './calibrate.ts';
import { measuredSeconds } from './interval.ts';
import { isRecord, type Measured, wrongMeasured } from './row.ts';

/**
 * Reads somebody's own runs from JSON lines, `{ "job", "measured" }` each; blank lines are skipped and other fields left
 * alone, so that the rows of a published set are runs too.
 *
 * @param name what to call the file in a fault
 * @param prepare what a job goes through before it is read, such as finding the file of its model
 * @throws {ForetrainError} naming every line that is no run, and every fault of its job
 */
export function parseMeasuredRuns(
  text: string,
  name: string,
  prepare: (job: unknown) => unknown = (job) => job,
): MeasuredRun[] {
  const runs: MeasuredRun[] = [];
  const faults: Fault[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const path = `${name} line ${index + 1}`;
    try {
      runs.push(readRun(line, path, prepare));
    } catch (error) {
      if (!(error instanceof ForetrainError)) throw error;
      faults.push(...error.faults);
    }
  }
  if (faults.length === 0 && runs.length === 0) {
    faults.push({ path: name, message: `has no runs; each line is one ${shape}`, code: 'invalid' });
  }
  if (faults.length > 0) throw new ForetrainError(faults);
  return runs;
}

const shape = '{ "job", "measured": { "stepTimeSeconds" } }';

function readRun(line: string, path: string, prepare: (job: unknown) => unknown): MeasuredRun {
  const wrong = (message: string, code: Fault['code'] = 'invalid'): never => {
    throw new ForetrainError([{ path, message, code }]);
  };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return wrong(`is not JSON; each line is one object ${shape}`, 'syntax');
  }
  if (!isRecord(value)) return wrong(`is not an object ${shape}`);
  if (!isRecord(value.job)) return wrong('`job` must be a job object');
  if (!isRecord(value.measured)) return wrong('`measured` must be an object with stepTimeSeconds or peakBytes');
  const sentence = wrongMeasured(value.measured);
  if (sentence !== undefined) return wrong(sentence);
  const measured: Measured = value.measured;
  const seconds = measuredSeconds({ id: '', set: '', source: '', job: value.job, measured });
  const { peakBytes: bytes, peakKind: kind = 'device' } = measured;
  if (seconds === undefined && bytes === undefined) {
    return wrong('`measured` has nothing to calibrate with; give stepTimeSeconds, samplesPerSecond or peakBytes');
  }
  return {
    job: readJobAt(value.job, path, prepare),
    ...(seconds === undefined ? {} : { seconds }),
    ...(bytes === undefined ? {} : { peak: { bytes, kind } }),
  };
}

function readJobAt(job: unknown, path: string, prepare: (job: unknown) => unknown) {
  try {
    return readJob(prepare(job));
  } catch (error) {
    if (!(error instanceof ForetrainError)) throw error;
    throw new ForetrainError(error.faults.map((fault) => ({ ...fault, path: `${path}, ${fault.path}` })));
  }
}
