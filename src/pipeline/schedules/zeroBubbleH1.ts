import { wrongVirtualStages } from '../orders/legality.ts';
import { zeroBubble } from '../orders/zeroBubble.ts';
import type { Schedule } from '../schedule.ts';

/**
 * Splits the backward pass and fills the bubble with weight passes, in the memory of 1F1B.
 * @source arXiv 2401.10241, section 2.2 (ZB-H1)
 */
export const zeroBubbleH1: Schedule = {
  name: 'zb-h1',
  summary: 'zero bubble in the memory of 1f1b: a third of its bubble',
  source: 'arXiv 2401.10241',
  placement: 'linear',
  splitsBackward: true,
  fixed: true,
  illegal: (shape) => wrongVirtualStages('zb-h1', shape, 1),
  order: (shape) =>
    zeroBubble(
      shape,
      (device) => shape.stages - device,
      (device) => device,
    ),
};
