import { readFile } from 'node:fs/promises';
import { fail } from '../errors.ts';
import type { Io } from './command.ts';
import type { InputStream } from './streams.ts';

/**
 * The text of a file, or of standard input for `-`.
 *
 * @returns undefined where standard input is a terminal: nobody means to type a job
 * @throws {ForetrainError} where there is no such file or it cannot be read
 */
export async function readInput(path: string, io: Io): Promise<string | undefined> {
  if (path !== '-') return readText(path);
  if (io.stdin.isTTY === true) return undefined;
  return readAll(io.stdin);
}

/** The text of a file. @throws {ForetrainError} where there is no such file or it cannot be read */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    return fail(path, unreadable(error), 'unreadable');
  }
}

function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file; give the path of one, or - for standard input';
    case 'EISDIR':
      return 'is a folder; give the path of a file';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read; its permissions forbid it';
    case 'ERR_STRING_TOO_LONG':
    case 'ERR_FS_FILE_TOO_LARGE':
      return 'is too large to be a job or a set of measurements';
    default:
      return `cannot be read (${String(code ?? error)})`;
  }
}

async function readAll(stream: InputStream): Promise<string> {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  for await (const chunk of stream)
    parts.push(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
  return parts.join('') + decoder.decode();
}

/** One line of a stream, counted from 1; without its text where that is longer than any job. */
export interface Line {
  readonly number: number;
  readonly text: string | undefined;
}

/** Characters of the longest line that is kept: a job is a few kilobytes, one with a graph a few megabytes. */
const LONGEST_LINE = 64 * 1024 ** 2;

/** The lines of a stream, one after the other as they come. Only \n ends a line, since JSON text may hold all others. */
export async function* readLines(stream: InputStream, longest = LONGEST_LINE): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let length = 0;
  let number = 1;
  const keep = (part: string) => {
    length += part.length;
    if (length <= longest) parts.push(part);
    else parts = [];
  };
  const take = (): Line => {
    const line = { number, text: length <= longest ? parts.join('') : undefined };
    parts = [];
    length = 0;
    number++;
    return line;
  };
  for await (const chunk of stream) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      keep(text.slice(start, end));
      yield take();
      start = end + 1;
    }
    keep(text.slice(start));
  }
  keep(decoder.decode());
  if (length > 0) yield take();
}
