import { BoundedCache } from './boundedCache.ts';
import { chunksPerDevice, PAIR } from './placement.ts';
import { checkShape, planKey, planSchedule } from './planSchedule.ts';
import { costTables, type PipelineTimeline, runPipeline, type TransferMode } from './run.ts';
import { type PipelineCosts, type PipelineShape, placementOf, type Schedule } from './schedule.ts';
import { type SteadyPlan, steadyPlan } from './steadyPlan.ts';
import { isSteady, runJumping, type SteadyBuffers } from './steadyRun.ts';

/**
 * The timeline of a step whose plan may leave out periods of its steady middle: times after the middle are those of the
 * whole step, and so are `makespan` and `busy`. The first and the last microbatch of every chunk are in the plan.
 */
export interface SteadyTimeline extends PipelineTimeline {
  /** Microbatches of each chunk that the plan leaves out. */
  readonly skippedMicrobatches: number;
  /** By task: how often it, and the wait before it, happens in the whole step. */
  readonly repeats: Float64Array;
  /** By task: when its device was done with the task before it. */
  readonly freed: Float64Array;
}

/** A plan long enough for warm-up and drain on every device, and periods enough to see that they repeat. */
const STAGES_OF_MICROBATCHES = 6;
const SPARE_PERIODS = 4;
/** Only a plan so many times shorter is worth the care; and after a few that show no steady middle there is none. */
const WORTH_WHILE = 3;
const MOST_TRIES = 3;

const plans = new BoundedCache<SteadyPlan | 'irregular'>(128, 2_000_000);

interface Search {
  readonly schedule: Schedule;
  readonly shape: PipelineShape;
  readonly costs: PipelineCosts;
  readonly transfers: TransferMode;
  /** Microbatches of one chunk in a period, and of the step. */
  readonly period: number;
  readonly step: number;
}

function keptPlan({ schedule, shape, costs, period, step }: Search, microbatches: number): SteadyPlan | 'irregular' {
  const short = { ...shape, microbatches };
  const key = planKey(schedule, short);
  let plan = plans.get(key);
  if (plan === undefined) {
    const longer = { ...shape, microbatches: microbatches + step };
    const legal = schedule.illegal(short) === undefined && schedule.illegal(longer) === undefined;
    plan = (legal ? steadyPlan(schedule, short, longer, period, costs) : undefined) ?? 'irregular';
    plans.set(key, plan, plan === 'irregular' ? 1 : plan.plan.tasks);
  }
  return plan;
}

/** Periods after which the periods of a run repeat, found by trying; undefined where none do. */
function multipleOf(steady: SteadyPlan, buffers: SteadyBuffers, search: Search): number | undefined {
  const { stages } = search.shape;
  // Where each chunk runs all its microbatches in one go, devices wait in one direction only and there is no cycle.
  if (steady.jumps.length > stages) return undefined;
  const chunks = chunksPerDevice(steady.plan.placement, search.shape);
  // A cycle of waiting that decides the pace passes each stage at most once a chunk and direction.
  const most = PAIR * chunks * stages;
  for (let multiple = 1; multiple <= most; multiple++) {
    if (isSteady(steady, buffers, multiple, search.transfers)) return multiple;
  }
  return undefined;
}

/** Runs a shorter step with the middle jumped over; undefined where it is too short to be sure of the middle. */
function jumpOver(search: Search, microbatches: number): SteadyTimeline | 'irregular' | undefined {
  const { shape, costs, transfers, step, period } = search;
  const first = keptPlan(search, microbatches);
  if (first === 'irregular') return first;
  const left = (shape.microbatches - microbatches) / step;
  const direct = runJumping(first, costs, transfers, left, 1);
  if (isSteady(first, direct, 1, transfers)) return finish(first, direct, costs, left, 1, left * period);

  const multiple = multipleOf(first, runJumping(first, costs, transfers, 0, 1), search);
  if (multiple === undefined) return undefined;
  const extra = left % multiple;
  const second = extra === 0 ? first : keptPlan(search, microbatches + extra * step);
  if (second === 'irregular') return second;
  const copies = (left - extra) / multiple;
  const buffers = runJumping(second, costs, transfers, copies, multiple);
  if (!isSteady(second, buffers, multiple, transfers)) return undefined;
  return finish(second, buffers, costs, copies, multiple, copies * multiple * period);
}

function finish(
  steady: SteadyPlan,
  buffers: SteadyBuffers,
  costs: PipelineCosts,
  copies: number,
  multiple: number,
  skippedMicrobatches: number,
): SteadyTimeline {
  const { plan, jumps } = steady;
  const { end } = buffers;
  const { costOf } = costTables(plan, costs);
  const { deviceOffset, deviceTasks } = plan;
  const repeats = new Float64Array(plan.tasks).fill(1);
  for (const { device, position, length } of jumps) {
    const to = deviceOffset[device] + position;
    for (let at = to - multiple * length; at < to; at++) repeats[deviceTasks[at]] = 1 + copies;
  }
  const busy = new Float64Array(plan.stages);
  for (let k = 0; k < plan.tasks; k++) busy[plan.device[k]] += repeats[k] * costOf[plan.costClass[k]];
  let makespan = 0;
  for (let k = 0; k < plan.tasks; k++) makespan = Math.max(makespan, end[k]);
  const { start, arrived, freed } = buffers;
  return { plan, makespan, start, end, arrived, busy, skippedMicrobatches, repeats, freed };
}

/** A step that is run whole, in the same form. */
function runWhole({ schedule, shape, costs, transfers }: Search): SteadyTimeline {
  const timeline = runPipeline(planSchedule(schedule, shape, costs), costs, transfers);
  const { tasks, previous } = timeline.plan;
  const freed = new Float64Array(tasks);
  for (let k = 0; k < tasks; k++) freed[k] = timeline.end[previous[k]];
  return { ...timeline, skippedMicrobatches: 0, repeats: new Float64Array(tasks).fill(1), freed };
}

/**
 * Runs a step, and jumps over its middle where that repeats: a step of ten thousand microbatches costs about what one
 * of a hundred does. It jumps only where the periods before it prove that all after them last as long; otherwise, and
 * where the step is short or its order depends on costs, it runs the whole step.
 */
export function runSteady(
  schedule: Schedule,
  shape: PipelineShape,
  costs: PipelineCosts,
  transfers: TransferMode = 'async',
): SteadyTimeline {
  checkShape(schedule, shape);
  const period = schedule.period?.(shape);
  const step = (period ?? 1) * (placementOf(schedule, shape) === 'dual' ? PAIR : 1);
  const search = { schedule, shape, costs, transfers, period: period ?? 1, step };
  if (period === undefined || !schedule.fixed) return runWhole(search);
  let periods = Math.ceil((STAGES_OF_MICROBATCHES * shape.stages) / period) + SPARE_PERIODS;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const microbatches = (shape.microbatches % step) + periods * step;
    if (WORTH_WHILE * microbatches > shape.microbatches) break;
    const timeline = jumpOver(search, microbatches);
    if (timeline === 'irregular') break;
    if (timeline !== undefined) return timeline;
    periods *= 2;
  }
  return runWhole(search);
}
