import { fail } from '../errors.ts';
import type { ScheduleRun } from '../pipeline/answer.ts';
import type { TransferMode } from '../pipeline/run.ts';
import { type Arguments, type Command, type Io, jsonOption, printJson } from './command.ts';
import { readInput } from './input.ts';
import { sayTrace, traceOf, traceOption } from './trace.ts';

/** `foretrain schedule`: a pipeline schedule by itself, without a model. */
export const scheduleCommand: Command = {
  name: 'schedule',
  usage: ['schedule SPEC.json [--json] [--trace FILE]'],
  description: [
    'Runs a pipeline schedule by itself: how long a step takes, the least that any order',
    'could take, how much of it is bubble, how many microbatches each device holds, and',
    'the order in which it runs them. Costs are in any unit.',
    '',
    'SPEC.json is a file, or - for standard input:',
    '',
    '  { "schedule": "1f1b", "stages": 4, "microbatches": 8,',
    '    "forward": 1, "backwardInput": 1, "backwardWeight": 1, "communication": 0 }',
    '',
    'A cost is one number, or a list with one for each virtual stage. Further fields:',
    'virtualStages, transfers ("async", "link", "blocking"), microbatchGroupSize,',
    'activeMicrobatches, memoryLimit, fusedPair.',
  ].join('\n'),
  options: [jsonOption, traceOption],
  examples: ['foretrain schedule spec.json', 'foretrain schedule spec.json --json | jq .bubbleFraction'],
  argument: { name: 'SPEC.json', most: 1 },

  async run(args: Arguments, io: Io): Promise<number> {
    const [path] = args.positionals;
    if (path === undefined) fail('SPEC.json', 'is missing; give the path of a schedule, or - for standard input');
    const text = await readInput(path, io);
    if (text === undefined) {
      await io.showHelp();
      return 2;
    }
    const { run, transfers } = await answerText(text);
    const trace = await traceOf(args, async () => {
      const { traceOfSchedule } = await import('../report/trace.ts');
      return traceOfSchedule(run, transfers);
    });
    if (args.has('json')) await printJson(io, run.answer);
    else {
      const { createStyle, renderSchedule } = await import('../report/index.ts');
      await io.stdout.write(renderSchedule(run, createStyle(io)));
    }
    await sayTrace(trace, args.has('json'), io);
    return 0;
  },
};

async function answerText(text: string): Promise<{ readonly run: ScheduleRun; readonly transfers: TransferMode }> {
  const [{ parseScheduleSpec }, { runSchedule }] = await Promise.all([
    import('../job/index.ts'),
    import('../pipeline/answer.ts'),
  ]);
  const { schedule, shape, costs, transfers } = parseScheduleSpec(text);
  const run = runSchedule({
    schedule: schedule.name,
    ...shape,
    forward: costs.forward,
    backwardInput: costs.backward,
    backwardWeight: costs.weight,
    communication: costs.communication,
    fusedPair: costs.fusedPair,
    transfers,
  });
  return { run, transfers };
}
