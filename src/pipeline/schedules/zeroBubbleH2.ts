import { wrongVirtualStages } from '../orders/legality.ts';
import { zeroBubble } from '../orders/zeroBubble.ts';
import type { Schedule } from '../schedule.ts';

/**
 * Splits the backward pass and warms up twice as long as ZB-H1: no bubble at equal costs, in twice the memory.
 * @source arXiv 2401.10241, section 2.3 (ZB-H2)
 */
export const zeroBubbleH2: Schedule = {
  name: 'zb-h2',
  summary: 'zero bubble in twice the memory of 1f1b: no bubble at equal costs',
  source: 'arXiv 2401.10241',
  placement: 'linear',
  splitsBackward: true,
  fixed: true,
  illegal: (shape) => wrongVirtualStages('zb-h2', shape, 1),
  order: (shape) =>
    zeroBubble(
      shape,
      (device) => 2 * (shape.stages - device) - 1,
      (device) => 2 * device,
    ),
};
