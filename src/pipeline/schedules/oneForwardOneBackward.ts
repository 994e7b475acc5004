import { wrongVirtualStages } from '../orders/legality.ts';
import { oneForwardOneBackward as orders } from '../orders/oneForwardOneBackward.ts';
import type { Schedule } from '../schedule.ts';

/**
 * One forward, one backward in turn; device i holds at most p − i microbatches.
 * @source arXiv 2104.04473, section 2.2.1; arXiv 2007.01045
 */
export const oneForwardOneBackward: Schedule = {
  name: '1f1b',
  summary: 'one forward, one backward; device i holds p - i microbatches',
  source: 'arXiv 2104.04473',
  placement: 'linear',
  splitsBackward: false,
  fixed: true,
  illegal: (shape) => wrongVirtualStages('1f1b', shape, 1),
  order: (shape) => orders(shape, (device) => shape.stages - device),
};
