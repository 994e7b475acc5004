import type { PipelineShape } from '../../pipeline/schedule.ts';
import type { Check, DraftedParallelism } from '../draft.ts';
import type { FaultList } from '../faults.ts';
import { shown } from '../words.ts';

/** Passes of microbatches through virtual stages that a step may have: more would take minutes to forecast. */
export const mostPasses = 5_000_000;

/** The schedule can run this many stages, chunks and microbatches, and is given only what it uses. */
export const schedule: Check = ({ input, parallelism }, faults) => {
  refuseUnused(parallelism, input.parallelism ?? {}, faults);
  const shape = shapeOf(parallelism);
  if (shape === undefined || parallelism.schedule === undefined) return;
  if (faults.names('parallelism.virtualStages') || faults.names('parallelism.pipeline')) return;
  if (parallelism.schedule.placement === 'loop' && shape.virtualStages === 1) {
    const { name } = parallelism.schedule;
    const one = name === 'breadth-first' ? 'gpipe' : '1f1b';
    faults.add(
      'parallelism.virtualStages',
      `${name} takes 2 virtual stages a device or more, not 1; for 1 there is ${one}`,
    );
    return;
  }
  const passes = shape.stages * shape.virtualStages * shape.microbatches;
  if (passes > mostPasses) {
    const message = `makes ${shown(passes)} passes of a microbatch through a virtual stage in one step`;
    faults.add(
      'training.globalBatchSize',
      `${message} (${shown(shape.microbatches)} microbatches); at most ${shown(mostPasses)} are forecast`,
    );
    return;
  }
  const illegal = parallelism.schedule.illegal(shape);
  if (illegal !== undefined) faults.add('parallelism.schedule', illegal);
};

function shapeOf(parallelism: DraftedParallelism): PipelineShape | undefined {
  const { pipeline, virtualStages, microbatches, microbatchGroupSize, activeMicrobatches } = parallelism;
  if (pipeline === undefined || virtualStages === undefined || microbatches === undefined) return undefined;
  if (microbatchGroupSize === undefined || activeMicrobatches === undefined) return undefined;
  return { stages: pipeline, virtualStages, microbatches, microbatchGroupSize, activeMicrobatches };
}

/** Fields that one schedule alone uses; written for another they must at least say what is so anyway. */
const usedBy = [
  { field: 'microbatchGroupSize', schedule: 'interleaved', beyondPipeline: 0 },
  { field: 'activeMicrobatches', schedule: 'smp-interleaved', beyondPipeline: 2 },
] as const;

function refuseUnused(
  { schedule: chosen, pipeline }: DraftedParallelism,
  written: { readonly microbatchGroupSize?: number | undefined; readonly activeMicrobatches?: number | undefined },
  faults: FaultList,
): void {
  if (chosen === undefined || pipeline === undefined) return;
  for (const { field, schedule: user, beyondPipeline } of usedBy) {
    const value = written[field];
    if (value === undefined || chosen.name === user || value === pipeline + beyondPipeline) continue;
    const message = `${shown(value)} has no effect with schedule ${chosen.name}: it is for ${user}; leave it out`;
    faults.add(`parallelism.${field}`, message);
  }
}
