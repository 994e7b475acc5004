import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail } from '../errors.ts';
import { nearestName } from '../nearest.ts';
import type { Evaluate, MeasuredRow, ScoredSet } from '../validate/index.ts';
import { type Arguments, type Command, type Io, jsonOption, printJson } from './command.ts';
import { readInput } from './input.ts';

/** Rows shown of each set where several sets are asked for, and where one is. */
const ROWS_OF_MANY_SETS = 10;
const ROWS_OF_ONE_SET = 50;

/** `foretrain validate`: forecasts held against published measurements. */
export const validateCommand: Command = {
  name: 'validate',
  usage: ['validate [SET…] [--json]'],
  description: [
    'Forecasts every run of the sets of published measurements that come with foretrain,',
    'and prints how far the forecasts were off: the mean error of the step time, beside',
    'the least error that one fitted constant could have; whether jobs that ran out of',
    'memory were called so; the error of peak memory; how well layouts are ranked; and for',
    'each run, where to look: what takes most of its time besides its passes.',
    '',
    'SET is the name of a set, or the path of a .jsonl file of your own with one',
    '{ "id", "set", "source", "job", "measured" } a line. Without any, all sets are scored.',
  ].join('\n'),
  options: [jsonOption],
  examples: ['foretrain validate korthikanti', 'foretrain validate my-runs.jsonl --json'],
  argument: { name: 'SET', most: Number.POSITIVE_INFINITY },

  async run(args: Arguments, io: Io): Promise<number> {
    const rows = await readRows(args.positionals, io);
    if (rows === undefined) {
      await io.showHelp();
      return 2;
    }
    const [{ scoreSet, validationJson }, { readJob }, { simulate }] = await Promise.all([
      import('../validate/index.ts'),
      import('../job/index.ts'),
      import('../simulate.ts'),
    ]);
    const progress = createProgress(io, rows.length);
    const evaluate: Evaluate = (job) => {
      progress.step();
      return simulate(readJob(job), { evidence: false });
    };
    const sets: ScoredSet[] = groupBySet(rows).map((set) => scoreSet(set, evaluate));
    progress.clear();

    if (args.has('json')) {
      await printJson(io, validationJson(sets));
      return 0;
    }
    const { createStyle, renderValidation } = await import('../report/index.ts');
    const mostRows = sets.length > 1 ? ROWS_OF_MANY_SETS : ROWS_OF_ONE_SET;
    await io.stdout.write(renderValidation(sets, { mostRows }, createStyle(io)));
    return 0;
  },
};

const folder = new URL('../../validation/', import.meta.url);

/** The rows of the sets asked for, or of all sets; undefined where a person would have to type them. */
async function readRows(wanted: readonly string[], io: Io): Promise<readonly MeasuredRow[] | undefined> {
  const { parseRows } = await import('../validate/index.ts');
  const names = (await readdir(folder))
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => basename(file, '.jsonl'))
    .sort();
  const rows: MeasuredRow[] = [];
  for (const set of wanted.length === 0 ? names : wanted) {
    const path = names.includes(set) ? fileURLToPath(new URL(`${set}.jsonl`, folder)) : ownFile(set, names);
    const text = await readInput(path, io);
    if (text === undefined) return undefined;
    const read = parseRows(text, path === '-' ? 'standard input' : basename(path));
    if (read.length === 0)
      fail(
        path === '-' ? 'standard input' : set,
        'has no measurements; each line is one { "id", "set", "source", "job", "measured" }',
      );
    for (const row of read) rows.push(row);
  }
  return rows;
}

/** The path of a file of measurements that does not come with foretrain. */
function ownFile(set: string, names: readonly string[]): string {
  if (set === '-' || set.endsWith('.jsonl') || set.includes('/')) return set;
  const nearest = set.length > 40 ? undefined : nearestName(set, names);
  const hint = nearest === undefined ? `there are ${names.join(', ')}` : `did you mean ${nearest}?`;
  return fail(set, `there is no such set of measurements; ${hint}`, 'unknown');
}

function groupBySet(rows: readonly MeasuredRow[]): readonly (readonly MeasuredRow[])[] {
  const sets = new Map<string, MeasuredRow[]>();
  for (const row of rows) {
    const set = sets.get(row.set);
    if (set === undefined) sets.set(row.set, [row]);
    else set.push(row);
  }
  return [...sets.values()];
}

const SILENT_MILLISECONDS = 1000;
const BETWEEN_MILLISECONDS = 100;

/** A counter on the terminal of a person who has waited for a second; nothing anywhere else. */
function createProgress(io: Io, total: number): { step(): void; clear(): void } {
  let done = 0;
  let next = performance.now() + SILENT_MILLISECONDS;
  let shown = false;
  return {
    step() {
      done++;
      if (!io.stderr.isTTY || performance.now() < next) return;
      next = performance.now() + BETWEEN_MILLISECONDS;
      shown = true;
      void io.stderr.write(`\r  ${done} of ${total} runs`);
    },
    clear() {
      if (shown) void io.stderr.write('\r\u001b[K');
    },
  };
}
