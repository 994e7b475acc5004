import { virtualStageCount } from '../pipeline/placement.ts';
import { type PipelineCosts, type PipelineShape, placementOf, type Schedule } from '../pipeline/schedule.ts';
import { pipelineShape } from '../pipeline/shape.ts';
import type { TransferMode } from '../stack/stack.ts';
import { mostPasses } from './checks/schedule.ts';
import { collectFaults, type FaultList } from './faults.ts';
import { parseJson } from './parseJson.ts';
import { readSchedule } from './readSchedule.ts';
import { readWith } from './schema/job.ts';
import { type ScheduleInput, scheduleReader } from './schema/schedule.ts';
import { counted, shown } from './words.ts';

/** A schedule by itself, every default filled in and every cost given for each virtual stage. */
export interface ScheduleSpec {
  readonly schedule: Schedule;
  readonly shape: PipelineShape;
  /** Where the schedule does not split the backward pass, `backward` is the whole of it and `weight` 0. */
  readonly costs: PipelineCosts;
  readonly transfers: TransferMode;
}

/**
 * A schedule by itself as a person or a program wrote it.
 * @throws {ForetrainError} with all faults found
 */
export function readScheduleSpec(value: unknown): ScheduleSpec {
  const faults = collectFaults();
  const input: ScheduleInput = readWith(scheduleReader, value, 'schedule', faults);
  const schedule = readSchedule(input.schedule, 'schedule', faults);
  const shape = readShape(input, schedule, faults);
  const costs = schedule && shape && readCosts(input, schedule, shape, faults);
  faults.throwIfAny();
  if (schedule === undefined || shape === undefined || costs === undefined) {
    throw new Error('the schedule is not complete, and no fault says why');
  }
  return { schedule, shape, costs, transfers: input.transfers ?? 'async' };
}

/**
 * A schedule by itself from the text of its file.
 * @throws {ForetrainError} with the line and column of a syntax fault, or all faults found
 */
export function parseScheduleSpec(text: string): ScheduleSpec {
  return readScheduleSpec(parseJson(text, 'a schedule'));
}

function readShape(input: ScheduleInput, schedule: Schedule | undefined, faults: FaultList): PipelineShape | undefined {
  const { stages, microbatches, virtualStages, microbatchGroupSize, activeMicrobatches, memoryLimit } = input;
  if (stages === undefined || microbatches === undefined || schedule === undefined) return undefined;
  if (!faults.sound('virtualStages', 'microbatchGroupSize', 'activeMicrobatches')) return undefined;
  const chunks = virtualStages ?? (schedule.placement === 'v' ? 2 : 1);
  const shape = pipelineShape({
    stages,
    microbatches,
    virtualStages: chunks,
    microbatchGroupSize,
    activeMicrobatches,
    memoryLimit,
  });
  const passes = stages * chunks * microbatches;
  if (passes > mostPasses) {
    const message = `makes ${shown(passes)} passes of a microbatch through a virtual stage`;
    faults.add('microbatches', `${message}; at most ${shown(mostPasses)} are simulated`);
    return undefined;
  }
  const illegal = schedule.illegal(shape);
  if (illegal === undefined) return shape;
  faults.add('schedule', illegal);
  return undefined;
}

function readCosts(
  input: ScheduleInput,
  schedule: Schedule,
  shape: PipelineShape,
  faults: FaultList,
): PipelineCosts | undefined {
  const count = virtualStageCount(placementOf(schedule, shape), shape);
  const expand = (field: 'forward' | 'backwardInput' | 'backwardWeight' | 'communication' | 'fusedPair') =>
    expandCost(input[field] ?? 0, field, count, faults);
  if (schedule.splitsBackward && input.backwardWeight === undefined && faults.sound('backwardWeight')) {
    faults.add('backwardWeight', `is missing; ${schedule.name} runs the backward pass of the weights by itself`);
  }
  const forward = expand('forward');
  const inputs = expand('backwardInput');
  const weight = expand('backwardWeight');
  const communication = expand('communication');
  const fusedPair = input.fusedPair === undefined ? {} : { fusedPair: expand('fusedPair') };
  const split = schedule.splitsBackward;
  return {
    forward,
    backward: split ? inputs : inputs.map((cost, stage) => cost + weight[stage]!),
    weight: split ? weight : new Float64Array(count),
    communication,
    ...fusedPair,
  };
}

/** One number for each virtual stage; transfers may leave out the last, after which there is none. */
function expandCost(cost: number | readonly number[], field: string, count: number, faults: FaultList): Float64Array {
  if (typeof cost === 'number') return new Float64Array(count).fill(cost);
  const costs = new Float64Array(count);
  if (cost.length === count || (field === 'communication' && cost.length === count - 1)) {
    costs.set(cost);
    return costs;
  }
  faults.add(
    field,
    `has ${counted(cost.length, 'cost')}, but there are ${counted(count, 'virtual stage')}; write one for each`,
  );
  return costs;
}
