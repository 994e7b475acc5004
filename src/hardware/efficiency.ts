import { oncePerObject } from '../keep.ts';
import type { Accelerator, Source } from './accelerator.ts';
import { ampereTiles, hopperTiles, type Tile } from './kernels/tiles.ts';

/** What kernels of one processor generation really reach in a training step. Fractions are of the catalogue's peaks. */
export interface Efficiency {
  /** Of the dense peak, by a large matrix product between others (clocks under load included). */
  readonly matmul: number;
  /** The same in 8 bits, where scaling and accumulation cost more. */
  readonly matmul8bit: number;
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
  /** Share of the multiprocessors that running collectives takes from the work beside them. */
  readonly stolenByCollectives: number;
  /** Gap and ramp of one kernel in a stream of kernels. */
  readonly kernelSeconds: number;
  readonly sources: Readonly<Record<string, Source>>;
}

const ampere: Efficiency = {
  matmul: 0.83,
  matmul8bit: 0.75,
  inputGradientProducts: 0.89,
  batchedMatmul: 0.75,
  matmulMemory: 0.8,
  elementwise: 0.85,
  norm: 0.39,
  activation: 0.525,
  writtenOut: 0.62,
  tiles: ampereTiles,
  stolenByCollectives: 0.2,
  kernelSeconds: 5e-6,
  sources: {
    stolenByCollectives: "V: NCCL collectives take up to 24 of an A100's 108 multiprocessors (AWS, SMDDP article)",
    matmul: 'D: 78 linear layers profiled by microsoft/vidur, forward',
    inputGradientProducts:
      'fitted to the layer times of arXiv 2205.05198 Table 4, forward against backward; what splitting the backward pass gains (arXiv 2401.10241) leaves weight gradients at the forward rate',
    batchedMatmul: 'D: as large products, microsoft/vidur: 72 to 77% of peak, writing included',
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
  matmul: 0.69,
  matmul8bit: 0.64,
  matmulMemory: 0.9,
  activation: 0.6,
  sources: {
    ...ampere.sources,
    matmul:
      'fitted to published steps of llm-foundry and Megatron-Core on H100; single products reach 0.72 (microsoft/vidur), but in steps 700 W hold the clock down',
    matmul8bit: 'fitted to published fp8 steps of Megatron-Core on H100',
    matmulMemory: 'D: microsoft/vidur compute profiles',
    activation: 'D: microsoft/vidur compute profiles: the middle of 56 to 67% of bandwidth, 2,048 to 4,096 tokens',
  },
};

/** NeuronCores: a systolic array of 128 × 128, no waves of multiprocessors, launches by the device itself. */
const neuron: Efficiency = {
  ...ampere,
  matmul: 0.57,
  matmul8bit: 0.56,
  inputGradientProducts: 1,
  batchedMatmul: 0.6,
  tiles: [],
  stolenByCollectives: 0,
  kernelSeconds: 70e-6,
  sources: {
    stolenByCollectives: 'V: collectives have cores and DMA engines of their own (Neuron documentation)',
    matmul: 'fitted to the published trn1 training throughputs of aws-neuron/aws-neuron-sdk',
    kernelSeconds:
      'fitted to published trn1 steps of BERT-Large at 1,024 and 2,048 tokens a microbatch, which take the same time',
    tiles: 'V: aws-neuron/aws-neuron-sdk, NeuronCore-v2 architecture: one array of 128 × 128',
  },
};

const byGeneration: Readonly<Record<Accelerator['generation'], Efficiency>> = {
  volta: {
    ...ampere,
    matmul: 0.73,
    sources: { ...ampere.sources, matmul: 'R: 85 to 90 of 125 TFLOP/s in large products, tiles and writes included' },
  },
  ampere,
  ada: { ...ampere, matmul: 0.73, sources: { ...ampere.sources, matmul: 'R: between Ampere and Hopper' } },
  hopper,
  blackwell: {
    ...hopper,
    matmul: 0.64,
    matmul8bit: 0.6,
    sources: { ...hopper.sources, matmul: 'D: best measured product 77.6% of peak against 80.3% on Hopper' },
  },
  'neuron-v2': neuron,
  'neuron-v3': neuron,
  'neuron-v4': neuron,
  cdna3: { ...hopper, matmul: 0.45, sources: { ...hopper.sources, matmul: 'D: best measured product 51% of peak' } },
  tpu: { ...neuron, sources: { ...neuron.sources, matmul: 'R: as a systolic array of the same size' } },
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

/** What kernels reach on this accelerator. */
export function efficiencyOf(accelerator: Accelerator): Efficiency {
  return accelerator.matrixFactor === undefined ? byGeneration[accelerator.generation] : calibrated(accelerator);
}

/** The same, its matrix products faster by what somebody measured. */
const calibrated = oncePerObject(({ generation, matrixFactor = 1 }: Accelerator): Efficiency => {
  const { matmul, matmul8bit, batchedMatmul, ...others } = byGeneration[generation];
  return {
    ...others,
    matmul: matmul * matrixFactor,
    matmul8bit: matmul8bit * matrixFactor,
    batchedMatmul: batchedMatmul * matrixFactor,
  };
});
