import { basename } from 'node:path';
import { fail } from '../errors.ts';
import { type Arguments, type Command, type Io, printJson } from './command.ts';
import { readInput } from './input.ts';

/** `foretrain calibrate`: measured runs in, a calibration file out. */
export const calibrateCommand: Command = {
  name: 'calibrate',
  usage: ['calibrate MEASURED.jsonl > CALIBRATION.json'],
  description: [
    'Fits foretrain to runs of your own, such as a benchmark on two nodes before two',
    'hundred are booked. The answer is a file for `foretrain simulate --calibration`.',
    '',
    'MEASURED.jsonl is a file, or - for standard input, with one run a line:',
    '',
    '  { "job": { … }, "measured": { "stepTimeSeconds": 12.3, "peakBytes": 6.4e10 } }',
    '',
    'measured has stepTimeSeconds or samplesPerSecond, or peakBytes with peakKind',
    '("allocated", "reserved" or "device"), or both.',
    '',
    'For each accelerator under each stack five factors are fitted: the rate of matrix',
    'products (matmul), memory and collective bandwidth, time on the host, and memory of',
    'the framework. Each is held near 1, so that few runs move it little, and it takes',
    'runs of several shapes to tell them apart.',
  ].join('\n'),
  options: [],
  examples: [
    'foretrain calibrate two-nodes.jsonl > calibration.json',
    'foretrain simulate job.json --calibration calibration.json',
  ],
  argument: { name: 'MEASURED.jsonl', most: 1 },

  async run(args: Arguments, io: Io): Promise<number> {
    const [path] = args.positionals;
    if (path === undefined)
      fail('MEASURED.jsonl', 'is missing; give the path of a file of runs, or - for standard input');
    const text = await readInput(path, io);
    if (text === undefined) {
      await io.showHelp();
      return 2;
    }
    const [{ calibrate }, { parseMeasuredRuns }, { folderOf, withModelFile }] = await Promise.all([
      import('../validate/calibrate.ts'),
      import('../validate/measuredRun.ts'),
      import('./modelFile.ts'),
    ]);
    const name = path === '-' ? 'standard input' : basename(path);
    const runs = parseMeasuredRuns(text, name, (job) => withModelFile(job, folderOf(path)));
    await printJson(io, { entries: calibrate(runs) });
    return 0;
  },
};
