import type { DeviceOrders, PipelineShape } from '../schedule.ts';
import { OrderWriter } from './writer.ts';

/**
 * Visits (microbatch, chunk) in depth-first order: groups of `groupSize` microbatches, every chunk in turn within a
 * group. The last group may be shorter.
 */
function depthFirstTable(microbatches: number, chunks: number, groupSize: number): Int32Array {
  const table = new Int32Array(2 * microbatches * chunks);
  let at = 0;
  for (let first = 0; first < microbatches; first += groupSize) {
    const last = Math.min(first + groupSize, microbatches);
    for (let chunk = 0; chunk < chunks; chunk++) {
      for (let j = first; j < last; j++) {
        table[at++] = j;
        table[at++] = chunk;
      }
    }
  }
  return table;
}

/**
 * Depth-first interleaved orders. The backward list is the forward list with the chunks mirrored; device i runs
 * 2(p−1−i) + (v−1)N forwards first.
 * @source arXiv 2104.04473, section 2.2; Megatron-LM core/pipeline_parallel/schedules.py
 */
export function interleavedOrders(shape: PipelineShape, groupSize: number): DeviceOrders {
  const { stages, virtualStages, microbatches } = shape;
  const table = depthFirstTable(microbatches, virtualStages, groupSize);
  const total = microbatches * virtualStages;
  return Array.from({ length: stages }, (_, device) => {
    const order = new OrderWriter(2 * total);
    const warmUp = Math.min(total, 2 * (stages - 1 - device) + (virtualStages - 1) * groupSize);
    const forward = (n: number) => order.forward(table[2 * n], table[2 * n + 1]);
    const backward = (n: number) => order.backward(table[2 * n], virtualStages - 1 - table[2 * n + 1]);
    for (let n = 0; n < warmUp; n++) forward(n);
    for (let n = 0; n < total - warmUp; n++) {
      forward(warmUp + n);
      backward(n);
    }
    for (let n = total - warmUp; n < total; n++) backward(n);
    return order.finish();
  });
}
