import { createReadStream } from 'node:fs';
import { type Fault, ForetrainError } from '../errors.ts';
import { parseJson, readJob } from '../job/index.ts';
import { type SimulateOptions, simulate } from '../simulate.ts';
import type { Io } from './command.ts';
import { messageOf } from './faults.ts';
import { type Line, readLines, readText } from './input.ts';
import { folderOf, withModelFile } from './modelFile.ts';

/** What stands in place of a report: the first fault, and all of them. */
interface LineError {
  readonly error: { readonly path: string; readonly message: string; readonly faults: readonly Fault[] };
}

/**
 * Answers a stream of jobs, one a line, as they come: it holds one report at a time, and reads no further than it can
 * write.
 *
 * @param path a file of jobs, or `-` for standard input
 * @param options what every forecast is given
 */
export async function simulateLines(path: string, options: SimulateOptions, io: Io): Promise<number> {
  if (path === '-' && io.stdin.isTTY === true) {
    await io.showHelp();
    return 2;
  }
  if (path !== '-') await assertReadable(path);
  const folder = folderOf(path);
  for await (const line of readLines(path === '-' ? io.stdin : createReadStream(path))) {
    if (line.text?.trim() === '') continue;
    await io.stdout.write(`${JSON.stringify(answerLine(line, folder, options))}\n`);
  }
  return 0;
}

/** A file that is not there is a fault of the command line, not of a line. */
async function assertReadable(path: string): Promise<void> {
  const { open } = await import('node:fs/promises');
  try {
    await (await open(path)).close();
  } catch {
    // Says why.
    await readText(path);
  }
}

function answerLine(line: Line, folder: string, options: SimulateOptions): object {
  try {
    return simulate(readJob(withModelFile(parseJson(textOf(line), 'a job'), folder)), options);
  } catch (error) {
    return lineError(error, line.number);
  }
}

function textOf({ text }: Line): string {
  if (text !== undefined) return text;
  const message = 'the line is longer than any job; each line is one JSON object';
  throw new ForetrainError([{ path: 'line 1', message, code: 'syntax' }]);
}

/** The faults of a line; the place of a syntax fault counts lines of the whole input. */
function lineError(error: unknown, number: number): LineError {
  if (!(error instanceof ForetrainError)) {
    return { error: { path: `line ${number}`, message: `a fault of foretrain: ${messageOf(error)}`, faults: [] } };
  }
  const faults = error.faults.map((fault) =>
    fault.code === 'syntax' ? { ...fault, path: fault.path.replace(/^line [\d,]+/, `line ${number}`) } : fault,
  );
  return { error: { path: faults[0]?.path ?? '', message: faults[0]?.message ?? '', faults } };
}
