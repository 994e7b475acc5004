import { parseArgs } from 'node:util';
import { type Fault, ForetrainError } from '../errors.ts';
import { nearestName } from '../nearest.ts';
import type { Arguments, Command, OptionSpec } from './command.ts';

/** Options that every command takes. */
export const globalOptions: readonly OptionSpec[] = [
  { name: 'no-color', help: 'print no colours (so does NO_COLOR=1)' },
  { name: 'help', short: 'h', help: 'print this help' },
];

/**
 * Reads the words after a command.
 *
 * @throws {ForetrainError} naming every option that the command does not have, and arguments beyond those it takes
 */
export function readArguments(command: Command, args: readonly string[]): Arguments {
  const known = [...command.options, ...globalOptions];
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      known.map(({ name, short, value }) => [
        name,
        { type: value === undefined ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) },
      ]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const given = tokens.filter((token) => token.kind === 'option');
  const faults = given.flatMap(({ name, rawName, value }) => optionFaults(command, known, name, rawName, value));
  if (faults.length === 0) faults.push(...positionalFaults(command, positionals));
  if (faults.length > 0) throw new ForetrainError(faults);
  return {
    positionals,
    has: (option) => given.some((token) => token.name === option),
    value: (option) => given.findLast((token) => token.name === option)?.value,
  };
}

function optionFaults(
  command: Command,
  known: readonly OptionSpec[],
  name: string,
  rawName: string,
  value: string | undefined,
): Fault[] {
  const option = known.find((candidate) => candidate.name === name);
  if (option !== undefined) {
    if (option.value !== undefined) return missingValue(option, rawName, value);
    if (value === undefined) return [];
    return [{ path: rawName, message: 'takes no value; leave out what follows the equals sign', code: 'invalid' }];
  }
  if (command.optionsToCome?.includes(name)) {
    return [{ path: rawName, message: `this version cannot do that yet; ${takes(command)}`, code: 'not-modelled' }];
  }
  const nearest = nearestName(
    name,
    known.map((candidate) => candidate.name),
  );
  const hint = nearest === undefined ? takes(command) : `did you mean --${nearest}?`;
  return [{ path: rawName, message: `foretrain ${command.name} has no such option; ${hint}`, code: 'unknown' }];
}

/** A word that looks like an option is one: its value was forgotten. */
function missingValue(option: OptionSpec, rawName: string, value: string | undefined): Fault[] {
  if (value !== undefined && value !== '' && !/^-./.test(value)) return [];
  return [
    { path: rawName, message: `is missing its ${option.value}; write ${rawName} ${option.value}`, code: 'invalid' },
  ];
}

function takes({ name, options }: Command): string {
  const list = [...options, ...globalOptions].map((option) => `--${option.name}`);
  return `${name} takes ${list.join(', ')}`;
}

function positionalFaults({ name, argument }: Command, positionals: readonly string[]): Fault[] {
  const most = argument?.most ?? 0;
  const extra = positionals[most];
  if (extra === undefined) return [];
  const message =
    argument === undefined
      ? `foretrain ${name} takes no arguments; leave it out`
      : `foretrain ${name} takes one ${argument.name}; leave out what follows the first`;
  return [{ path: extra, message, code: 'invalid' }];
}
