import type { Stack } from '../stack/stack.ts';

/**
 * Launches before the next long product when the host has waited for the device, over the 25 or so of a layer's forward
 * pass: a batch is copied, joined, broadcast, cut into tokens and labels, and given a mask and positions; then come a
 * norm and the product. What precedes the products behind a transfer is taken to be as much.
 * @source D: counted in Megatron-LM, core/tensor_parallel/data.py, pretrain_gpt.py and training/utils.py of 2023
 */
const launchesAfterWait = 12 / 25;

/** How long a device stands still when its host has waited for it: only then is what follows launched. */
export function hostWaitSeconds({ cudaGraphs, hostSecondsPerLayer }: Stack): number {
  return cudaGraphs ? 0 : launchesAfterWait * hostSecondsPerLayer.forward;
}
