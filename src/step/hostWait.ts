import type { Stack } from '../stack/stack.ts';

/**
 * Launches before the next long product when the host has waited for the device, over the 25 or so of a layer's forward
 * pass. Behind the sizes of a batch: it is copied, joined, broadcast (which takes as long as three), cut into tokens and
 * labels, and given a mask, weights and positions; then come a state of random numbers, a norm and the product. Behind a
 * transfer: the next batch is fetched and its sizes are copied, broadcast and copied back, or a backward pass begins.
 * @source D: counted in Megatron-LM, core/tensor_parallel/data.py, pretrain_gpt.py and training/utils.py of 2023; a count
 * may be off by a third, and within that zero-bubble runs chose (arXiv 2401.10241)
 */
const launchesAfter = { batch: 16 / 25, transfer: 9 / 25 };

/** How long a device stands still before each forward pass of a stage. */
export function batchWaitSeconds(stack: Stack): number {
  return stack.hostWaitsForBatches ? standstillSeconds(stack, launchesAfter.batch) : 0;
}

/** The same after each transfer between stages, interleaved or not. */
export function transferWaitSeconds(stack: Stack, isInterleaved: boolean): number {
  const waits = { all: true, plain: !isInterleaved, none: false }[stack.hostWaitsForTransfers];
  return waits ? standstillSeconds(stack, launchesAfter.transfer) : 0;
}

/** When its host has waited for it, a device has nothing to do until so many launches of a layer are made; a graph is one. */
function standstillSeconds({ cudaGraphs, hostSecondsPerLayer }: Stack, launches: number): number {
  return cudaGraphs ? 0 : launches * hostSecondsPerLayer.forward;
}
