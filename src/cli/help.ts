import { globalOptions } from './arguments.ts';
import type { Command, OptionSpec } from './command.ts';

/** The commands with a line on each, in the order of the help; kept here so that help loads none of them. */
export const summaries: readonly (readonly [name: string, summary: string])[] = [
  ['simulate', 'forecast one training job, or a stream of them'],
  ['plan', 'find the best parallelism, instances and booking for a run'],
  ['validate', 'hold forecasts against published measurements'],
  ['calibrate', 'fit foretrain to runs of your own'],
  ['partition', 'cut a model into stages, or any graph into parts'],
  ['schedule', 'run a pipeline schedule by itself'],
  ['fits', 'say whether an instance can hold a model for inference'],
  ['models', 'list the models that a job can name'],
  ['instances', 'list the instances that a job can book, with their prices'],
  ['schedules', 'list the pipeline schedules'],
  ['stacks', 'list the training software'],
];

/** What `foretrain --help` prints. */
export function mainHelp(): string {
  return [
    'foretrain forecasts a distributed training run before anyone pays for it:',
    'whether it fits in memory, how long a step takes, how many days and dollars.',
    '',
    'Usage: foretrain COMMAND [ARGUMENTS]',
    '',
    'Commands:',
    ...aligned(summaries),
    '',
    'Options:',
    ...aligned([...globalOptions.map(optionRow), ['--version', 'print the name and the version']]),
    '',
    'foretrain COMMAND --help says more about a command.',
    '',
    ...shortExample,
    '',
  ].join('\n');
}

/** What `foretrain` alone prints. */
export function shortHelp(): string {
  return [
    'foretrain forecasts a distributed training run: memory, step time, days and dollars.',
    '',
    ...shortExample,
    '',
    `Commands: ${summaries.map(([name]) => name).join(', ')}. foretrain --help says more.`,
    '',
  ].join('\n');
}

const shortExample = [
  'Example: put a job into job.json,',
  '',
  '  {',
  '    "model": "gpt3-175b",',
  '    "cluster": { "instance": "p4d.24xlarge", "count": 120 },',
  '    "stack": "smp-v1",',
  '    "training": { "sequenceLength": 2048, "globalBatchSize": 1920, "precision": "fp16", "tokens": 300e9 },',
  '    "parallelism": { "tensor": 8, "pipeline": 6, "recompute": "full", "zeroStage": 1 }',
  '  }',
  '',
  'and ask what would come of it:',
  '',
  '  foretrain simulate job.json',
];

/** What `foretrain COMMAND --help` prints. */
export function commandHelp({ usage, description, options, examples }: Command): string {
  return [
    ...usage.map((line, index) => `${index === 0 ? 'Usage:' : '      '} foretrain ${line}`),
    '',
    description,
    '',
    'Options:',
    ...aligned([...options, ...globalOptions].map(optionRow)),
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.map((line) => `  ${line}`),
    '',
  ].join('\n');
}

function optionRow({ name, short, value, help }: OptionSpec): readonly [string, string] {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  return [short === undefined ? long : `-${short}, ${long}`, help];
}

function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
