import type { AttentionKernel } from '../../stack/stack.ts';
import type { Accelerator } from '../accelerator.ts';

/** TFLOP/s at sequence lengths 512, 1k, 2k, 4k, 8k and 16k; causal work counted as half. */
type Curve = readonly [number, number, number, number, number, number];

interface FlashCurves {
  /** Head size → rate without and with the causal mask. */
  readonly full: Readonly<Record<64 | 128, Curve>>;
  readonly causal: Readonly<Record<64 | 128, Curve>>;
  /** Share of the forward kernel in the time of both, where the curve is of both. */
  readonly forwardShare: number;
  readonly source: string;
}

/** Forward and backward together, FLOPs counted as 3.5 forward passes. */
const flash2Ampere: FlashCurves = {
  full: { 64: [132, 153, 162, 171, 175, 176], 128: [151, 173, 187, 196, 201, 203] },
  causal: { 64: [88, 119, 140, 156, 165, 171], 128: [99, 133, 155, 173, 182, 189] },
  forwardShare: 0.24,
  source: 'V: Dao-AILab/flash-attention README figures, FlashAttention-2 on A100 80GB; forward share D',
};

const flash2Hopper: FlashCurves = {
  full: { 64: [215, 254, 274, 288, 294, 296], 128: [248, 294, 320, 326, 335, 338] },
  causal: { 64: [141, 192, 232, 257, 273, 284], 128: [163, 221, 265, 294, 308, 328] },
  forwardShare: 0.25,
  source: 'V: Dao-AILab/flash-attention README figures, FlashAttention-2 on H100; forward share D',
};

/** The published curves are of the forward kernel; the backward one reaches about 0.85 of its rate (550 of 648 TFLOP/s). */
const flash3Hopper: FlashCurves = {
  full: {
    64: both([333, 392, 460, 476, 496, 497]),
    128: both([467, 565, 625, 638, 646, 648]),
  },
  causal: {
    64: both([197, 265, 371, 420, 460, 473]),
    128: both([292, 423, 521, 579, 602, 616]),
  },
  forwardShare: 1 / (1 + 2.5 / 0.85),
  source:
    'V: Dao-AILab/flash-attention README figures, FlashAttention-3 forward on H100; backward R, up to 550 TFLOP/s',
};

/** FlashAttention-2 has no kernels of its own for Blackwell: each multiprocessor does what one of Hopper does. */
const flash2Blackwell: FlashCurves = {
  full: { 64: faster(flash2Hopper.full[64]), 128: faster(flash2Hopper.full[128]) },
  causal: { 64: faster(flash2Hopper.causal[64]), 128: faster(flash2Hopper.causal[128]) },
  forwardShare: flash2Hopper.forwardShare,
  source:
    'D: 148 multiprocessors for 132; 0.93 to 1.16 times an H100 measured on a GB200, 512 to 16k tokens (NVIDIA/cudnn-frontend d48a60e), 1.12 and 1.19 on GB200 and GB300 (Azure AI-benchmarking-guide)',
};

/**
 * What stands in for FlashAttention-3, which does not run there: the fused attention of cuDNN. Heads of 64 take as many
 * exponentials for half the products, and reach half of the rate.
 */
const fusedBlackwell: FlashCurves = {
  full: { 64: [279, 385, 469, 655, 698, 727], 128: [557, 769, 938, 1_310, 1_396, 1_454] },
  causal: { 64: [174, 287, 368, 566, 649, 695], 128: [348, 574, 736, 1_131, 1_297, 1_390] },
  forwardShare: 0.234,
  source:
    'V: NVIDIA/cudnn-frontend d48a60e, cuDNN on a GB200, causal, heads of 128, both passes; D: without a mask as much faster as in 9072c4e, below 2,048 tokens as on Hopper; heads of 64 from exponentials, 0.48 measured with a window (afa9f7c)',
};

function faster(curve: Curve): Curve {
  return scaled(curve, 148 / 132);
}

function both(forward: Curve): Curve {
  return scaled(forward, 3.5 / (1 + 2.5 / 0.85));
}

function scaled(curve: Curve, factor: number): Curve {
  return curve.map((rate) => rate * factor) as unknown as Curve;
}

/** FlashAttention-1 over FlashAttention-2: the middle of pairs of one layout where attention weighs (arXiv 2311.05610, sequences of 8,192). */
const flash1OverFlash2 = 0.45;

interface Measured {
  readonly curves: FlashCurves;
  /** Dense bf16 peak of the part that they were measured on: others of its generation scale with theirs. */
  readonly flopsPerSecond: number;
}

function measured(generation: Accelerator['generation'], kernel: AttentionKernel): Measured {
  switch (generation) {
    case 'blackwell':
      return kernel === 'flash3'
        ? { curves: fusedBlackwell, flopsPerSecond: 2_500e12 }
        : { curves: flash2Blackwell, flopsPerSecond: 2_250e12 };
    case 'hopper':
      return { curves: kernel === 'flash3' ? flash3Hopper : flash2Hopper, flopsPerSecond: 989e12 };
    default:
      return { curves: flash2Ampere, flopsPerSecond: 312e12 };
  }
}

/** Rate of a flash kernel over both passes, FLOP/s, and the share of the forward kernel in its time. */
export function flashRate(
  accelerator: Accelerator,
  kernel: AttentionKernel,
  headSize: number,
  sequenceLength: number,
  causal: boolean,
): { readonly flopsPerSecond: number; readonly forwardShare: number } {
  const { curves, flopsPerSecond: reference } = measured(accelerator.generation, kernel);
  const peak = accelerator.flopsPerSecond.bf16 ?? accelerator.flopsPerSecond.fp16 ?? 0;
  const byHead = causal ? curves.causal : curves.full;
  const small = interpolate(byHead[64], sequenceLength);
  const large = interpolate(byHead[128], sequenceLength);
  const position = Math.min(1, Math.max(0, (headSize - 64) / 64));
  const rate = small + (large - small) * position;
  // Below a head of 64 the kernel computes a head of 64.
  const padded = Math.min(1, headSize / 64);
  const generation = kernel === 'flash1' ? flash1OverFlash2 : 1;
  const own = accelerator.matrixFactor ?? 1;
  const flopsPerSecond = rate * 1e12 * padded * generation * (peak / reference) * own;
  return { flopsPerSecond, forwardShare: curves.forwardShare };
}

/** Linear between the measured lengths on a logarithmic scale, flat beyond 16k, proportional below 512. */
function interpolate(curve: Curve, sequenceLength: number): number {
  const position = Math.log2(sequenceLength / 512);
  if (position <= 0) return curve[0] * (sequenceLength / 512) ** 0.5;
  if (position >= 5) return curve[5];
  const below = Math.floor(position);
  return curve[below]! + (curve[below + 1]! - curve[below]!) * (position - below);
}
