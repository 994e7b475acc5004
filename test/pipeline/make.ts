import { type CostSpec, pipelineCosts } from '../../src/pipeline/costs.ts';
import { planSchedule } from '../../src/pipeline/planSchedule.ts';
import { runPipeline, type TransferMode } from '../../src/pipeline/run.ts';
import { type PipelineShape, placementOf, type Schedule } from '../../src/pipeline/schedule.ts';
import { findSchedule } from '../../src/pipeline/schedules/index.ts';
import { pipelineShape } from '../../src/pipeline/shape.ts';

const TWO_CHUNKS = new Set(['interleaved', 'breadth-first', 'zb-v', 'v-half', 'v-min', 'dualpipe-v']);

/** Virtual stages a device that the tables of this folder give a schedule. */
export const chunksOf = (name: string): number => (TWO_CHUNKS.has(name) ? 2 : 1);

/** Equal costs of every virtual stage. */
export function equalCosts(F: number, I: number, W: number, c = 0): CostSpec {
  return { forward: F, backwardInput: I, backwardWeight: W, communication: c };
}

export function costsOf(schedule: Schedule, shape: PipelineShape, spec: CostSpec) {
  return pipelineCosts(spec, placementOf(schedule, shape), schedule.splitsBackward, shape);
}

/** Runs a schedule by name. */
export function run(
  name: string,
  shapeSpec: Parameters<typeof pipelineShape>[0],
  costSpec: CostSpec,
  transfers: TransferMode = 'async',
) {
  const schedule = findSchedule(name);
  const shape = pipelineShape({ virtualStages: chunksOf(name), ...shapeSpec });
  const costs = costsOf(schedule, shape, costSpec);
  const plan = planSchedule(schedule, shape, costs);
  return { schedule, shape, costs, plan, timeline: runPipeline(plan, costs, transfers) };
}

export const makespan = (...args: Parameters<typeof run>): number => run(...args).timeline.makespan;

/** Unequal stages, by number of virtual stages. */
export const U4 = { forward: [1, 2, 1, 3], backwardInput: [1, 2, 2, 3], backwardWeight: [1, 1, 1, 2] };
export const U8 = {
  forward: [1, 1, 2, 1, 1, 2, 1, 3],
  backwardInput: [1, 2, 2, 1, 1, 2, 1, 3],
  backwardWeight: [1, 1, 1, 1, 1, 1, 1, 2],
};
export const U3 = { forward: [3, 1, 2], backwardInput: [2, 2, 1], backwardWeight: [1, 1, 3] };
export const U6 = {
  forward: [1, 2, 3, 1, 2, 1],
  backwardInput: [1, 2, 3, 1, 2, 1],
  backwardWeight: [1, 2, 3, 1, 2, 1],
};
