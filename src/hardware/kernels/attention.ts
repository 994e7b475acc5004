import { type Operator, unfusedBytesPerScore } from '../../graph/operator.ts';
import { isFlash } from '../../stack/stack.ts';
import type { Accelerator } from '../accelerator.ts';
import { cappedClock, efficiencyOf } from '../efficiency.ts';
import type { KernelChoice } from './choice.ts';
import { flashRate } from './flashCurves.ts';
import { peakFlopsPerSecond } from './matmul.ts';
import { memoryBoundSeconds } from './memoryBound.ts';

/** Forward kernels of a flash attention cost 1 part of 3.5 in FLOPs: the backward pass computes the scores again. */
const flashFlopsOverForward = 3.5;
/** Tokens a thread block of a flash kernel works on. */
const flashBlockTokens = 128;
/** Head size at which the products of attention reach half of their rate. */
const halfFilledHead = 64;
/** Attention products of a head size that is no multiple of 8 leave the tensor cores (bloom-176B layout runs: 7 to 9 times slower). */
const misalignedHeadPenalty = 8;

/** Time of the attention core of `sequences` sequences, forward and backward. */
export function attentionSeconds(
  accelerator: Accelerator,
  choice: KernelChoice,
  operator: Operator,
  sequences: number,
): { readonly forward: number; readonly backward: number } {
  const shape = operator.attention!;
  const efficiency = efficiencyOf(accelerator);
  if (isFlash(choice.attention)) {
    const rate = flashRate(accelerator, choice.attention, shape.headSize, shape.keys, shape.causal);
    const flops = operator.forwardFlops * sequences * flashFlopsOverForward * shape.visibleShare;
    const blocks = shape.heads * Math.ceil(shape.queries / flashBlockTokens) * sequences;
    const seconds = (flops / (rate.flopsPerSecond * cappedClock(accelerator))) * blockStretch(accelerator, blocks);
    return {
      forward: efficiency.kernelSeconds + seconds * rate.forwardShare,
      backward: efficiency.kernelSeconds + seconds * (1 - rate.forwardShare),
    };
  }
  // Products of the scores, and passes over them between the products.
  const penalty = shape.headSize % 8 === 0 ? 1 : misalignedHeadPenalty;
  const rate =
    (peakFlopsPerSecond(accelerator, choice.precision) *
      efficiency.batchedMatmul *
      headFill(shape.headSize) *
      cappedClock(accelerator)) /
    penalty;
  const bandwidth = accelerator.memoryBytesPerSecond * efficiency.matmulMemory;
  const part = (flops: number, products: number, bytes: number) =>
    Math.hypot((flops * sequences) / rate, (products * sequences) / bandwidth) +
    memoryBoundSeconds(accelerator, (bytes - products) * sequences);
  const scores = fallsBack(accelerator, choice, operator, sequences) ? shape.heads * shape.queries * shape.keys : 0;
  const { forward, backward } = unfusedBytesPerScore;
  return {
    forward: part(
      operator.forwardFlops,
      shape.productBytes,
      operator.readBytes + operator.writeBytes + forward * scores,
    ),
    backward: part(operator.backwardFlops, shape.backwardProductBytes, operator.backwardBytes + backward * scores),
  };
}

/** Matrices of scores that a block of the fused softmax works on; a batch that is no multiple takes separate kernels. */
const fusedSoftmaxBatch = 4;

/**
 * Whether Megatron's fused softmax passes a batch of heads on to separate kernels.
 * @source Megatron-LM fused_softmax.py, is_kernel_available: batch times heads must be a multiple of 4
 */
export function fallsBack(
  { vendor }: Accelerator,
  choice: KernelChoice,
  { attention }: Operator,
  sequences: number,
): boolean {
  return (
    vendor === 'NVIDIA' &&
    choice.attention === 'fused-softmax' &&
    attention !== undefined &&
    (attention.heads * sequences) % fusedSoftmaxBatch !== 0
  );
}

/** One side of a score product is only a head wide: the narrower it is, the less of a tile and its pipeline it fills. */
function headFill(headSize: number): number {
  return headSize / (headSize + halfFilledHead);
}

/** A multiprocessor runs two blocks of a flash kernel at a time: where it has but one, that one is nearly twice as fast. */
const emptinessFelt = 0.5;

/** How much longer thread blocks take that do not fill whole waves of multiprocessors. */
function blockStretch(accelerator: Accelerator, blocks: number): number {
  const { multiprocessors } = accelerator;
  if (multiprocessors === undefined) return 1;
  const waves = blocks / multiprocessors;
  return 1 + emptinessFelt * (Math.ceil(waves) / waves - 1);
}
