import { allForwardsFirst } from '../orders/allForwardsFirst.ts';
import { wrongVirtualStages } from '../orders/legality.ts';
import { ordersOnDevices } from '../orders/onDevices.ts';
import type { Schedule } from '../schedule.ts';

/**
 * SageMaker's `pipeline: "simple"`: all forwards finish on a device before any backward starts.
 * @source arXiv 2111.05972; Amazon SageMaker Developer Guide, "Pipeline execution schedule"
 */
export const smpSimple: Schedule = {
  name: 'smp-simple',
  summary: 'SageMaker "simple": all forwards, then all backwards',
  source: 'arXiv 2111.05972',
  placement: 'linear',
  splitsBackward: false,
  fixed: true,
  illegal: (shape) => wrongVirtualStages('smp-simple', shape, 1),
  order: allForwardsFirst,
  orderOn: (map, shape, costs) => ordersOnDevices(map, shape, costs, 'forwards-first'),
};
