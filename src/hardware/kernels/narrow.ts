import type { Precision } from '../../stack/precision.ts';
import type { Stack } from '../../stack/stack.ts';

/** How products of fewer than 16 bits take their operands, scales included. */
export interface NarrowFormat {
  /** Bytes of an element as a product reads it. */
  readonly operandBytes: number;
  /**
   * Bytes that quantizing an element of 16 bits moves: it is read, and written once for products along its rows and
   * once for those along its columns; a scale of a whole tensor takes another read before.
   */
  readonly castBytes: number;
  /** Of memory bandwidth, what those kernels reach. */
  readonly castBandwidth: number;
}

const readBytes = 2;

function quantized(operandBytes: number, scalesWholeTensor: boolean, castBandwidth: number): NarrowFormat {
  return { operandBytes, castBytes: (scalesWholeTensor ? 2 : 1) * readBytes + 2 * operandBytes, castBandwidth };
}

/**
 * What quantizing kernels reach of memory bandwidth: with and without them the products of a layer take 18.98, 20.29
 * and 16.79 ms on an H200 NVL (delayed, current, none), 8.98 and 7.16 in mxfp8 and 6.45 and 3.76 in nvfp4 on a B300. There
 * every operand of every product is quantized, and written the one way that it is read.
 * @source D: NVIDIA/TransformerEngine 8f2e635, docs/examples/gemm_profiling
 */
const tensorScaled = 0.72;
const blockScaled = 0.52;

/** fp8 with a scale from steps before, from the tensor itself, or of each 128 elements (4 bytes). */
const fp8: Readonly<Record<Stack['precisionRecipe'], NarrowFormat>> = {
  delayed: quantized(1, false, tensorScaled),
  current: quantized(1, true, tensorScaled),
  blockwise: quantized(1 + 4 / 128, false, blockScaled),
};

/** One byte of scale for each 32 elements. */
const mxfp8 = quantized(1 + 1 / 32, false, blockScaled);

/** One byte of scale for each 16 elements, and one of 4 for the tensor. */
const nvfp4 = quantized(1 / 2 + 1 / 16, true, blockScaled);

/**
 * The format of a precision's products; undefined where they read what is in memory.
 * @source NVIDIA Transformer Engine, low-precision training: FP8 delayed, current and blockwise scaling, MXFP8, NVFP4
 */
export function narrowFormat(precision: Precision, recipe: Stack['precisionRecipe']): NarrowFormat | undefined {
  switch (precision) {
    case 'fp8':
      return fp8[recipe];
    case 'mxfp8':
      return mxfp8;
    case 'nvfp4':
      return nvfp4;
    default:
      return undefined;
  }
}
