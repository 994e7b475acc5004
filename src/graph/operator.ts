/** What an operator does; decides which law gives its time. `operator` is one of a model of any shape. */
export type OperatorKind =
  | 'embedding'
  | 'norm'
  | 'matmul'
  | 'rotary'
  | 'attention'
  | 'activation'
  | 'dropout'
  | 'residual'
  | 'merge'
  | 'loss'
  | 'collective'
  | 'operator';

/** A matrix product of [m, k] by [k, n]; m counts the tokens of one sequence on this rank. */
export interface Gemm {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** The attention core of one sequence on this rank. */
export interface AttentionShape {
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly headSize: number;
  readonly causal: boolean;
  /** Share of the scores that a kernel computes which skips what the mask hides, on the rank with most of them. */
  readonly visibleShare: number;
  readonly dropout: boolean;
  /** Of an operator's bytes, those that the two products of the scores themselves move, forward and backward. */
  readonly productBytes: number;
  readonly backwardProductBytes: number;
}

/**
 * Bytes a score that separate kernels move which a fused softmax does not: scaling, masking and conversion to fp32 and
 * back (counted pass by pass).
 */
export const unfusedBytesPerScore = { forward: 25, backward: 27 } as const;

export type CollectiveKind = 'all-reduce' | 'all-gather' | 'reduce-scatter';

/** What the ranks of a group exchange around an operator; bytes of the whole tensor, for one sequence. */
export interface CollectiveShape {
  readonly group: 'tensor' | 'context';
  readonly forward?: CollectiveKind;
  readonly backward?: CollectiveKind;
  /** How often the backward collective runs: once for each linear that reduces the gradient of its input by itself. */
  readonly backwardTimes?: number;
  /** Gathers the saved shard of the forward input again for the weight gradients (sequence parallelism). */
  readonly backwardGather: boolean;
  readonly bytes: number;
}

/** A tensor kept from the forward to the backward pass, bytes of one sequence on this rank. */
export interface SavedTensor {
  readonly name: string;
  readonly bytes: number;
  /** Belongs to the attention core, so that selective recomputation drops it. */
  readonly core: boolean;
}

/** One node of the compute graph: the share of one rank, for one sequence. Counts of FLOPs and bytes, no times. */
export interface Operator {
  readonly kind: OperatorKind;
  /** Path below the unit's own: `attention.query_key_value`. */
  readonly module: string;
  /** Parameters this rank holds. */
  readonly parameters: number;
  /** Parameters of the whole operator, each counted once however many ranks hold it. */
  readonly wholeParameters: number;
  /** Name shared by operators that use one and the same tensor (tied embeddings). */
  readonly tied?: string;
  readonly forwardFlops: number;
  readonly backwardFlops: number;
  /** Activation bytes that cross memory in the forward pass; a matmul's weights come on top, from its shape. */
  readonly readBytes: number;
  readonly writeBytes: number;
  /** The same for the backward pass. */
  readonly backwardBytes: number;
  /** Moved to add the gradient of its input to those of other operators that read the same tensor. */
  readonly mergedGradientBytes?: number;
  /** Plain kernels that run one after another where nothing fuses them; absent where one does it all. */
  readonly kernels?: { readonly forward: number; readonly backward: number };
  readonly outputBytes: number;
  readonly saved: readonly SavedTensor[];
  /** Alive inside its backward pass only, beyond the gradients of its inputs and its output. */
  readonly backwardWorkspaceBytes?: number;
  readonly gemm?: Gemm;
  readonly attention?: AttentionShape;
  readonly collective?: CollectiveShape;
}

/** An edge inside a unit: the tensor that one operator hands another. `from` −1 is the unit's input. */
export interface OperatorEdge {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

export const sum = <T>(items: readonly T[], value: (item: T) => number): number => {
  let total = 0;
  for (const item of items) total += value(item);
  return total;
};

/** Bytes that one sequence leaves saved behind an operator. */
export function savedBytes(operator: Operator): number {
  return sum(operator.saved, (tensor) => tensor.bytes);
}
