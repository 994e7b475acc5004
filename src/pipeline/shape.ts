import type { PipelineShape } from './schedule.ts';

/** Microbatches in flight that SageMaker's library allows beyond the pipeline degree when the user says nothing. */
const ACTIVE_MICROBATCHES_BEYOND_STAGES = 2;

/** The parts of a shape that have defaults may be left out. */
export interface PipelineShapeSpec {
  readonly stages: number;
  readonly microbatches: number;
  readonly virtualStages?: number | undefined;
  readonly microbatchGroupSize?: number | undefined;
  readonly activeMicrobatches?: number | undefined;
  readonly memoryLimit?: number | undefined;
}

/** A whole shape from its parts: one virtual stage a device, groups of `stages`, stages + 2 active microbatches. */
export function pipelineShape(spec: PipelineShapeSpec): PipelineShape {
  const shape = {
    stages: spec.stages,
    virtualStages: spec.virtualStages ?? 1,
    microbatches: spec.microbatches,
    microbatchGroupSize: spec.microbatchGroupSize ?? spec.stages,
    activeMicrobatches: spec.activeMicrobatches ?? spec.stages + ACTIVE_MICROBATCHES_BEYOND_STAGES,
  };
  return spec.memoryLimit === undefined ? shape : { ...shape, memoryLimit: spec.memoryLimit };
}
