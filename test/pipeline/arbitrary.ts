import fc from 'fast-check';
import { virtualStageCount } from '../../src/pipeline/placement.ts';
import { type PipelineCosts, type PipelineShape, placementOf, type Schedule } from '../../src/pipeline/schedule.ts';
import { schedules } from '../../src/pipeline/schedules/index.ts';
import { pipelineShape } from '../../src/pipeline/shape.ts';

export interface Bounds {
  readonly stages: number;
  readonly virtualStages: number;
  readonly microbatches: number;
}

export const SMALL: Bounds = { stages: 6, virtualStages: 3, microbatches: 16 };

/** A legal shape of a schedule, up to some size. */
export function legalShape(schedule: Schedule, most: Bounds): fc.Arbitrary<PipelineShape> {
  const int = (min: number, max: number) => fc.integer({ min, max });
  const virtualStages =
    schedule.placement === 'loop' ? int(1, most.virtualStages) : fc.constant(schedule.placement === 'v' ? 2 : 1);
  return fc
    .record({
      stages: int(1, most.stages),
      virtualStages,
      microbatches: int(1, most.microbatches),
      microbatchGroupSize: int(1, most.microbatches),
      activeMicrobatches: int(1, most.microbatches),
    })
    .map((spec) => {
      // DualPipe wants even numbers and microbatches enough; move the sample there instead of throwing it away.
      const stages = schedule.placement === 'dual' ? Math.max(2, spec.stages & ~1) : spec.stages;
      const least = schedule.name.startsWith('dualpipe') ? 2 * stages : 1;
      const microbatches = Math.max(least, schedule.placement === 'dual' ? 2 * spec.microbatches : spec.microbatches);
      const group = Math.min(Math.max(spec.microbatchGroupSize, stages), microbatches);
      return pipelineShape({ ...spec, stages, microbatches, microbatchGroupSize: group });
    })
    .filter((shape) => schedule.illegal(shape) === undefined);
}

/** Whole-numbered costs, so that sums are exact: at least 1 a pass, transfers from 0. */
export function wholeCosts(
  schedule: Schedule,
  shape: PipelineShape,
  most = 6,
  slowest = 3,
): fc.Arbitrary<PipelineCosts> {
  const count = virtualStageCount(placementOf(schedule, shape), shape);
  const list = (min: number, max: number, length: number) =>
    fc
      .array(fc.integer({ min, max }), { minLength: length, maxLength: length })
      .map((values) => Float64Array.from(values));
  return fc.record({
    forward: list(1, most, count),
    backward: list(1, most, count),
    weight: list(1, most, count),
    communication: list(0, slowest, count - 1),
  });
}

export interface Instance {
  readonly schedule: Schedule;
  readonly shape: PipelineShape;
  readonly costs: PipelineCosts;
}

/** Any schedule, a legal shape of it, and whole-numbered costs. */
export function instance(most: Bounds = SMALL, among: readonly Schedule[] = schedules): fc.Arbitrary<Instance> {
  return fc
    .constantFrom(...among)
    .chain((schedule) =>
      legalShape(schedule, most).chain((shape) =>
        wholeCosts(schedule, shape).map((costs) => ({ schedule, shape, costs })),
      ),
    );
}

export const fixedSchedules = schedules.filter((schedule) => schedule.fixed);
