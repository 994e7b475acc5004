import { backwardFirst } from '../orders/backwardFirst.ts';
import { wrongVirtualStages } from '../orders/legality.ts';
import { ordersOnDevices } from '../orders/onDevices.ts';
import type { Schedule } from '../schedule.ts';

/**
 * SageMaker's default, `pipeline: "interleaved"`: no chunks; each device prefers a ready backward to a ready forward,
 * as it goes, with at most `activeMicrobatches` microbatches in flight.
 * @source arXiv 2111.05972; Amazon SageMaker Developer Guide, "Pipeline execution schedule"
 */
export const smpInterleaved: Schedule = {
  name: 'smp-interleaved',
  summary: 'SageMaker "interleaved": whatever is ready, backward first, within a cap on active microbatches',
  source: 'arXiv 2111.05972',
  placement: 'linear',
  splitsBackward: false,
  fixed: false,
  illegal: (shape) =>
    wrongVirtualStages('smp-interleaved', shape, 1) ??
    (shape.activeMicrobatches >= 1
      ? undefined
      : `smp-interleaved takes activeMicrobatches of at least 1, not ${shape.activeMicrobatches}`),
  order: backwardFirst,
  orderOn: (map, shape, costs) => ordersOnDevices(map, shape, costs, 'backward-first'),
};
