import { allForwardsFirst } from '../orders/allForwardsFirst.ts';
import { wrongVirtualStages } from '../orders/legality.ts';
import type { Schedule } from '../schedule.ts';

/**
 * All forwards, then all backwards; every device holds all microbatches.
 * @source arXiv 1811.06965, section 2.3; backward in ascending order as in PyTorch's ScheduleGPipe
 */
export const gpipe: Schedule = {
  name: 'gpipe',
  summary: 'all forwards, then all backwards; holds every microbatch',
  source: 'arXiv 1811.06965',
  placement: 'linear',
  splitsBackward: false,
  fixed: true,
  illegal: (shape) => wrongVirtualStages('gpipe', shape, 1),
  order: allForwardsFirst,
};
