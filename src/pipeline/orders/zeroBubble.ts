import type { DeviceOrders, PipelineShape } from '../schedule.ts';
import { OrderWriter } from './writer.ts';

/**
 * Zero-bubble orders for one chunk a device. The weight pass of microbatch j comes after the input pass of microbatch
 * j + delay, so that with delays proportional to the device every device owes the same number of weight passes.
 * @param cap the most microbatches a device holds from forward to input pass, by device
 * @param delay by how many input passes a weight pass lags, by device
 * @source arXiv 2401.10241, section 2
 */
export function zeroBubble(
  shape: PipelineShape,
  cap: (device: number) => number,
  delay: (device: number) => number,
): DeviceOrders {
  const { stages, microbatches } = shape;
  return Array.from({ length: stages }, (_, device) => {
    const order = new OrderWriter(3 * microbatches);
    const lag = delay(device);
    let forwards = 0;
    let weights = 0;
    while (forwards < Math.min(microbatches, cap(device) - 1)) order.forward(forwards++);
    for (let inputs = 0; inputs < microbatches; inputs++) {
      if (forwards < microbatches) order.forward(forwards++);
      order.backward(inputs);
      if (inputs >= lag) order.weight(weights++);
    }
    while (weights < microbatches) order.weight(weights++);
    return order.finish();
  });
}
