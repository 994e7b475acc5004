import { buildingBlockOrders } from '../orders/buildingBlock.ts';
import { wrongVirtualStages } from '../orders/legality.ts';
import type { Schedule } from '../schedule.ts';

/**
 * A V of two chunks a device whose microbatches turn round without waiting: about a third of the memory of 1F1B.
 * @source arXiv 2405.15362, section 3.3 (V-Min)
 */
export const vMin: Schedule = {
  name: 'v-min',
  summary: 'V of two chunks a device: a third of the memory of 1f1b; slow where passes cost unequal times',
  source: 'arXiv 2405.15362',
  placement: 'v',
  splitsBackward: true,
  fixed: true,
  illegal: (shape) => wrongVirtualStages('v-min', shape, 2),
  order: (shape) => {
    const p = shape.stages;
    // Without it two passes of three, six, … devices would meet in one slot.
    const gap = p % 3 === 0 ? 2 : 0;
    return buildingBlockOrders(shape, (device) => ({
      downForward: device,
      upForward: 2 * p - 1 - device,
      upInput: 2 * p + gap + device,
      downInput: 4 * p + gap - 1 - device,
    }));
  },
};
