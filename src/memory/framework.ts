import { type ParallelDegrees, parameterReplicas } from '../graph/degrees.ts';
import type { Stack } from '../stack/stack.ts';

/** What tensors take on a device. */
export interface TensorBytes {
  /** All through the step. */
  readonly steadyBytes: number;
  /**
   * What comes and goes at most, each kind at its own moment. The caching allocator keeps the blocks of the loss,
   * gigabytes each, and those of the layers apart, ready for the next microbatch.
   */
  readonly transientBytes: number;
}

/** How the allocator and the driver see what a process holds. */
export interface FrameworkMemory {
  readonly reservedBytes: number;
  readonly deviceBytes: number;
}

/**
 * Reserved bytes (the allocator's slack on what comes and goes on top of the tensors) and what the driver shows
 * (context, libraries and buffers of communicators on top of that).
 */
export function frameworkMemory(stack: Stack, tensors: TensorBytes, communicators: number): FrameworkMemory {
  const reservedBytes = Math.ceil(tensors.steadyBytes + tensors.transientBytes * (1 + stack.fragmentation));
  return { reservedBytes, deviceBytes: Math.ceil(reservedBytes + outsideBytes(stack, communicators)) };
}

/** Bytes of a device that no allocator of tensors sees. */
export function outsideBytes(stack: Stack, communicators: number): number {
  return stack.contextBytes + communicators * stack.communicatorBytes;
}

/**
 * Groups in which a rank exchanges anything, each a communicator with buffers of its own: tensor, pipeline, context and
 * data parallel, tensor and pipeline together (the gradient norm), and both ends of a pipeline with tied embeddings.
 * @source Megatron-LM core/parallel_state.py
 */
export function communicatorCount(degrees: ParallelDegrees, tiedEmbeddings: boolean): number {
  const { tensor, pipeline, context } = degrees;
  const groups = [
    tensor > 1,
    pipeline > 1,
    context > 1,
    parameterReplicas(degrees) > 1,
    tensor > 1 && pipeline > 1,
    tiedEmbeddings && pipeline > 1,
  ];
  return groups.filter((used) => used).length;
}
