import { linksOf } from '../../pipeline/links.ts';
import type { PipelineTimeline, TransferMode } from '../../pipeline/run.ts';

/** When the inputs of every task of a timeline arrived, told apart where a fused pair takes two. */
export interface Arrivals {
  readonly input: Float64Array;
  /** Of the backward part of fused pairs; empty where there are none. */
  readonly pairInput: Float64Array;
}

/**
 * Works out again what the engine keeps only the later one of: when each input arrived, in every mode of transfer.
 * @param communication transfer between virtual stages s and s + 1
 */
export function arrivalsOf(
  { plan, end }: PipelineTimeline,
  mode: TransferMode,
  communication: ArrayLike<number>,
): Arrivals {
  const { tasks, previous, costClass, input, inputTransfer, pairInput, pairInputTransfer } = plan;
  const seconds = (transfer: number) => (transfer === 0 ? 0 : communication[transfer - 1]!);
  const delivered = mode === 'link' ? deliveries({ plan, end }, seconds) : undefined;
  const links = mode === 'link' ? linksOf(plan) : undefined;
  const arrival = (task: number, from: number, transfer: number, slot: number | undefined): number => {
    if (from === tasks) return 0;
    if (delivered !== undefined && slot !== undefined) return delivered[slot]!;
    const leaves = mode === 'blocking' ? Math.max(end[previous[task]!]!, end[from]!) : end[from]!;
    return leaves + seconds(transfer);
  };
  const arrivals = { input: new Float64Array(tasks), pairInput: new Float64Array(pairInput.length) };
  for (let task = 0; task < tasks; task++) {
    const of = costClass[task]!;
    arrivals.input[task] = arrival(task, input[task]!, inputTransfer[of]!, links?.inputSlot[task]);
    if (pairInput.length === 0) continue;
    arrivals.pairInput[task] = arrival(task, pairInput[task]!, pairInputTransfer[of]!, links?.pairInputSlot[task]);
  }
  return arrivals;
}

/** When the outputs of every task come out of the serial links, by slot. */
function deliveries({ plan, end }: Pick<PipelineTimeline, 'plan' | 'end'>, seconds: (transfer: number) => number) {
  const { tasks, stages, costClass, outputTransfer, pairOutputTransfer } = plan;
  const { outputLink, outputSlot, pairOutputLink } = linksOf(plan);
  const free = new Float64Array(stages * stages);
  const delivered = new Float64Array(2 * tasks + 1);
  const leave = (link: number, done: number, transfer: number): number => {
    if (link < 0) return done;
    free[link] = Math.max(done, free[link]!) + seconds(transfer);
    return free[link]!;
  };
  for (let task = 0; task < tasks; task++) {
    const slot = outputSlot[task]!;
    delivered[slot] = leave(outputLink[task]!, end[task]!, outputTransfer[costClass[task]!]!);
    if (pairOutputLink.length === 0) continue;
    const other = 2 * task + 1 - (slot & 1);
    delivered[other] = leave(pairOutputLink[task]!, end[task]!, pairOutputTransfer[costClass[task]!]!);
  }
  return delivered;
}
