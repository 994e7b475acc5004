import { wrongVirtualStages } from '../orders/legality.ts';
import { oneForwardOneBackward as orders } from '../orders/oneForwardOneBackward.ts';
import type { Schedule } from '../schedule.ts';

/**
 * 1F1B with twice the warm-up: device i holds up to 2(p − i) − 1 microbatches, which hides the latency of transfers.
 * @source arXiv 2211.05322, section 3.1
 */
export const oneForwardOneBackwardEager: Schedule = {
  name: '1f1b-eager',
  summary: '1f1b with a longer warm-up that hides transfers; device i holds 2(p - i) - 1 microbatches',
  source: 'arXiv 2211.05322',
  placement: 'linear',
  splitsBackward: false,
  fixed: true,
  illegal: (shape) => wrongVirtualStages('1f1b-eager', shape, 1),
  order: (shape) => orders(shape, (device) => 2 * (shape.stages - device) - 1),
};
