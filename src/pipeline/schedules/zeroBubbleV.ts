import { wrongVirtualStages } from '../orders/legality.ts';
import { OrderWriter } from '../orders/writer.ts';
import type { PipelineShape, Schedule } from '../schedule.ts';

/** Passes of one chunk of one device, each over the microbatches in turn; those beyond the last are left out. */
class Chunk {
  forwards = 0;
  inputs = 0;
  weights = 0;
  readonly #order: OrderWriter;
  readonly #chunk: number;
  readonly #microbatches: number;

  constructor(order: OrderWriter, chunk: number, microbatches: number) {
    this.#order = order;
    this.#chunk = chunk;
    this.#microbatches = microbatches;
  }

  forward(): void {
    const j = this.forwards++;
    if (j < this.#microbatches) this.#order.forward(j, this.#chunk);
  }

  input(): void {
    const j = this.inputs++;
    if (j < this.#microbatches) this.#order.backward(j, this.#chunk);
  }

  weight(): void {
    const j = this.weights++;
    if (j < this.#microbatches) this.#order.weight(j, this.#chunk);
  }
}

function repeat(times: number, step: () => void): void {
  for (let i = 0; i < times; i++) step();
}

function deviceOrder({ stages, microbatches }: PipelineShape, device: number): Int32Array {
  const order = new OrderWriter(6 * microbatches);
  const down = new Chunk(order, 0, microbatches);
  const up = new Chunk(order, 1, microbatches);
  // The pattern needs 2p − 1 microbatches; a shorter step is that of so many with the surplus left out.
  const count = Math.max(microbatches, 2 * stages - 1);
  repeat(2 * (stages - device) - 1, () => down.forward());
  repeat(device, () => {
    up.forward();
    down.forward();
  });
  repeat(stages - device, () => {
    up.forward();
    up.input();
    up.weight();
  });
  while (up.forwards < down.forwards || down.forwards < count) {
    if (down.forwards < count) down.forward();
    down.input();
    down.weight();
    up.forward();
    up.input();
    up.weight();
  }
  repeat(device, () => {
    down.input();
    up.input();
  });
  repeat(stages - device, () => {
    down.input();
    down.weight();
  });
  while (up.weights < up.inputs) up.weight();
  while (down.weights < down.inputs) down.weight();
  return order.finish();
}

/**
 * Zero bubble on a V: two chunks a device, the second on the way back, in the memory of 1F1B.
 * @source arXiv 2401.10241, section 6 (ZB-V); the fixed form of PyTorch's ScheduleZBVZeroBubble
 */
export const zeroBubbleV: Schedule = {
  name: 'zb-v',
  summary: 'zero bubble on a V of two chunks a device: no bubble at equal costs in the memory of 1f1b',
  source: 'arXiv 2401.10241',
  placement: 'v',
  splitsBackward: true,
  fixed: true,
  illegal: (shape) => wrongVirtualStages('zb-v', shape, 2),
  order: (shape) => Array.from({ length: shape.stages }, (_, device) => deviceOrder(shape, device)),
};
