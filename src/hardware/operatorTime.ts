import { type Operator, savedBytes } from '../graph/operator.ts';
import { elementBytes, type Precision } from '../stack/precision.ts';
import type { Accelerator } from './accelerator.ts';
import { cappedClock, efficiencyOf } from './efficiency.ts';
import { alignmentRate } from './kernels/alignment.ts';
import { attentionSeconds } from './kernels/attention.ts';
import type { KernelChoice } from './kernels/choice.ts';
import { matmulSeconds, peakFlopsPerSecond } from './kernels/matmul.ts';
import { memoryBoundSeconds } from './kernels/memoryBound.ts';
import { type NarrowFormat, narrowFormat } from './kernels/narrow.ts';

/** Seconds of one operator on one device. The backward pass is split: that of the weights can wait. */
export interface OperatorTime {
  readonly forward: number;
  readonly backwardInput: number;
  readonly backwardWeight: number;
}

const nothing: OperatorTime = { forward: 0, backwardInput: 0, backwardWeight: 0 };

/** Time of an operator for `sequences` sequences; collectives are priced on the topology instead and take none here. */
export function operatorSeconds(
  accelerator: Accelerator,
  choice: KernelChoice,
  operator: Operator,
  sequences: number,
): OperatorTime {
  switch (operator.kind) {
    case 'matmul':
      return linearSeconds(accelerator, choice, operator, sequences);
    case 'attention': {
      const { forward, backward } = attentionSeconds(accelerator, choice, operator, sequences);
      return { forward, backwardInput: backward, backwardWeight: 0 };
    }
    case 'collective':
      return nothing;
    case 'operator':
      return operator.gemm === undefined
        ? rooflineSeconds(accelerator, choice.precision, operator, sequences)
        : productSeconds(accelerator, choice, operator, sequences);
    default: {
      const { kernels } = operator;
      const kind = memoryBoundKind(operator, choice);
      const forwardBytes = operator.readBytes + operator.writeBytes;
      return {
        forward: memoryBoundSeconds(accelerator, forwardBytes * sequences, kind, kernels?.forward),
        backwardInput: memoryBoundSeconds(accelerator, operator.backwardBytes * sequences, kind, kernels?.backward),
        backwardWeight: 0,
      };
    }
  }
}

/** Which share of memory bandwidth an operator reaches that only moves tensors. */
function memoryBoundKind({ kind, kernels }: Operator, { persistentNorm }: KernelChoice) {
  // Written out, gates are products of equal tensors; norms and rotations are casts, sums and rows times numbers.
  if (kernels !== undefined) return kind === 'activation' ? 'elementwise' : 'writtenOut';
  if (kind === 'activation' || (kind === 'norm' && !persistentNorm)) return kind;
  return 'elementwise';
}

/**
 * An operator of a model of any shape that is a product: as many FLOPs as it says, at the rate of products of its shape
 * forward and backward. Without parameters all of its backward pass is that of its inputs.
 */
function productSeconds(
  accelerator: Accelerator,
  choice: KernelChoice,
  operator: Operator,
  sequences: number,
): OperatorTime {
  const { m, n, k } = operator.gemm!;
  const once = linearSeconds(accelerator, choice, operator, sequences);
  const forward = operator.forwardFlops / (2 * m * n * k);
  const backward = operator.backwardFlops / (4 * m * n * k);
  const [input, weight] = [backward * once.backwardInput, backward * once.backwardWeight];
  return operator.parameters > 0
    ? { forward: forward * once.forward, backwardInput: input, backwardWeight: weight }
    : { forward: forward * once.forward, backwardInput: input + weight, backwardWeight: 0 };
}

/** Any other operator: the longer of its FLOPs at the rate of large products and its bytes at that of memory. */
function rooflineSeconds(
  accelerator: Accelerator,
  precision: Precision,
  operator: Operator,
  sequences: number,
): OperatorTime {
  const efficiency = efficiencyOf(accelerator);
  const rate = peakFlopsPerSecond(accelerator, precision) * efficiency.matmul * cappedClock(accelerator);
  const pass = (flops: number, bytes: number): number =>
    flops === 0
      ? memoryBoundSeconds(accelerator, bytes * sequences)
      : Math.max(
          efficiency.kernelSeconds + (flops * sequences) / rate,
          memoryBoundSeconds(accelerator, bytes * sequences),
        );
  return {
    forward: pass(operator.forwardFlops, operator.readBytes + operator.writeBytes),
    backwardInput: pass(operator.backwardFlops, operator.backwardBytes),
    backwardWeight: 0,
  };
}

/** A linear layer: its product, that of the input gradient and that of the weight gradient, each in its own shape. */
function linearSeconds(
  accelerator: Accelerator,
  choice: KernelChoice,
  operator: Operator,
  sequences: number,
): OperatorTime {
  const { n, k } = operator.gemm!;
  const m = operator.gemm!.m * sequences;
  // Heads and poolers keep 16 bits: recipes of fewer leave the last layers alone.
  const isWide = operator.module === 'logits' && narrowFormat(choice.precision, choice.precisionRecipe) !== undefined;
  const precision = isWide ? 'bf16' : choice.precision;
  const narrow = operandFormat(accelerator, precision, choice.precisionRecipe);
  const element = elementBytes(precision);
  const operand = narrow?.operandBytes ?? element;
  const gradient = gradientTraffic(choice, element);
  // An input is cast where it is saved: once for all products that share it, and before it is gathered.
  const input = (savedBytes(operator) / element) * sequences;
  const castSeconds = (elements: number) => quantizingSeconds(accelerator, narrow, elements);
  // Tokens are rows of their own in every product: only the sizes of the weight can be crooked.
  const aligned = alignmentRate(accelerator, n, k, narrow === undefined ? element : 1);
  const ofInput = aligned * efficiencyOf(accelerator).inputGradientProducts;
  const product = (m: number, n: number, k: number, rate: number, written = m * n * element, read = 0) =>
    matmulSeconds(accelerator, precision, { m, n, k }, (m * k + k * n) * operand + read, written, rate);
  return {
    forward: product(m, n, k, aligned) + castSeconds(input),
    backwardInput:
      product(m, k, n, ofInput) +
      castSeconds(m * n) +
      memoryBoundSeconds(accelerator, (operator.mergedGradientBytes ?? 0) * sequences),
    backwardWeight:
      product(k, n, m, aligned, gradient.written * k * n, gradient.read * k * n) +
      memoryBoundSeconds(accelerator, gradient.addition * k * n) +
      memoryBoundSeconds(accelerator, operator.backwardBytes * sequences),
  };
}

/** What operands of products are cast to before they are read, as NeuronCores do in fp32; undefined where they are not. */
function operandFormat(
  accelerator: Accelerator,
  precision: Precision,
  recipe: KernelChoice['precisionRecipe'],
): NarrowFormat | undefined {
  return accelerator.vendor === 'AWS' && precision === 'fp32'
    ? { operandBytes: 2, castBytes: 4 + 2, castBandwidth: efficiencyOf(accelerator).elementwise }
    : narrowFormat(precision, recipe);
}

/** Time to write so many elements in a narrower format; none where there is none. */
function quantizingSeconds(accelerator: Accelerator, format: NarrowFormat | undefined, elements: number): number {
  if (format === undefined || elements === 0) return 0;
  const bytesPerSecond = accelerator.memoryBytesPerSecond * format.castBandwidth;
  return efficiencyOf(accelerator).kernelSeconds + (format.castBytes * elements) / bytesPerSecond;
}

/** Bytes that a weight gradient's element moves: in the product that makes it, and in a kernel that adds it up. */
function gradientTraffic({ gradientAccumulation, gradientBytes }: KernelChoice, element: number) {
  switch (gradientAccumulation) {
    case 'fused':
      return { read: gradientBytes, written: gradientBytes, addition: 0 };
    case 'separate':
      return { read: 0, written: element, addition: element + 2 * gradientBytes };
    case 'sharded':
      return { read: 0, written: element, addition: 0 };
  }
}
