import { OrderWriter } from './writer.ts';

/**
 * One device's order under DualPipe or DualPipeV. Two flows of microbatches pass through it: phase 0 reaches it on the
 * way in and phase 1 on the way out. In the middle a forward of one flow and a backward of the other are one fused task.
 * @param depth devices from the outermost to the middle one
 * @param rank place of the device on that way, 0 the outermost
 * @param microbatches of each flow
 * @param phaseZero chunk (or direction) that phase 0 is on this device
 * @source arXiv 2412.19437, section 3.2.1; github.com/deepseek-ai/DualPipe
 */
export function bidirectionalOrder(depth: number, rank: number, microbatches: number, phaseZero: number): Int32Array {
  const order = new OrderWriter(6 * microbatches);
  const chunk = [phaseZero, 1 - phaseZero];
  const forwards = [0, 0];
  const backwards = [0, 0];
  const owed: { readonly phase: number; readonly microbatch: number }[] = [];
  let paid = 0;

  const forward = (phase: number) => order.forward(forwards[phase]++, chunk[phase]);
  const backward = (phase: number) => order.backward(backwards[phase]++, chunk[phase]);
  const input = (phase: number) => {
    owed.push({ phase, microbatch: backwards[phase] });
    backward(phase);
  };
  const weight = () => {
    const { phase, microbatch } = owed[paid++];
    order.weight(microbatch, chunk[phase]);
  };
  const fused = (phase: number) =>
    order.fused(forwards[phase]++, chunk[phase], backwards[1 - phase]++, chunk[1 - phase]);
  const repeat = (times: number, step: (i: number) => void) => {
    for (let i = 0; i < times; i++) step(i);
  };

  const outer = depth - 1 - rank;
  repeat(2 * outer, () => forward(0));
  repeat(rank + 1, () => {
    forward(0);
    forward(1);
  });
  repeat(outer, () => {
    input(1);
    weight();
    forward(1);
  });
  repeat(microbatches - 2 * depth + rank + 1, (i) => {
    if (i === 0 && outer === 0) {
      // In the middle the first backward waits for a forward that has only just been sent on.
      forward(0);
      backward(1);
    } else fused(0);
    fused(1);
  });
  repeat(outer, () => {
    backward(1);
    fused(1);
  });
  // The second half of the drain splits its backwards, so that weight passes are left to fill the end.
  repeat(rank + 1, (i) => {
    const drained = 2 * i;
    if (drained > rank) input(1);
    else backward(1);
    if (drained + 1 > rank) input(0);
    else backward(0);
  });
  repeat(outer, () => {
    weight();
    input(0);
  });
  repeat(rank + 1, weight);
  return order.finish();
}
