import type { DeviceOrders, PipelineShape } from '../schedule.ts';
import { OrderWriter } from './writer.ts';

/** All forwards, then all backwards, both in ascending order of microbatches; one chunk a device. */
export function allForwardsFirst(shape: PipelineShape): DeviceOrders {
  const order = new OrderWriter(2 * shape.microbatches);
  for (let j = 0; j < shape.microbatches; j++) order.forward(j);
  for (let j = 0; j < shape.microbatches; j++) order.backward(j);
  const tasks = order.finish();
  return Array.from({ length: shape.stages }, () => tasks);
}
