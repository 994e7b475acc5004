import { readFile } from 'node:fs/promises';
import { type Fault, ForetrainError } from '../errors.ts';
import { nearestName } from '../nearest.ts';
import { readArguments } from './arguments.ts';
import type { Command, Io } from './command.ts';
import { faultLine, messageOf } from './faults.ts';
import { commandHelp, mainHelp, shortHelp } from './help.ts';
import { ClosedPipe, createOutput, type Output, type OutputStream, type Streams } from './streams.ts';

/** Exit status: an answer, a fault of foretrain, a fault of the input. */
export const OK = 0;
export const FAULT_OF_FORETRAIN = 1;
export const FAULT_OF_INPUT = 2;

/** The commands; each is loaded when it is asked for, so that help costs nothing. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  simulate: async () => (await import('./simulate.ts')).simulateCommand,
  plan: async () => (await import('./plan.ts')).planCommand,
  validate: async () => (await import('./validate.ts')).validateCommand,
  calibrate: async () => (await import('./calibrate.ts')).calibrateCommand,
  partition: async () => (await import('./partition.ts')).partitionCommand,
  schedule: async () => (await import('./schedule.ts')).scheduleCommand,
  fits: async () => (await import('./fits.ts')).fitsCommand,
  models: async () => (await import('./models.ts')).modelsCommand,
  instances: async () => (await import('./instances.ts')).instancesCommand,
  schedules: async () => (await import('./schedules.ts')).schedulesCommand,
  stacks: async () => (await import('./stacks.ts')).stacksCommand,
};

/** Columns of a text whose stream does not say how wide it is, and the most that a line is filled. */
const DEFAULT_WIDTH = 120;
const LEAST_WIDTH = 60;
const MOST_WIDTH = 120;

/**
 * Runs one command line to its end.
 *
 * @param args the words after `foretrain`
 * @returns the exit status: 0 an answer, 1 a fault of foretrain, 2 a fault of the input
 */
export async function run(args: readonly string[], streams: Streams): Promise<number> {
  const stdout = createOutput(streams.stdout);
  const stderr = createOutput(streams.stderr);
  try {
    return await dispatch(args, streams, stdout, stderr);
  } catch (error) {
    if (error instanceof ClosedPipe) return OK;
    return report(error, stderr).catch(() => FAULT_OF_FORETRAIN);
  }
}

/** Says what was wrong, one line for each fault. */
async function report(error: unknown, stderr: Output): Promise<number> {
  if (error instanceof ForetrainError) {
    await stderr.write(error.faults.map((fault) => `${faultLine(fault)}\n`).join(''));
    return FAULT_OF_INPUT;
  }
  await stderr.write(`${faultLine({ path: 'foretrain', message: `a fault of its own: ${messageOf(error)}` })}\n`);
  return FAULT_OF_FORETRAIN;
}

async function dispatch(args: readonly string[], streams: Streams, stdout: Output, stderr: Output): Promise<number> {
  const words = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const at = args.findIndex((word) => !word.startsWith('-'));
  const name = args[at];
  const load = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;

  if (words.includes('--help') || words.includes('-h')) {
    await stdout.write(load === undefined ? mainHelp() : commandHelp(await load()));
    return OK;
  }
  if (load === undefined) {
    if (words.includes('--version')) return printVersion(stdout);
    if (args.length === 0) {
      await stdout.write(shortHelp());
      return OK;
    }
    throw new ForetrainError([unknownCommand(name, args)]);
  }
  const command = await load();
  const rest = [...args.slice(0, at), ...args.slice(at + 1)];
  return command.run(readArguments(command, rest), createIo(command, rest, streams, stdout, stderr));
}

function createIo(
  command: Command,
  words: readonly string[],
  { stdin, env, stdout: stream }: Streams,
  stdout: Output,
  stderr: Output,
): Io {
  const width = Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, stdout.columns ?? DEFAULT_WIDTH));
  return {
    stdin,
    stdout,
    stderr,
    colour: hasColour(stream, words, env),
    width,
    showHelp: () => stderr.write(commandHelp(command)),
  };
}

/** Colours go to a terminal that shows them, unless someone said no. */
function hasColour(stream: OutputStream, words: readonly string[], env: Streams['env']): boolean {
  const refused = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb' || words.includes('--no-color');
  return stream.isTTY === true && !refused;
}

function unknownCommand(name: string | undefined, args: readonly string[]): Fault {
  const names = Object.keys(commands);
  if (name === undefined) {
    return { path: args[0], message: `give a command first: ${names.join(', ')}`, code: 'unknown' };
  }
  const nearest = name.length > 40 ? undefined : nearestName(name, names);
  const hint = nearest === undefined ? `there are ${names.join(', ')}` : `did you mean foretrain ${nearest}?`;
  return { path: name, message: `there is no such command; ${hint}`, code: 'unknown' };
}

async function printVersion(stdout: Output): Promise<number> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const { name, version }: { name: string; version: string } = JSON.parse(text);
  await stdout.write(`${name} ${version}\n`);
  return OK;
}
