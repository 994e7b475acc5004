import type { ModelSpec } from '../../graph/model.ts';
import { mostPasses } from '../../job/checks/schedule.ts';
import { mostVirtualStages } from '../../job/schema/parallelism.ts';
import { placementOf, type Schedule } from '../../pipeline/schedule.ts';
import { schedules } from '../../pipeline/schedules/index.ts';
import type { Search } from '../request/search.ts';
import type { StackSpace } from '../request/stackSpace.ts';
import { type Asked, allowed, unitsToCut } from './asked.ts';
import type { Family, PipelineChoice } from './candidate.ts';

/**
 * Schedules, chunks a device and partitioners with which a family can run. A model given as a graph has one chunk a
 * device unless the search lists others: no stack deals out the operators of any graph in more.
 */
export function pipelines({ cell, search, stackSpace }: Asked, family: Family): readonly PipelineChoice[] {
  const { model } = cell.base;
  const names = search.schedule ?? stackSpace.schedules;
  const chunks = search.virtualStages ?? (model.graph === undefined ? undefined : [1]);
  const allowedChunks = (virtualStages: number) => chunks === undefined || chunks.includes(virtualStages);
  const found: PipelineChoice[] = [];
  for (const name of names) {
    const schedule = schedules.find((one) => one.name === name);
    if (schedule === undefined) continue;
    for (let virtualStages = 1; virtualStages <= mostVirtualStages; virtualStages++) {
      if (!allowedChunks(virtualStages)) continue;
      const parts = schedule.placement === 'dual' ? family.pipeline : family.pipeline * virtualStages;
      if (parts > unitsToCut(model)) break;
      if (!runs(schedule, family, virtualStages)) continue;
      for (const partitioner of partitionersOf(search, stackSpace, virtualStages, model, parts)) {
        if (partitioner === 'uniform' && parts > model.layers) continue;
        found.push({ schedule: name, virtualStages, partitioner });
      }
    }
  }
  return found;
}

/**
 * With `any`: cuts that are proved best where each device has one chunk, and equal ones where it has more; equal ones
 * throughout where the stack knows no others. A graph has no layers to count.
 */
function partitionersOf(
  search: Search,
  { unequalStages }: StackSpace,
  virtualStages: number,
  { graph, layers }: ModelSpec,
  parts: number,
): readonly ('exact' | 'uniform')[] {
  if (graph !== undefined) return allowed(search.partitioner as readonly 'exact'[] | undefined, ['exact']);
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
