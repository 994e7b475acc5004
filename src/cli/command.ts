import type { Output, Streams } from './streams.ts';

/** One option of a command; all options have a long form. */
export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  /** What follows the option, as `FILE`; without it the option stands alone. */
  readonly value?: string;
  readonly help: string;
}

/** One word of the command line after `foretrain`: what it says of itself, and what it does. */
export interface Command {
  readonly name: string;
  /** Lines of usage, without `foretrain`. */
  readonly usage: readonly string[];
  /** What it does and what its arguments are, in a few sentences. */
  readonly description: string;
  readonly examples: readonly string[];
  readonly options: readonly OptionSpec[];
  /** Options of other versions: refused by name rather than as misspelt. */
  readonly optionsToCome?: readonly string[];
  /** What stands for its arguments in a fault, as `JOB.json`; none where it takes no arguments. */
  readonly argument?: { readonly name: string; readonly most: number };
  /** @returns the exit status */
  run(args: Arguments, io: Io): Promise<number>;
}

/** What a command was given. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** Options that stand alone. */
  has(option: string): boolean;
  /** What follows an option that takes a value; the last one where it is given twice. */
  value(option: string): string | undefined;
}

/** What a command works with: its streams, and how its text may look. */
export interface Io {
  readonly stdin: Streams['stdin'];
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whether text on standard output may have colours. */
  readonly colour: boolean;
  /** Columns for text on standard output. */
  readonly width: number;
  /** Prints the help of the command, for a command that would wait for a person to type its input. */
  showHelp(): Promise<void>;
}

/** The option that every listing and every answer has. */
export const jsonOption: OptionSpec = { name: 'json', help: 'print one JSON document instead of text' };

/** Prints one JSON document and a newline. */
export async function printJson(io: Io, value: unknown): Promise<void> {
  await io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
