import type { DeviceOrders, PipelineShape } from '../schedule.ts';
import { OrderWriter } from './writer.ts';

/**
 * One-forward-one-backward orders for one chunk a device: forwards until one short of the device's cap, then a forward
 * and a backward in turn, then the backwards that are left.
 * @param cap the most microbatches a device holds in flight, by device
 */
export function oneForwardOneBackward(shape: PipelineShape, cap: (device: number) => number): DeviceOrders {
  const { stages, microbatches } = shape;
  return Array.from({ length: stages }, (_, device) => {
    const order = new OrderWriter(2 * microbatches);
    const warmUp = Math.min(cap(device) - 1, microbatches);
    for (let j = 0; j < warmUp; j++) order.forward(j);
    for (let j = 0; j < microbatches - warmUp; j++) {
      order.forward(warmUp + j);
      order.backward(j);
    }
    for (let j = microbatches - warmUp; j < microbatches; j++) order.backward(j);
    return order.finish();
  });
}
