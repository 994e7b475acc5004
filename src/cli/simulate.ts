import { fail } from '../errors.ts';
import type { Job } from '../job/index.ts';
import type { SimulateOptions, Simulation } from '../simulate.ts';
import { calibrationOf, calibrationOption } from './calibration.ts';
import { type Arguments, type Command, type Io, jsonOption, printJson } from './command.ts';
import { readInput } from './input.ts';
import { refuseTrace, sayTrace, traceOf, traceOption } from './trace.ts';

/** `foretrain simulate`: a job in, a report out. */
export const simulateCommand: Command = {
  name: 'simulate',
  usage: ['simulate JOB.json [--json] [--trace FILE] [--calibration FILE]', 'simulate --jsonl < JOBS.jsonl'],
  description: [
    'Forecasts a training job: whether it fits in memory and how full every stage is,',
    'how long a step takes and where the time goes, how many days the run takes and',
    'what it costs. A job that does not fit is an answer too: its report says which',
    'stage is over, and by how much.',
    '',
    'JOB.json is a file, or - for standard input. Its "model" is a name that',
    '`foretrain models` lists, a model described field by field, or the path of a JSON',
    'file with one.',
    '',
    'With --jsonl every line of standard input is a job and every line of standard',
    'output its report, in the same order. A line that is no job gives',
    '{ "error": { "path", "message", "faults" } } in its place, and the rest goes on.',
  ].join('\n'),
  options: [
    jsonOption,
    { name: 'jsonl', help: 'read jobs from standard input, one a line, and print reports, one a line' },
    traceOption,
    calibrationOption,
  ],
  optionsToCome: ['html', 'launch'],
  examples: ['foretrain simulate job.json', 'foretrain simulate job.json --json | jq .stepTimeSeconds'],
  argument: { name: 'JOB.json', most: 1 },

  async run(args: Arguments, io: Io): Promise<number> {
    const options = await calibrationOf(args);
    if (args.has('jsonl')) {
      refuseTrace(args);
      const { simulateLines } = await import('./simulateLines.ts');
      return simulateLines(args.positionals[0] ?? '-', options, io);
    }
    const [path] = args.positionals;
    if (path === undefined) fail('JOB.json', 'is missing; give the path of a job, or - for standard input');
    const text = await readInput(path, io);
    if (text === undefined) {
      await io.showHelp();
      return 2;
    }
    const job = await readJobText(text, path);
    const simulation = await simulated(job, options);
    const trace = await traceOf(args, async () => {
      const { traceOfSimulation } = await import('../report/trace.ts');
      return traceOfSimulation(job, simulation);
    });
    if (args.has('json')) await printJson(io, simulation.report);
    else await printText(job, simulation, io);
    await sayTrace(trace, args.has('json'), io);
    return 0;
  },
};

async function readJobText(text: string, path: string): Promise<Job> {
  const [{ parseJson, readJob }, { folderOf, withModelFile }] = await Promise.all([
    import('../job/index.ts'),
    import('./modelFile.ts'),
  ]);
  return readJob(withModelFile(parseJson(text, 'a job'), folderOf(path)));
}

async function simulated(job: Job, options: SimulateOptions): Promise<Simulation> {
  const { simulateDetailed } = await import('../simulate.ts');
  return simulateDetailed(job, options);
}

async function waysOf(job: Job) {
  const { waysToFit } = await import('../advise/waysToFit.ts');
  return waysToFit(job);
}

async function printText(job: Job, { report, timeline }: Simulation, io: Io): Promise<void> {
  const { createStyle, renderReport } = await import('../report/index.ts');
  const detail = report.fits ? { job, timeline } : { job, timeline, ways: await waysOf(job) };
  await io.stdout.write(renderReport(report, detail, createStyle(io)));
}
