import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ForetrainError } from '../src/errors.ts';
import { findModel } from '../src/graph/catalogue.ts';
import type { Job } from '../src/job/index.ts';
import { parseJob } from '../src/job/index.ts';
import { randomNumbers } from '../src/pipeline/auto/randomNumbers.ts';
import { planSchedule } from '../src/pipeline/planSchedule.ts';
import { runPipeline } from '../src/pipeline/run.ts';
import { findSchedule } from '../src/pipeline/schedules/index.ts';
import { type Simulation, simulate, simulateDetailed } from '../src/simulate.ts';

/** What a search over layouts needs at least, jobs a second. */
const TARGET = 200;
const LONG_JOBS = 1000;
const SHORT_JOBS = 250;
const SEED = 2;
const MILLISECONDS = 1000;

const clusters = [
  { instance: 'p4d.24xlarge', ranks: 8, stacks: ['megatron-2021', 'megatron-2023', 'megatron-core', 'smp-v1'] },
  { instance: 'p4de.24xlarge', ranks: 8, stacks: ['megatron-2021', 'megatron-2023', 'aleph-alpha-scaling'] },
  { instance: 'p5.48xlarge', ranks: 8, stacks: ['megatron-2023', 'megatron-core'] },
  { instance: 'p6-b200.48xlarge', ranks: 8, stacks: ['megatron-core'] },
  { instance: 'trn1.32xlarge', ranks: 32, stacks: ['neuronx-distributed'] },
];

/** One way to train GPT-3 175B, as a person might have written it; not every one is legal. */
function draw(random: () => number): object {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const { instance, ranks, stacks } = pick(clusters);
  const tensor = pick([2, 4, 8]);
  const pipeline = pick([2, 4, 6, 8, 12, 16, 24]);
  const data = pick([2, 4, 8, 10, 16, 20, 32]);
  const virtualStages = pick([1, 1, 2, 3, 4]);
  const schedules = virtualStages > 1 ? ['interleaved'] : ['1f1b', '1f1b', 'gpipe', 'smp-interleaved', 'zb-h1'];
  return {
    model: 'gpt3-175b',
    cluster: { instance, count: (tensor * pipeline * data) / ranks },
    stack: pick(stacks),
    training: {
      sequenceLength: 2048,
      globalBatchSize: pick([960, 1536, 1920]),
      precision: instance === 'p4d.24xlarge' ? pick(['fp16', 'bf16']) : 'bf16',
      tokens: 300e9,
    },
    parallelism: {
      tensor,
      pipeline,
      data,
      microBatchSize: pick([1, 2, 4]),
      virtualStages,
      schedule: pick(schedules),
      recompute: pick(['none', 'selective', 'full', { mode: 'full', every: 2 }]),
      zeroStage: pick([0, 1]),
    },
  };
}

/** So many different jobs that the door lets in, a line of JSON each. */
function differentJobs(count: number): string[] {
  const random = randomNumbers(SEED);
  const lines = new Set<string>();
  while (lines.size < count) {
    const line = JSON.stringify(draw(random));
    try {
      parseJob(line);
      lines.add(line);
    } catch (error) {
      if (!(error instanceof ForetrainError)) throw error;
    }
  }
  return [...lines];
}

interface Timed<R> {
  readonly milliseconds: number;
  /** Of this process's processors, so that a busy machine cannot lie. */
  readonly processorMilliseconds: number;
  readonly results: readonly R[];
}

function timed<T, R>(items: readonly T[], once: (item: T, index: number) => R): Timed<R> {
  const from = performance.now();
  const cpuFrom = process.cpuUsage();
  const results = items.map(once);
  const { user, system } = process.cpuUsage(cpuFrom);
  return { milliseconds: performance.now() - from, processorMilliseconds: (user + system) / MILLISECONDS, results };
}

/** The same job with the cuts that were found for it given by hand. */
function cutByHand(job: Job, { report }: Simulation): Job {
  const stageLayers = report.partition.stages.map(({ layers }) => layers);
  return { ...job, parallelism: { ...job.parallelism, partitioner: { kind: 'layers', stageLayers } } };
}

/** Plans and runs the pipeline of a step that has been simulated. */
function pipelineAgain({ parallelism, stack }: Job, { report, timeline }: Simulation): number {
  const { schedule, degrees } = parallelism;
  const { stages } = report.partition;
  const backward = Float64Array.from(stages, ({ backwardSeconds }) => backwardSeconds);
  const costs = {
    forward: Float64Array.from(stages, ({ forwardSeconds }) => forwardSeconds),
    backward,
    weight: backward,
    communication: new Float64Array(timeline.plan.virtualStages - 1),
  };
  const plan = planSchedule(findSchedule(schedule), { ...parallelism, stages: degrees.pipeline }, costs);
  return runPipeline(plan, costs, stack.pipelineTransfers).makespan;
}

const row = (name: string, milliseconds: number, jobs: number, whole: number) =>
  `  ${name.padEnd(44)}${(milliseconds / jobs).toFixed(2).padStart(7)} ms${((100 * milliseconds) / whole).toFixed(0).padStart(5)}%`;
const perSecond = (jobs: number, milliseconds: number) => Math.round((jobs * MILLISECONDS) / milliseconds);

/** The command line as a process of its own, where it has been built. */
function wholeProcess(lines: readonly string[]): void {
  const program = fileURLToPath(new URL('../bin/foretrain.js', import.meta.url));
  if (!existsSync(new URL('../dist/cli/main.js', import.meta.url))) {
    console.log('  the command line is not built');
    return;
  }
  const from = performance.now();
  const { stdout, status } = spawnSync(process.execPath, [program, 'simulate', '--jsonl'], {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  const milliseconds = performance.now() - from;
  const answers = stdout.split('\n').filter((line) => line.startsWith('{"name"')).length;
  if (status !== 0 || answers !== lines.length) {
    throw new Error(`simulate --jsonl answered ${answers} of ${lines.length} jobs, exit status ${status}`);
  }
  console.log(`  simulate --jsonl as a process, its start included: ${perSecond(lines.length, milliseconds)} a second`);
}

/**
 * Prints how many different jobs of GPT-3 175B are forecast in a second, as `simulate --jsonl` does it, and where the
 * time goes.
 * @param short fewer jobs
 */
export function run(short: boolean): void {
  const lines = differentJobs(short ? SHORT_JOBS : LONG_JOBS);
  const count = lines.length;
  const all = timed(lines, (line) => JSON.stringify(simulate(parseJob(line))));
  console.log(
    `simulate: ${count} different jobs of GPT-3 175B, ${findModel('gpt3-175b')!.layers} layers, in one process`,
  );
  console.log(
    `  from text to text, nothing known before: ${perSecond(count, all.milliseconds)} a second, ` +
      `${perSecond(count, all.processorMilliseconds)} a second of processor time (target ${TARGET})`,
  );
  wholeProcess(lines);

  // Once more, part by part; all that can be remembered has been.
  const door = timed(lines, (line) => parseJob(line));
  const warm = timed(door.results, (job) => simulateDetailed(job));
  const byHand = timed(
    door.results.map((job, index) => cutByHand(job, warm.results[index]!)),
    (job) => simulateDetailed(job),
  );
  const pipeline = timed(warm.results, (simulation, index) => pipelineAgain(door.results[index]!, simulation));
  const text = timed(warm.results, ({ report }) => JSON.stringify(report));
  const whole = all.processorMilliseconds;
  const [doorTime, warmTime, handTime, pipelineTime, textTime] = [door, warm, byHand, pipeline, text].map(
    ({ processorMilliseconds }) => processorMilliseconds,
  ) as [number, number, number, number, number];
  console.log('  where processor time goes, a job:');
  console.log(row('door: parse, defaults, checks', doorTime, count, whole));
  console.log(
    row(
      'graphs, unit costs and plans, the first time',
      Math.max(0, whole - doorTime - warmTime - textTime),
      count,
      whole,
    ),
  );
  console.log(row('partition', Math.max(0, warmTime - handTime), count, whole));
  console.log(row('pipeline', pipelineTime, count, whole));
  console.log(row('stages, memory, end of step, report', Math.max(0, handTime - pipelineTime), count, whole));
  console.log(row('JSON', textTime, count, whole));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) run(process.argv.includes('--short'));
