import type { Stack } from './stack.ts';

/**
 * Hidden sizes that the kernel which holds a row in registers was compiled for.
 * @source NVIDIA/apex contrib/layer_norm, as listed in microsoft/Megatron-DeepSpeed 34c9b34
 * megatron/model/fused_layer_norm.py
 */
const sizes = new Set([
  1_024, 1_536, 2_048, 2_304, 3_072, 3_840, 4_096, 5_120, 6_144, 8_192, 10_240, 12_288, 12_800, 15_360, 16_384, 18_432,
  20_480, 24_576, 25_600, 30_720, 32_768, 40_960, 49_152, 65_536,
]);

/** Whether norms of this size run as fast as memory and go over gradients once. */
export function normIsPersistent({ fusedNorm, persistentNorm }: Stack, hiddenSize: number): boolean {
  return fusedNorm && persistentNorm && sizes.has(hiddenSize);
}
