import { bidirectionalOrder } from '../orders/bidirectional.ts';
import { wrongVirtualStages } from '../orders/legality.ts';
import type { PipelineShape, Schedule } from '../schedule.ts';

function illegal(shape: PipelineShape): string | undefined {
  const { stages, microbatches } = shape;
  const chunks = wrongVirtualStages('dualpipe', shape, 1);
  if (chunks !== undefined) return chunks;
  if (stages % 2 !== 0) return `dualpipe takes an even number of stages, not ${stages}`;
  if (microbatches % 2 !== 0 || microbatches < 2 * stages)
    return `dualpipe shares its microbatches between two directions: it takes an even number of them, at least ${2 * stages} (twice the stages), not ${microbatches}`;
  return undefined;
}

/**
 * Two directions at once, every device holding the parameters of two stages; forward and backward of opposite
 * directions run as one fused task.
 * @source arXiv 2412.19437, section 3.2.1; github.com/deepseek-ai/DualPipe
 */
export const dualPipe: Schedule = {
  name: 'dualpipe',
  summary: 'microbatches from both ends, fused forward-backward pairs; two copies of the parameters',
  source: 'arXiv 2412.19437',
  placement: 'dual',
  splitsBackward: true,
  fixed: true,
  illegal,
  order: ({ stages, microbatches }) => {
    const half = stages / 2;
    return Array.from({ length: stages }, (_, device) =>
      bidirectionalOrder(half, Math.min(device, stages - 1 - device), microbatches / 2, device < half ? 0 : 1),
    );
  },
};
