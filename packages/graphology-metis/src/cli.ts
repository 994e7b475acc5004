import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parseArguments, USAGE } from './cli/arguments.ts';
import { describeJson, describeText, type Times } from './cli/report.ts';
import { createRng } from './core/random.ts';
import { readMetisGraph } from './format/read-graph.ts';
import { partitionCsr } from './partition.ts';

/** Where a command writes to. */
export interface Streams {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

function readText(file: string): string {
  const bytes = readFileSync(file);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isGzip ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** Writes a file whole or not at all. */
function writeWhole(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function sentenceOf(error: unknown, file: string): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT')
    return `graphology-metis: ${(error as NodeJS.ErrnoException).path ?? file}: no such file or directory.`;
  if (code !== undefined) return `graphology-metis: ${error.message}.`;
  return error.message.replace(/\s+/g, ' ');
}

/**
 * The command `graphology-metis FILE K`.
 *
 * @param args what follows the command's name
 * @returns the exit code: 0, or 2 after one line on `err` that says what is wrong
 */
export function main(
  args: readonly string[],
  streams: Streams = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  },
): number {
  let file = '';
  try {
    const request = parseArguments(args);
    if (request === null) {
      streams.out(USAGE);
      return 0;
    }
    file = request.file;
    const started = performance.now();
    const csr = readMetisGraph(readText(file));
    const read = performance.now();
    const { parts, quality, imbalance } = request;
    const result = partitionCsr(csr, { parts, quality, imbalance, rng: createRng(request.seed) });
    const solved = performance.now();
    const lines = Array.from(result.parts).join('\n');
    writeWhole(request.output, lines === '' ? '' : `${lines}\n`);
    const times: Times = {
      readSeconds: (read - started) / 1000,
      partitionSeconds: (solved - read) / 1000,
      writeSeconds: (performance.now() - solved) / 1000,
    };
    streams.out(request.json ? describeJson(request, csr, result, times) : describeText(request, csr, result, times));
    return 0;
  } catch (error) {
    streams.err(`${sentenceOf(error, file)}\n`);
    return 2;
  }
}
