import { fault } from '../errors.ts';

/** What the command was asked to do. */
export interface Request {
  readonly file: string;
  readonly parts: number;
  readonly seed: number;
  readonly quality: 'fast' | 'default' | 'strong';
  readonly imbalance: number;
  readonly output: string;
  readonly json: boolean;
}

export const USAGE = `Usage: graphology-metis FILE K [options]

Divides the graph in FILE (METIS .graph format, may be gzipped) into K parts and
writes the part of each vertex, one a line, from 0.

  --seed N        seed of the generator (default 1)
  --quality Q     fast, default or strong
  --imbalance F   how far a part may weigh over its share (default 0.03)
  --output FILE   where to write (default FILE.part.K)
  --json          print the report as JSON
  --help          print this
`;

function numberFrom(name: string, text: string | undefined, isRight: (value: number) => boolean, what: string): number {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  if (!isRight(value)) throw fault(`${name} should be ${what}, not \`${text ?? ''}\`.`);
  return value;
}

function qualityFrom(text: string | undefined): Request['quality'] {
  if (text === 'fast' || text === 'default' || text === 'strong') return text;
  throw fault(`--quality should be fast, default or strong, not \`${text ?? ''}\`.`);
}

/**
 * Reads the command line.
 *
 * @returns null when help is asked for
 * @throws Error that says what is wrong
 */
export function parseArguments(args: readonly string[]): Request | null {
  const positional: string[] = [];
  let seed = 1;
  let quality: Request['quality'] = 'default';
  let imbalance = 0.03;
  let output: string | null = null;
  let json = false;
  for (let i = 0; i < args.length; i++) {
    const [name, inline] = args[i].startsWith('--') ? splitAtEquals(args[i]) : [args[i], undefined];
    const value = (): string | undefined => inline ?? args[++i];
    if (name === '--help' || name === '-h') return null;
    else if (name === '--seed') seed = numberFrom(name, value(), Number.isInteger, 'a whole number');
    else if (name === '--quality') quality = qualityFrom(value());
    else if (name === '--imbalance') {
      imbalance = numberFrom(name, value(), (x) => x >= 0 && x < Infinity, 'a non-negative number');
    } else if (name === '--output') {
      output = value() ?? null;
      if (output === null || output === '') throw fault('--output should be followed by a file name.');
    } else if (name === '--json') json = true;
    else if (name.startsWith('-') && name !== '-') throw fault(`unknown option \`${name}\`. Try --help.`);
    else positional.push(name);
  }
  if (positional.length !== 2) {
    throw fault(`FILE and K are needed, but ${positional.length} arguments were given. Try --help.`);
  }
  const [file, count] = positional;
  const parts = numberFrom('K', count, (x) => Number.isInteger(x) && x >= 1, 'a positive whole number');
  return { file, parts, seed, quality, imbalance, output: output ?? `${file}.part.${parts}`, json };
}

function splitAtEquals(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
