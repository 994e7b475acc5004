import { mostPasses } from '../../job/checks/schedule.ts';
import { mostVirtualStages } from '../../job/schema/parallelism.ts';
import { placementOf, type Schedule } from '../../pipeline/schedule.ts';
import { schedules } from '../../pipeline/schedules/index.ts';
import type { Search } from '../request/search.ts';
import type { StackSpace } from '../request/stackSpace.ts';
import { type Asked, unitsBesideLayers } from './asked.ts';
import type { Family, PipelineChoice } from './candidate.ts';

/** Schedules, chunks a device and partitioners with which a family can run. */
export function pipelines({ cell, search, stackSpace }: Asked, family: Family): readonly PipelineChoice[] {
  const { layers } = cell.base.model;
  const names = search.schedule ?? stackSpace.schedules;
  const found: PipelineChoice[] = [];
  for (const name of names) {
    const schedule = schedules.find((one) => one.name === name);
    if (schedule === undefined) continue;
    for (let virtualStages = 1; virtualStages <= mostVirtualStages; virtualStages++) {
      if (search.virtualStages !== undefined && !search.virtualStages.includes(virtualStages)) continue;
      const parts = schedule.placement === 'dual' ? family.pipeline : family.pipeline * virtualStages;
      if (parts > layers + unitsBesideLayers) break;
      if (!runs(schedule, family, virtualStages)) continue;
      for (const partitioner of partitionersOf(search, stackSpace, virtualStages, layers, parts)) {
        if (partitioner === 'uniform' && parts > layers) continue;
        found.push({ schedule: name, virtualStages, partitioner });
      }
    }
  }
  return found;
}

/**
 * With `any`: cuts that are proved best where each device has one chunk, and equal ones where it has more; equal ones
 * throughout where the stack knows no others.
 */
function partitionersOf(
  search: Search,
  { unequalStages }: StackSpace,
  virtualStages: number,
  layers: number,
  parts: number,
): readonly ('exact' | 'uniform')[] {
  if (search.partitioner !== undefined) return search.partitioner as readonly ('exact' | 'uniform')[];
  if (unequalStages) return virtualStages === 1 ? ['exact'] : ['uniform'];
  return layers % parts === 0 ? ['uniform'] : [];
}

/** Whether a schedule runs this shape, as the door of jobs has it. */
function runs(schedule: Schedule, { pipeline, microbatches }: Family, virtualStages: number): boolean {
  const shape = {
    stages: pipeline,
    virtualStages,
    microbatches,
    microbatchGroupSize: pipeline,
    activeMicrobatches: pipeline + 2,
  };
  if (schedule.placement === 'loop' && virtualStages === 1) return false;
  if (pipeline * virtualStages * microbatches > mostPasses) return false;
  if (schedule.placement === 'linear' && virtualStages > 1 && placementOf(schedule, shape) === 'linear') return false;
  return schedule.illegal(shape) === undefined;
}
