import { bidirectionalOrder } from '../orders/bidirectional.ts';
import { wrongVirtualStages } from '../orders/legality.ts';
import type { PipelineShape, Schedule } from '../schedule.ts';

function illegal(shape: PipelineShape): string | undefined {
  const chunks = wrongVirtualStages('dualpipe-v', shape, 2);
  if (chunks !== undefined) return chunks;
  const least = 2 * shape.stages;
  return shape.microbatches < least
    ? `dualpipe-v takes at least ${least} microbatches (twice the stages), not ${shape.microbatches}`
    : undefined;
}

/**
 * DualPipe cut in half: the opposite direction becomes a second chunk on the way back, so that one copy of the
 * parameters is enough.
 * @source github.com/deepseek-ai/DualPipe (DualPipeV)
 */
export const dualPipeV: Schedule = {
  name: 'dualpipe-v',
  summary: 'dualpipe cut in half: a V of two chunks a device, fused forward-backward pairs, one copy of the parameters',
  source: 'github.com/deepseek-ai/DualPipe',
  placement: 'v',
  splitsBackward: true,
  fixed: true,
  illegal,
  order: ({ stages, microbatches }) =>
    Array.from({ length: stages }, (_, device) => bidirectionalOrder(stages, device, microbatches, 0)),
};
