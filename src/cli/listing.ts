import type { Column } from '../report/index.ts';
import { type Command, type Io, jsonOption, printJson } from './command.ts';

/** A catalogue as a command: a table for people, plain objects for programs. */
export interface Listing<Entry> {
  readonly name: string;
  /** What is listed and where a job names it. */
  readonly description: string;
  readonly examples: readonly string[];
  /** Loads the catalogue. */
  entries(): Promise<readonly Entry[]>;
  readonly columns: readonly Column[];
  /** One text a column. */
  row(entry: Entry): readonly string[];
  /** One plain object. */
  json(entry: Entry): object;
  /** What the columns do not say of themselves. */
  readonly legend?: string;
}

/** The command that prints a listing. */
export function listingCommand<Entry>(listing: Listing<Entry>): Command {
  return {
    name: listing.name,
    usage: [`${listing.name} [--json]`],
    description: listing.description,
    options: [jsonOption],
    examples: listing.examples,
    async run(args, io) {
      const entries = await listing.entries();
      await (args.has('json') ? printJson(io, entries.map(listing.json)) : printTable(listing, entries, io));
      return 0;
    },
  };
}

async function printTable<Entry>(listing: Listing<Entry>, entries: readonly Entry[], io: Io): Promise<void> {
  const { createStyle, renderTable, wrap } = await import('../report/index.ts');
  const style = createStyle(io);
  const table = renderTable(listing.columns, entries.map(listing.row), style);
  const legend =
    listing.legend === undefined ? '' : `\n${style.paint.dim(wrap(`  ${listing.legend}`, io.width, '  '))}`;
  await io.stdout.write(table + legend);
}
