import { buildingBlockOrders } from '../orders/buildingBlock.ts';
import { wrongVirtualStages } from '../orders/legality.ts';
import type { Schedule } from '../schedule.ts';

/**
 * A V of two chunks a device whose forwards of the first chunk leave every other slot free: about half the memory of
 * 1F1B at half its bubble.
 * @source arXiv 2405.15362, section 3.3 (V-Half)
 */
export const vHalf: Schedule = {
  name: 'v-half',
  summary: 'V of two chunks a device: half the memory of 1f1b and half its bubble',
  source: 'arXiv 2405.15362',
  placement: 'v',
  splitsBackward: true,
  fixed: true,
  illegal: (shape) => wrongVirtualStages('v-half', shape, 2),
  order: (shape) => {
    const p = shape.stages;
    // Without it two passes of an even number of devices would meet in one slot.
    const gap = p % 2 === 0 ? 3 : 0;
    return buildingBlockOrders(shape, (device) => ({
      downForward: 2 * device,
      upForward: 3 * p - 2 - device,
      upInput: 3 * p + gap - 1 + 2 * device,
      downInput: 6 * p + gap - 2 - device,
    }));
  },
};
