import type { Stack } from '../stack/stack.ts';
import type { UnitRecompute } from './recompute.ts';

/** What lies in the memory of the host instead of the device's: fractions from 0 to 1. */
export interface Offload {
  /** Of the saved tensors of transformer layers. */
  readonly activations: number;
  /** Of master weights and moments, which the host's processors then step. */
  readonly optimizer: number;
  /** Of sharded parameters. */
  readonly parameters: number;
  /** How far ahead saved tensors are brought back: layers, or tasks of the pipeline where the stack counts in those. */
  readonly horizon: number;
}

/**
 * Least bytes of a tensor that is worth a copy: 1,048,576 elements of two bytes.
 * @source Megatron-LM core/pipeline_parallel/fine_grained_activation_offload.py
 */
const leastBytes = 2 * 2 ** 20;

/** Bytes of a unit's kept tensors, of these sizes, that a stack can copy to the host. */
export function offloadableBytes(stack: Stack, recompute: UnitRecompute, kept: readonly number[]): number {
  switch (stack.offloads.activations) {
    case 'none':
      return 0;
    case 'checkpoints':
      return recompute === 'full' ? kept.reduce((sum, bytes) => sum + bytes, 0) : 0;
    case 'tensors':
      return kept.reduce((sum, bytes) => (bytes >= leastBytes ? sum + bytes : sum), 0);
  }
}
