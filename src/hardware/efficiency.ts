import { oncePerObject } from '../keep.ts';
import type { Accelerator, Source } from './accelerator.ts';
import { ampereTiles, hopperTiles, type Tile } from './kernels/tiles.ts';

/** What kernels of one processor generation really reach in a training step. Fractions are of the catalogue's peaks. */
export interface Efficiency {
  /** Of the dense peak, by a large matrix product between others (clocks under load included). */
  readonly matmul: number;
  /** The same in 8 bits, where scaling and accumulation cost more, and in 4. */
  readonly matmul8bit: number;
  readonly matmul4bit: number;
  /** Of the dense peak, by the best products, in 16 and in 8 bits, of the part that the shares above were found on. */
  readonly bestProducts: { readonly wide?: number; readonly narrow?: number };
  /** What products of input gradients reach of the rate of the same products in the forward pass: weights lie crosswise. */
  readonly inputGradientProducts: number;
  /** Of the dense peak, by the batched products of attention that is not fused into one kernel. */
  readonly batchedMatmul: number;
  /** Of memory bandwidth, by the operands of a matrix product. */
  readonly matmulMemory: number;
  /** Of memory bandwidth, by kernels that only read and write, by norms and by activations. */
  readonly elementwise: number;
  readonly norm: number;
  readonly activation: number;
  /** The same, by plain kernels that mix formats, broadcast or reduce: what a framework runs where nothing is fused. */
  readonly writtenOut: number;
  /** Tiles into which a product is cut for the multiprocessors; none where one array does it all. */
  readonly tiles: readonly Tile[];
  /** Share of the multiprocessors that each channel of a running collective takes from the work beside it. */
  readonly channelShare: number;
  /** Products are launched as one block a multiprocessor, each of which works through several tiles. */
  readonly persistentProducts: boolean;
  /** Gap and ramp of one kernel in a stream of kernels. */
  readonly kernelSeconds: number;
  readonly sources: Readonly<Record<string, Source>>;
}

const ampere: Efficiency = {
  matmul: 0.8,
  matmul8bit: 0.75,
  matmul4bit: 0.75,
  bestProducts: { wide: 271.2 / 312 },
  inputGradientProducts: 0.985,
  batchedMatmul: 0.58,
  matmulMemory: 0.8,
  elementwise: 0.85,
  norm: 0.39,
  activation: 0.525,
  writtenOut: 0.62,
  tiles: ampereTiles,
  channelShare: 1 / 108,
  persistentProducts: false,
  kernelSeconds: 5e-6,
  sources: {
    channelShare:
      "V: a channel is a block of threads on one multiprocessor: collectives take up to 24 of an A100's 108 (AWS, SMDDP article)",
    matmul:
      'D: fits 466 linear layers profiled by microsoft/vidur, forward; 0.83 fits products of 8,192 and 16,384 after 10,000 others (Azure AI-benchmarking-guide 3bb66ca)',
    inputGradientProducts:
      'V: the products of a layer on an H200, 10.63 ms forward and 10.75 for input gradients in 16 bits, 5.58 and 5.66 in 8 (Transformer Engine 8f2e635, GEMM profiling); taken to hold for every generation',
    batchedMatmul:
      'D: an attention core of 32 heads of 96 and 2,048 tokens takes 1.3 ms forward (arXiv 2205.05198 Table 4, selective recomputation against none), of which 0.8 ms are passes over the scores; 0.5 to 0.75 are within its rounding',
    matmulMemory: 'D: microsoft/vidur compute profiles',
    elementwise: 'D: microsoft/vidur compute profiles: residual additions at 85 to 88% of bandwidth',
    norm: 'D: microsoft/vidur compute profiles: the middle of 31 to 47% of bandwidth',
    activation: 'D: microsoft/vidur compute profiles: the middle of 45 to 60% of bandwidth for gated activations',
    writtenOut:
      'D: fifteen pairs of runs of arXiv 2311.05610 with and without a fused RMSNorm, two of them far from the others: what the kernels move that were counted for it, and their launches',
    kernelSeconds: 'D: microsoft/vidur compute profiles: intercept of the fit, 6 us',
  },
};

const hopper: Efficiency = {
  ...ampere,
  tiles: hopperTiles,
  channelShare: 1 / 132,
  persistentProducts: true,
  matmul: 0.665,
  matmul8bit: 0.615,
  bestProducts: { wide: 794.5 / 989, narrow: 1_382.2 / 1_979 },
  matmulMemory: 0.9,
  activation: 0.6,
  sources: {
    ...ampere.sources,
    matmul:
      'fitted to published steps of llm-foundry and Megatron-Core on H100; single products reach 0.72 (microsoft/vidur), but in steps 700 W hold the clock down',
    matmul8bit: 'fitted to published fp8 steps of Megatron-Core on H100',
    persistentProducts: 'V: kernels of cuBLAS on H100 (pytorch/pytorch 143988)',
    matmulMemory: 'D: microsoft/vidur compute profiles',
    activation: 'D: microsoft/vidur compute profiles: the middle of 56 to 67% of bandwidth, 2,048 to 4,096 tokens',
  },
};

/** What steps reach over what the same products do alone: on Hopper 0.665 of 0.72 in 16 bits, and 0.615 where 0.705 fits in 8. */
const blackwell: Efficiency = {
  ...hopper,
  channelShare: 1 / 148,
  persistentProducts: false,
  matmul: 0.62,
  matmul8bit: 0.503,
  matmul4bit: 0.41,
  bestProducts: { wide: 1_769 / 2_250, narrow: 2_819.5 / 5_000 },
  norm: 0.33,
  sources: {
    ...hopper.sources,
    matmul:
      'D: the products of a layer on a B300 (Transformer Engine 8f2e635, GEMM profiling), which 0.67 fits, in a step as on Hopper',
    matmul8bit:
      'D: products of 8,192 to 32,768 on a GB200 after 10,000 others (Azure AI-benchmarking-guide 0682f76), which 0.577 fits, in a step as on Hopper',
    matmul4bit:
      'D: the products of a layer on a B300 (Transformer Engine 8f2e635, GEMM profiling), which 0.47 fits, in a step as in 8 bits on Hopper',
    persistentProducts: 'V: tiles are handed out as blocks become free (NVIDIA/cutlass 2471, Cluster Launch Control)',
    bestProducts: 'V: in 16 bits the B300 (ml-engineering), in 8 the GB200 (Azure AI-benchmarking-guide 0682f76)',
    norm: "D: PyTorch's norms of language models reach 0.84 of the share on a GB200 that they do on an H200 (NVIDIA/cudnn-frontend benchmark/norms)",
  },
};

/** What NeuronCores reach of their memory's rate: the engines that move tensors in and out are the same for all work. */
const neuronMemory = 0.42;

/** NeuronCores: a systolic array of 128 × 128, no waves of multiprocessors, launches by the device itself. */
const neuron: Efficiency = {
  ...ampere,
  matmul: 0.9,
  matmul8bit: 0.9,
  matmul4bit: 0.9,
  bestProducts: {},
  inputGradientProducts: 1,
  batchedMatmul: 0.9,
  matmulMemory: neuronMemory,
  elementwise: neuronMemory,
  norm: neuronMemory,
  activation: neuronMemory,
  writtenOut: neuronMemory,
  tiles: [],
  channelShare: 0,
  kernelSeconds: 2e-6,
  sources: {
    channelShare: 'V: collectives have cores and DMA engines of their own (Neuron documentation)',
    matmul: 'V: an engine busy 90% of the time is good in practice (Neuron documentation, NKI performance guide)',
    matmul8bit: 'R: as in 16 bits',
    matmul4bit: 'R: as in 16 bits',
    inputGradientProducts: 'R: the array takes both operands from its own memory, however they lie',
    batchedMatmul: 'R: as other products',
    elementwise:
      'fitted to the published trn1 training throughputs of aws-neuron/aws-neuron-sdk; 60% is good in practice (NKI performance guide)',
    matmulMemory: 'D: as elementwise: all tensors pass the same DMA engines',
    norm: 'D: as elementwise',
    activation: 'D: as elementwise',
    writtenOut: 'D: as elementwise',
    kernelSeconds: 'R: about 2 us for a DMA transfer to start; nothing is launched by a host',
    tiles: 'V: aws-neuron/aws-neuron-sdk, NeuronCore-v2 architecture: one array of 128 × 128',
  },
};

/** TPUs: an array as NeuronCores have, memory as GPUs reach it. */
const tpu: Efficiency = {
  ...ampere,
  matmul: 0.57,
  matmul8bit: 0.56,
  bestProducts: {},
  inputGradientProducts: 1,
  batchedMatmul: 0.57,
  tiles: [],
  channelShare: 0,
  sources: {
    matmul: 'R: 55 to 60% of peak in published training runs',
    elementwise: 'R: as on GPUs',
    channelShare: 'R: links have engines of their own',
  },
};

const byGeneration: Readonly<Record<Accelerator['generation'], Efficiency>> = {
  volta: {
    ...ampere,
    channelShare: 1 / 80,
    matmul: 0.73,
    bestProducts: {},
    sources: { ...ampere.sources, matmul: 'R: 85 to 90 of 125 TFLOP/s in large products, tiles and writes included' },
  },
  ampere,
  ada: {
    ...ampere,
    channelShare: 1 / 142,
    matmul: 0.73,
    bestProducts: {},
    sources: { ...ampere.sources, matmul: 'R: between Ampere and Hopper' },
  },
  hopper,
  blackwell,
  'neuron-v2': neuron,
  'neuron-v3': neuron,
  'neuron-v4': neuron,
  cdna3: {
    ...hopper,
    channelShare: 1 / 304,
    persistentProducts: false,
    matmul: 0.45,
    bestProducts: { wide: 668.4 / 1_307 },
    sources: {
      ...hopper.sources,
      matmul: 'D: best measured product 51% of peak',
      persistentProducts: 'R: not known of its library',
    },
  },
  tpu,
};

/**
 * Share of the sustained clock that a part keeps whose power is capped below its rating: what its cores have left over
 * memory and leakage grows with the cube of the clock, since voltage rises with it.
 */
export function cappedClock({ powerWatts, ratedPowerWatts, slowestClock = 1 }: Accelerator): number {
  if (powerWatts === undefined || ratedPowerWatts === undefined) return slowestClock;
  const fixedWatts = fixedPowerShare * ratedPowerWatts;
  const left = (powerWatts - fixedWatts) / (ratedPowerWatts - fixedWatts);
  return slowestClock * Math.min(1, Math.max(lowestClock, Math.cbrt(left)));
}

/**
 * Of the rated power, what memory and leakage take.
 * @source D: decoding, which waits for memory, draws 137 to 300 of an H200's 700 W (arXiv 2605.11999)
 */
const fixedPowerShare = 0.25;

/** R: an H100 goes down to 345 of its 1,980 MHz, whatever it draws then. */
const lowestClock = 345 / 1_980;

/** What kernels reach on this accelerator: as others of its generation, but for what somebody measured on this one. */
export const efficiencyOf = oncePerObject((accelerator: Accelerator): Efficiency => {
  const ofGeneration = byGeneration[accelerator.generation];
  const { matrixFactor = 1 } = accelerator;
  const wide = overReference(accelerator, 'wide') * matrixFactor;
  const narrow = overReference(accelerator, 'narrow') * matrixFactor;
  if (wide === 1 && narrow === 1) return ofGeneration;
  return {
    ...ofGeneration,
    matmul: ofGeneration.matmul * wide,
    batchedMatmul: ofGeneration.batchedMatmul * wide,
    matmul8bit: ofGeneration.matmul8bit * narrow,
    matmul4bit: ofGeneration.matmul4bit * matrixFactor,
  };
});

/**
 * The share of its peak that this part's best products reach, over that of the part its generation was judged by. Where
 * none was measured, that is taken to lie above what steps reach as it does on the A100.
 */
function overReference({ generation, ...part }: Accelerator, format: 'wide' | 'narrow'): number {
  const { matmul, matmul8bit, bestProducts } = byGeneration[generation];
  const { flopsPerSecond: peak, measuredMatmulFlopsPerSecond: best } = part;
  const reference = bestProducts[format] ?? (format === 'wide' ? matmul : matmul8bit) * bestOverStep;
  const share =
    format === 'narrow' ? ratio(best?.fp8, peak.fp8) : (ratio(best?.bf16, peak.bf16) ?? ratio(best?.fp16, peak.fp16));
  if (share === undefined) return 1;
  const over = share / reference;
  // The part that is the reference is 1, whatever the last digits say.
  return Math.abs(over - 1) < 1e-9 ? 1 : over;
}

/** Best product of an A100 (ml-engineering) over what its products reach in steps. */
const bestOverStep = 271.2 / 312 / ampere.matmul;

function ratio(part: number | undefined, whole: number | undefined): number | undefined {
  return part === undefined || whole === undefined ? undefined : part / whole;
}
