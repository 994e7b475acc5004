import { OrderWriter } from '../orders/writer.ts';
import type { PipelineShape, Schedule } from '../schedule.ts';

function order({ stages, virtualStages, microbatches }: PipelineShape) {
  const writer = new OrderWriter(2 * virtualStages * microbatches);
  for (let chunk = 0; chunk < virtualStages; chunk++) {
    for (let j = 0; j < microbatches; j++) writer.forward(j, chunk);
  }
  for (let chunk = virtualStages - 1; chunk >= 0; chunk--) {
    for (let j = microbatches - 1; j >= 0; j--) writer.backward(j, chunk);
  }
  const tasks = writer.finish();
  return Array.from({ length: stages }, () => tasks);
}

/**
 * Several chunks a device, breadth first: each chunk runs all microbatches in one block, so that its weights are
 * gathered once a pass.
 * @source arXiv 2211.05953, section 4; backward in descending order as in PyTorch's ScheduleLoopedBFS
 */
export const breadthFirst: Schedule = {
  name: 'breadth-first',
  summary: 'looped gpipe: each chunk runs all microbatches in one block; holds every microbatch',
  source: 'arXiv 2211.05953',
  placement: 'loop',
  splitsBackward: false,
  fixed: true,
  illegal: () => undefined,
  order,
};
