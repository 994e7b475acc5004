import { fail } from '../errors.ts';
import type { Evaluate, PlanAnswer, PlanOptions } from '../planner/index.ts';
import { formatCount, formatPercent, formatSeconds } from '../units.ts';
import { calibrationOf, calibrationOption } from './calibration.ts';
import { type Arguments, type Command, type Io, jsonOption, printJson } from './command.ts';
import { readInput } from './input.ts';

/** Plans that are printed where nobody says how many, and the most. */
const defaultTop = 5;
const mostTop = 100;

/** Milliseconds between lines of progress. */
const progressMilliseconds = 250;

/** `foretrain plan`: a job without parallelism in, the best ways to run it out. */
export const planCommand: Command = {
  name: 'plan',
  usage: ['plan REQUEST.json [--top N] [--json] [--calibration FILE]'],
  description: [
    'Finds the best way to train a model: parallelism degrees, schedule, recomputation,',
    'states, and which instances to book, how many and for how many days. What could be',
    'best is simulated in full; everything else is excluded by bounds, so that the answer',
    'is proved.',
    '',
    'REQUEST.json is a job without "parallelism", or - for standard input:',
    '',
    '  {',
    '    "model": "llama3-70b",',
    '    "clusters": [{ "instance": "p5.48xlarge", "counts": [32, 64] }],',
    '    "training": { "sequenceLength": 8192, "globalBatchSize": [512, 1024], "tokens": 1e12 },',
    '    "search": { "tensor": [4, 8], "context": [1] },',
    '    "constraints": { "maximumDays": 60 },',
    '    "objective": "usd"',
    '  }',
    '',
    'clusters     instances, each with the counts that may be booked, and usdPerHour where the',
    '             price is another; or one "cluster"',
    'training     as in a job; globalBatchSize and sequenceLength may be lists',
    'search       allowed values of each field of parallelism; what is absent is open',
    'constraints  maximumDays, maximumUsd, memoryMarginFraction (of usable memory)',
    'objective    stepTime (default), tokensPerSecond (default where steps differ in size),',
    '             timeToTrain, usd or usdPerToken',
    'reliability  failuresPerNodeDay, detectionSeconds, restartSeconds,',
    '             manualRestartFraction, manualRestartSeconds, checkpointIntervalSeconds,',
    '             asynchronousCheckpoints',
    'purchase     onDemand (default), capacityBlock, trainingPlan, or { "discountFraction": 0.3 }',
    'quota        the most instances of a kind, as { "p5.48xlarge": 64 }',
    'storage      { "kind": "fsx-lustre", "tebibytes": 100 }, or another kind with bytesPerSecond',
    'bytesPerToken  that storage gives for training; 4 by default',
    '',
    'Ctrl-C prints the best so far.',
  ].join('\n'),
  options: [jsonOption, { name: 'top', value: 'N', help: 'print so many plans; 5 by default' }, calibrationOption],
  optionsToCome: ['html'],
  examples: ['foretrain plan request.json', 'foretrain plan request.json --top 1 --json | jq .plans[0].job'],
  argument: { name: 'REQUEST.json', most: 1 },

  async run(args: Arguments, io: Io): Promise<number> {
    const top = topOf(args);
    const options = await calibrationOf(args);
    const [path] = args.positionals;
    if (path === undefined) fail('REQUEST.json', 'is missing; give the path of a request, or - for standard input');
    const text = await readInput(path, io);
    if (text === undefined) {
      await io.showHelp();
      return 2;
    }
    const [{ parseJson }, { folderOf, withModelFile }] = await Promise.all([
      import('../job/index.ts'),
      import('./modelFile.ts'),
    ]);
    const request = withModelFile(parseJson(text, 'a request'), folderOf(path));
    const answer = await planWhileAsked(request, { top, ...options }, io);
    if (args.has('json')) await printJson(io, answer);
    else await printText(answer, io);
    return 0;
  },
};

function topOf(args: Arguments): number {
  const text = args.value('top');
  if (text === undefined) return defaultTop;
  const top = Number(text);
  if (Number.isInteger(top) && top >= 1 && top <= mostTop) return top;
  return fail('--top', `must be a whole number from 1 to ${mostTop}, not ${text}`);
}

/** Looks for plans on all processors, until done or interrupted. */
async function planWhileAsked(request: unknown, options: PlanOptions, io: Io): Promise<PlanAnswer> {
  const [{ plan }, { createPool }] = await Promise.all([import('../planner/index.ts'), import('./planPool.ts')]);
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  const pool = createPool(request, options.calibration);
  const evaluate: Pick<PlanOptions, 'evaluate'> =
    pool === undefined ? {} : { evaluate: pool.evaluate satisfies Evaluate };
  process.once('SIGINT', stop);
  try {
    return await plan(request, { ...options, ...evaluate, onProgress: progressOn(io), isStopped: () => stopped });
  } finally {
    process.off('SIGINT', stop);
    await pool?.close();
    if (io.stderr.isTTY) await io.stderr.write('\r\u001b[K');
  }
}

/** One line on a terminal that says how far the search is; nothing elsewhere. */
function progressOn(io: Io): PlanOptions['onProgress'] {
  if (!io.stderr.isTTY) return undefined;
  let told = 0;
  return ({ cell, cells, considered, simulated, bestSeconds, gap, left }) => {
    if (performance.now() - told < progressMilliseconds) return;
    told = performance.now();
    const where = cells > 1 ? `${cell.index + 1} of ${cells}: ` : '';
    const best =
      bestSeconds === undefined || gap === undefined
        ? 'no plan yet'
        : `best ${formatSeconds(bestSeconds)} a step, at most ${formatPercent(gap)} from the best there is`;
    const line = `${where}${cell.title}: ${best}; ${formatCount(considered)} considered, ${formatCount(simulated)} simulated, ${formatCount(left)} left`;
    void io.stderr.write(`\r\u001b[K${line.slice(0, Math.max(20, (io.stderr.columns ?? 120) - 1))}`);
  };
}

async function printText(answer: PlanAnswer, io: Io): Promise<void> {
  const { createStyle, renderPlan } = await import('../report/index.ts');
  await io.stdout.write(renderPlan(answer, createStyle(io)));
}
