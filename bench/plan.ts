import type { PlanAnswer } from '../src/planner/index.ts';

// The built program, as people run it: the loader that takes TypeScript as it is names every function when it is made,
// and simulations make many.
const built = (file: string) => import(new URL(`../dist/planner/${file}`, import.meta.url).href);
const { evaluateOne, plan, readPlanRequest }: typeof import('../src/planner/index.ts') = await built('index.js');
const { candidates, spaceOf }: typeof import('../src/planner/space/space.ts') = await built('space/space.js');

/** What a search is asked for: proved in so many seconds, a plan within 5% in less than one, on one processor. */
const TARGET_SECONDS = 10;
const NEAR = 1.05;
const TARGET_NEAR_SECONDS = 1;
const TARGET_BYTES = 1e9;
/** Full simulations a second, the program having run for some seconds. */
const TARGET_RATE = 5000;
/** Configurations a second that Calculon's evaluator decides on one processor, closed forms each. */
const CALCULON_PER_SECOND = 47;
const MILLISECONDS = 1000;

/** GPT-3 175B on 1,024 A100, everything about parallelism open. */
const request = {
  model: 'gpt3-175b',
  cluster: { instance: 'p4de.24xlarge', count: 128 },
  stack: 'megatron-core',
  training: { sequenceLength: 2048, globalBatchSize: 1536, precision: 'bf16', tokens: 300e9 },
} as const;

/** A part of that space that is small enough to simulate every configuration. */
const part = {
  tensor: [2, 4, 8],
  context: [1],
  pipeline: [4, 8, 16, 32],
  sequenceParallel: [true, false],
  microBatchSize: [1, 2, 3, 4],
  schedule: ['1f1b', 'interleaved'],
  virtualStages: [1, 2, 3, 4, 6],
  recompute: ['none', 'selective', 'full'],
  offload: [{}],
  placement: ['PDT', 'DPT', 'PTD', 'DTP'],
};

interface Timed {
  readonly answer: PlanAnswer;
  readonly seconds: number;
  /** When a plan as near to the best as asked for was there, as far as progress shows. */
  readonly nearSeconds: number;
}

async function timed(value: unknown, top = 1): Promise<Timed> {
  const began = performance.now();
  const seen: { readonly at: number; readonly best: number }[] = [];
  const { cells } = readPlanRequest(value);
  let least = Number.POSITIVE_INFINITY;
  const answer = await plan(value, {
    top,
    evaluate: async (cell, list) =>
      list.map((candidate) => {
        const found = evaluateOne(cells[cell]!.base, candidate);
        if (found.fits && found.stepTimeSeconds < least) {
          least = found.stepTimeSeconds;
          seen.push({ at: (performance.now() - began) / MILLISECONDS, best: least });
        }
        return found;
      }),
  });
  const seconds = (performance.now() - began) / MILLISECONDS;
  const near = seen.find(({ best }) => best <= NEAR * least);
  return { answer, seconds, nearSeconds: near?.at ?? seconds };
}

const print = (line: string) => console.log(line);
const count = (value: number) => Math.round(value).toLocaleString('en-US');
const against = (good: boolean, target: string) => `${good ? 'within' : 'NOT within'} the ${target} asked for`;

/** Plans the whole space, then a part of it with and without bounds. */
export async function run(short: boolean): Promise<void> {
  print('plan: GPT-3 175B on 128 p4de.24xlarge, one thread');
  if (!short) await wholeSpace();
  await withAndWithoutBounds();
}

async function wholeSpace(): Promise<void> {
  // A planner that has been asked before knows its operators: the first answer is the one that counts.
  const { answer, seconds, nearSeconds } = await timed(request);
  const { considered, simulated, proved, plans } = answer;
  const bytes = process.memoryUsage().rss;
  const [best] = plans;
  print(`  ${count(considered)} configurations, ${count(simulated)} simulated, ${proved ? 'proved' : 'NOT proved'}`);
  print(`  ${seconds.toFixed(1)} s: ${against(seconds <= TARGET_SECONDS, `${TARGET_SECONDS} s`)}`);
  print(
    `  a plan within 5% of the best after ${nearSeconds.toFixed(2)} s: ${against(nearSeconds < TARGET_NEAR_SECONDS, `${TARGET_NEAR_SECONDS} s`)}`,
  );
  print(`  ${(bytes / 1e6).toFixed(0)} MB: ${against(bytes < TARGET_BYTES, '1 GB')}`);
  print(
    `  ${count(considered / seconds)} configurations decided a second, ${count(considered / seconds / CALCULON_PER_SECOND)} times Calculon's ${CALCULON_PER_SECOND}`,
  );
  print(`  best: ${best?.report.stepTimeSeconds.toFixed(3)} s a step, ${JSON.stringify(best?.job.parallelism)}`);
}

async function withAndWithoutBounds(): Promise<void> {
  const value = { ...request, search: part };
  const { cells, search } = readPlanRequest(value);
  const [cell] = cells;
  const all = [...candidates(spaceOf(cell!, search))];
  // Both meet the same operators, priced already.
  for (const candidate of all.slice(0, 50)) evaluateOne(cell!.base, candidate);
  const { answer, seconds } = await timed(value);
  const began = performance.now();
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of all) {
    const { fits, stepTimeSeconds } = evaluateOne(cell!.base, candidate);
    if (fits && stepTimeSeconds < least) least = stepTimeSeconds;
  }
  const without = (performance.now() - began) / MILLISECONDS;
  const same = answer.plans[0]?.report.stepTimeSeconds === least;
  print(
    `  a part of ${count(all.length)} configurations: ${seconds.toFixed(2)} s with bounds (${count(answer.simulated)} simulated), ${without.toFixed(2)} s without: ${(without / seconds).toFixed(0)} times as fast, ${same ? 'the same winner' : 'ANOTHER WINNER'}`,
  );
  print(`  ${count(all.length / without)} full simulations a second`);
  const rate = sustainedRate();
  print(
    `  ${count(rate)} a second in a search that goes on, each configuration simulated once: ${against(rate >= TARGET_RATE, `${count(TARGET_RATE)} a second`)}`,
  );
}

/** Requests that share no configuration: those of the first lengths let the compiler finish, which takes seconds. */
const warmingLengths = [1024, 1536];
const measuredLengths = [1280, 1792];
const batches = [512, 768, 1024, 1280, 1536, 1792, 2048, 2304];

/** Full simulations a second over a wider part of the space, once the program has been running for some seconds. */
function sustainedRate(): number {
  const likely = {
    ...part,
    tensor: [4, 8],
    pipeline: [4, 8, 16],
    microBatchSize: [1, 2],
    virtualStages: [1, 2, 3],
    placement: ['PDT'],
    sequenceParallel: [true],
  };
  let simulated = 0;
  let milliseconds = 0;
  for (const sequenceLength of [...warmingLengths, ...measuredLengths]) {
    for (const globalBatchSize of batches) {
      const training = { ...request.training, sequenceLength, globalBatchSize };
      const { cells, search } = readPlanRequest({ ...request, training, search: likely });
      const [cell] = cells;
      const all = [...candidates(spaceOf(cell!, search))];
      const began = performance.now();
      for (const candidate of all) evaluateOne(cell!.base, candidate);
      if (warmingLengths.includes(sequenceLength)) continue;
      milliseconds += performance.now() - began;
      simulated += all.length;
    }
  }
  return (MILLISECONDS * simulated) / milliseconds;
}
