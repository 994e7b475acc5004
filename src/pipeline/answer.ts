import { fail } from '../errors.ts';
import { type CostSpec, pipelineCosts } from './costs.ts';
import { orderLabels } from './labels.ts';
import { planLowerBound } from './lowerBound.ts';
import { inFlight, inFlightUntilInput } from './memory.ts';
import { chunksPerDevice } from './placement.ts';
import { type PipelinePlan, planPipeline } from './plan.ts';
import { checkShape } from './planSchedule.ts';
import { residentBound } from './residentBound.ts';
import { type PipelineTimeline, runPipeline, type TransferMode } from './run.ts';
import { type DeviceOrders, type PipelineCosts, type PipelineShape, placementOf, type Schedule } from './schedule.ts';
import { findSchedule } from './schedules/index.ts';
import { type PipelineShapeSpec, pipelineShape } from './shape.ts';

/** One question about a schedule by itself. Costs are those of one microbatch in one virtual stage, in any one unit. */
export interface ScheduleQuestion extends PipelineShapeSpec, CostSpec {
  /** A name that {@link findSchedule} knows. */
  readonly schedule: string;
  readonly transfers?: TransferMode | undefined;
}

export interface ScheduleAnswer {
  readonly makespan: number;
  /** No order of the same tasks that holds no more is shorter. */
  readonly lowerBound: number;
  /** Mean over devices of idle time ÷ makespan. */
  readonly bubbleFraction: number;
  /** By device: most microbatch activations of a virtual stage, from forward to the end of the backward (or weight) pass. */
  readonly peakInFlight: readonly number[];
  /** By device: labels of its tasks in order. */
  readonly order: readonly (readonly string[])[];
}

/** Everything worked out on the way to an answer: what a picture or a trace is drawn from. */
export interface ScheduleRun {
  readonly schedule: Schedule;
  readonly shape: PipelineShape;
  readonly costs: PipelineCosts;
  readonly orders: DeviceOrders;
  readonly timeline: PipelineTimeline;
  readonly answer: ScheduleAnswer;
}

/** Mean over devices of the share of the makespan in which they do not compute. */
export function bubbleFraction({ makespan, busy }: PipelineTimeline): number {
  if (makespan === 0) return 0;
  return busy.reduce((sum, time) => sum + (makespan - time) / makespan, 0) / busy.length;
}

/** The bound of every order within the memory limit of the question; 0 where it has none. */
function limitedBound(plan: PipelinePlan, costs: PipelineCosts, { memoryLimit, stages }: PipelineShape): number {
  // Fused pairs may cost less than their parts, which this bound does not know.
  if (memoryLimit === undefined || plan.fusedClasses.length > 0) return 0;
  const limits = new Float64Array(stages).fill(memoryLimit);
  return residentBound(plan, costs, { untilInput: limits, untilWeight: limits });
}

/**
 * Runs one schedule by itself.
 * @throws ForetrainError where the schedule is unknown, cannot run the shape, or breaks the memory limit, and where a
 * cost is negative, not finite or of the wrong length
 */
export function runSchedule(question: ScheduleQuestion): ScheduleRun {
  const schedule = findSchedule(question.schedule);
  const shape = pipelineShape({
    ...question,
    virtualStages: question.virtualStages ?? (schedule.placement === 'v' ? 2 : 1),
  });
  checkShape(schedule, shape);
  const placement = placementOf(schedule, shape);
  const costs = pipelineCosts(question, placement, schedule.splitsBackward, shape);
  const orders = schedule.order(shape, costs);
  const held = inFlight(orders).map(({ peak }) => peak);
  if (shape.memoryLimit !== undefined && Math.max(...held) > shape.memoryLimit)
    fail(
      'memoryLimit',
      `${schedule.name} holds ${Math.max(...held)} microbatch activations of a virtual stage: it needs a limit of at least that, not ${shape.memoryLimit}`,
    );
  const plan = planPipeline(orders, shape, placement, schedule.splitsBackward);
  const timeline = runPipeline(plan, costs, question.transfers);
  const residency = { untilInput: inFlightUntilInput(orders), untilWeight: held };
  const answer = {
    makespan: timeline.makespan,
    lowerBound: Math.max(planLowerBound(plan, costs, residency), limitedBound(plan, costs, shape)),
    bubbleFraction: bubbleFraction(timeline),
    peakInFlight: held,
    order: orderLabels(orders, chunksPerDevice(placement, shape)),
  };
  return { schedule, shape, costs, orders, timeline, answer };
}

/** Answers one question about a schedule by itself. @throws ForetrainError as {@link runSchedule} */
export function answerSchedule(question: ScheduleQuestion): ScheduleAnswer {
  return runSchedule(question).answer;
}
