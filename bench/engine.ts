import { fileURLToPath } from 'node:url';
import { pipelineCosts } from '../src/pipeline/costs.ts';
import { planSchedule } from '../src/pipeline/planSchedule.ts';
import { runPipeline } from '../src/pipeline/run.ts';
import { type PipelineCosts, type PipelineShape, placementOf, type Schedule } from '../src/pipeline/schedule.ts';
import { findSchedule } from '../src/pipeline/schedules/index.ts';
import { pipelineShape } from '../src/pipeline/shape.ts';
import { runBackwardFirst, runOrders } from './plainObjects.ts';

interface Case {
  readonly schedule: string;
  readonly stages: number;
  readonly virtualStages: number;
  readonly microbatches: number;
}

/** What a fixed and a dynamic order must reach over the plain-object implementation. */
const FIXED_TARGET = 20;
const DYNAMIC_TARGET = 5;

const CASES: readonly Case[] = [
  { schedule: 'interleaved', stages: 64, virtualStages: 4, microbatches: 512 },
  { schedule: '1f1b', stages: 64, virtualStages: 1, microbatches: 512 },
  { schedule: 'zb-h1', stages: 64, virtualStages: 1, microbatches: 512 },
  { schedule: 'interleaved', stages: 8, virtualStages: 4, microbatches: 32 },
  { schedule: '1f1b', stages: 8, virtualStages: 1, microbatches: 32 },
  { schedule: 'zb-v', stages: 8, virtualStages: 2, microbatches: 32 },
  { schedule: 'smp-interleaved', stages: 64, virtualStages: 1, microbatches: 512 },
  { schedule: 'smp-interleaved', stages: 8, virtualStages: 1, microbatches: 32 },
];

const SHORT_MILLISECONDS = 150;
const LONG_MILLISECONDS = 1000;
const ROUNDS = 5;

/** Uneven costs, a little different on every round so that nothing can be remembered. */
function costsFor(schedule: Schedule, shape: PipelineShape, round: number): PipelineCosts {
  const placement = placementOf(schedule, shape);
  const count = shape.stages * (placement === 'v' ? 2 : shape.virtualStages);
  const uneven = (base: number, swing: number) =>
    Array.from({ length: count }, (_, s) => base + swing * ((s * 7 + round) % 5));
  const spec = {
    forward: uneven(1, 0.1),
    backwardInput: uneven(1.1, 0.1),
    backwardWeight: uneven(0.9, 0.05),
    communication: 0.05,
  };
  return pipelineCosts(spec, placement, schedule.splitsBackward, shape);
}

/** Steps a second over some time; `once` runs a step. */
function rate(milliseconds: number, once: (round: number) => number): number {
  const from = performance.now();
  let steps = 0;
  let passed = 0;
  do {
    once(steps);
    steps++;
    passed = performance.now() - from;
  } while (passed < milliseconds);
  return (steps * 1000) / passed;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];

/** Both in turn, round by round, so that what else the machine does slows both: their median rates and ratio. */
function race(milliseconds: number, ours: (round: number) => number, theirs: (round: number) => number) {
  const slice = milliseconds / ROUNDS;
  rate(slice, ours);
  rate(slice, theirs);
  const rounds = Array.from({ length: ROUNDS }, () => ({ ours: rate(slice, ours), theirs: rate(slice, theirs) }));
  return {
    ours: median(rounds.map((round) => round.ours)),
    theirs: median(rounds.map((round) => round.theirs)),
    ratio: median(rounds.map((round) => round.ours / round.theirs)),
  };
}

const DIFFERENT_COSTS = 5;
/** Relative: the two implementations add up the same times, if not always in the same order. */
const AGREEMENT = 1e-9;

function measure(at: Case, milliseconds: number) {
  const schedule = findSchedule(at.schedule);
  const shape = pipelineShape(at);
  const costs = Array.from({ length: DIFFERENT_COSTS }, (_, round) => costsFor(schedule, shape, round));
  const pick = (round: number) => costs[round % DIFFERENT_COSTS];
  const orders = schedule.order(shape, costs[0]);
  const placement = placementOf(schedule, shape);
  const timeline = runPipeline(planSchedule(schedule, shape, costs[0]), costs[0]);
  const { tasks } = timeline.plan;

  const ours = (round: number) =>
    runPipeline(planSchedule(schedule, shape, pick(round)), pick(round), 'async', timeline).makespan;
  const theirs = (round: number) =>
    (schedule.fixed ? runOrders : runBackwardFirst)(orders, shape, placement, pick(round));
  for (let round = 0; round < DIFFERENT_COSTS; round++) {
    const difference = Math.abs(ours(round) - theirs(round));
    if (difference > AGREEMENT * ours(round)) throw new Error(`${at.schedule}: the two implementations disagree`);
  }
  const { ours: ourSteps, theirs: theirSteps, ratio } = race(milliseconds, ours, theirs);
  return {
    tasks,
    ourRate: ourSteps * tasks,
    theirRate: theirSteps * tasks,
    ratio,
    target: schedule.fixed ? FIXED_TARGET : DYNAMIC_TARGET,
  };
}

const MILLION = 1e6;

/**
 * Prints tasks a second of the engine and of the plain-object implementation in the same run, and their ratio.
 * @param short measure briefly
 */
export function run(short: boolean): void {
  console.log('engine: millions of tasks a second, beside plain objects in the same run');
  const header = ['schedule', 'p', 'v', 'm', 'tasks', 'engine', 'plain', 'ratio', 'target'];
  const rows = CASES.map((at) => {
    const { tasks, ourRate, theirRate, ratio, target } = measure(at, short ? SHORT_MILLISECONDS : LONG_MILLISECONDS);
    return [
      at.schedule,
      at.stages,
      at.virtualStages,
      at.microbatches,
      tasks,
      (ourRate / MILLION).toFixed(1),
      (theirRate / MILLION).toFixed(2),
      `${ratio.toFixed(1)}x`,
      `${target}x`,
    ].map(String);
  });
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i].length)));
  for (const row of [header, ...rows]) console.log(row.map((cell, i) => cell.padStart(widths[i])).join('  '));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) run(process.argv.includes('--short'));
