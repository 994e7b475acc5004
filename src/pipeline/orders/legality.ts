import type { PipelineShape } from '../schedule.ts';

/** What is wrong with the number of virtual stages, where a schedule takes exactly `takes`. */
export function wrongVirtualStages(name: string, shape: PipelineShape, takes: number): string | undefined {
  if (shape.virtualStages === takes) return undefined;
  const others =
    takes === 1 ? '; interleaved and breadth-first take more, zb-v, v-half, v-min and dualpipe-v take 2' : '';
  return `${name} takes virtualStages ${takes}, not ${shape.virtualStages}${others}`;
}
