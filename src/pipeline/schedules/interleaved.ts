import { interleavedOrders } from '../orders/interleaved.ts';
import type { PipelineShape, Schedule } from '../schedule.ts';

function illegal({ stages, virtualStages, microbatches, microbatchGroupSize: group }: PipelineShape) {
  if (virtualStages === 1) return undefined;
  if (stages < 2) return 'interleaved with more than one virtual stage a device takes at least 2 stages';
  if (microbatches < stages)
    return `interleaved takes at least as many microbatches as stages (${stages}), not ${microbatches}`;
  if (group < stages || group > microbatches)
    return `interleaved takes a microbatchGroupSize from ${stages} (stages) to ${microbatches} (microbatches), not ${group}`;
  const rest = microbatches % group;
  if (rest === 0 || rest >= stages) return undefined;
  return `interleaved leaves ${rest} of ${microbatches} microbatches for the last group of ${group}: make microbatches a multiple of microbatchGroupSize, or leave at least ${stages} (stages)`;
}

/**
 * Several chunks a device, depth first: groups of N microbatches pass through every chunk in turn.
 * @source arXiv 2104.04473, section 2.2.2; group size as in Megatron-LM's --microbatch-group-size-per-virtual-pipeline-stage
 */
export const interleaved: Schedule = {
  name: 'interleaved',
  summary: 'Megatron interleaved 1f1b: several chunks a device, depth first in groups of microbatches',
  source: 'arXiv 2104.04473',
  placement: 'loop',
  splitsBackward: false,
  fixed: true,
  illegal,
  order: (shape) => interleavedOrders(shape, shape.microbatchGroupSize),
};
