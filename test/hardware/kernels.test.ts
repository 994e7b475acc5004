import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { mean } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import type { Accelerator } from '../../src/hardware/accelerator.ts';
import { accelerators, extendAccelerator } from '../../src/hardware/catalogue.ts';
import { efficiencyOf } from '../../src/hardware/efficiency.ts';
import { alignmentRate } from '../../src/hardware/kernels/alignment.ts';
import type { KernelChoice } from '../../src/hardware/kernels/choice.ts';
import { matmulSeconds, peakFlopsPerSecond, workedElements } from '../../src/hardware/kernels/matmul.ts';
import { memoryBoundSeconds } from '../../src/hardware/kernels/memoryBound.ts';
import { operatorSeconds } from '../../src/hardware/operatorTime.ts';
import { elementBytes, gradientBytes } from '../../src/stack/precision.ts';
import type { AttentionKernel } from '../../src/stack/stack.ts';
import { graphOf, layerOf, model, stack } from '../graph/make.ts';
import { accelerator } from './make.ts';

/** Accelerators that some stack trains on. */
const trained = accelerators.filter(({ flopsPerSecond }) => flopsPerSecond.bf16 ?? flopsPerSecond.fp16);
const someAccelerator = fc.constantFrom(...trained);
const size = fc.integer({ min: 1, max: 40_000 });
const largestTile = { m: 256, n: 128 };

/** Linear layers of five language models: tokens, width, depth and milliseconds. */
const profiledLayers: readonly (readonly [m: number, n: number, k: number, milliseconds: number])[] = JSON.parse(
  readFileSync(new URL('a100-products.json', import.meta.url), 'utf8'),
).rows;

/** A product in 16 bits whose operands cross memory once. */
function productSeconds(on: Accelerator, m: number, n: number, k: number): number {
  const precision = on.flopsPerSecond.bf16 === undefined ? 'fp16' : 'bf16';
  return matmulSeconds(on, precision, { m, n, k }, 2 * (m * k + k * n), 2 * m * n);
}

function peak16(on: Accelerator): number {
  return peakFlopsPerSecond(on, on.flopsPerSecond.bf16 === undefined ? 'fp16' : 'bf16');
}

describe('a matrix product', () => {
  it('never beats the dense peak, nor the memory', () => {
    fc.assert(
      fc.property(someAccelerator, size, size, size, (on, m, n, k) => {
        const seconds = productSeconds(on, m, n, k);
        expect(seconds).toBeGreaterThan((2 * m * n * k) / peak16(on));
        expect(seconds).toBeGreaterThan((2 * (m * k + k * n + m * n)) / on.memoryBytesPerSecond);
      }),
    );
  });

  it('comes near its share of the peak where it is large, and near the memory where it is thin', () => {
    for (const on of trained) {
      const { matmul, matmulMemory } = efficiencyOf(on);
      // Many waves of tiles; where there are none, as many rows as columns.
      const side = 65_536;
      const m = on.multiprocessors === undefined ? side : largestTile.m * on.multiprocessors * 4;
      const reached = (2 * m * side * side) / productSeconds(on, m, side, side);
      expect(reached / peak16(on), on.name).toBeGreaterThan(0.9 * matmul);
      expect(reached / peak16(on), on.name).toBeLessThanOrEqual(matmul);
      const bytes = 1e12;
      const thin = matmulSeconds(on, 'fp16', { m: 1, n: 1, k: 1 }, bytes, 0);
      expect((bytes / thin) * (1 / on.memoryBytesPerSecond), on.name).toBeCloseTo(matmulMemory, 3);
    }
  });

  it('takes no less time when any of its sizes grows by a whole tile', () => {
    fc.assert(
      fc.property(
        someAccelerator,
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 99 }),
        size,
        (on, a, b, k) => {
          const at = (rows: number, columns: number, inner: number) =>
            productSeconds(on, rows * largestTile.m, columns * largestTile.n, inner);
          const least = at(a, b, k) * (1 - 1e-12);
          expect(at(a + 1, b, k)).toBeGreaterThanOrEqual(least);
          expect(at(a, b + 1, k)).toBeGreaterThanOrEqual(least);
          expect(at(a, b, k + 1)).toBeGreaterThanOrEqual(least);
        },
      ),
    );
  });

  it('takes no less time on slower hardware', () => {
    fc.assert(
      fc.property(
        someAccelerator,
        size,
        size,
        size,
        fc.double({ min: 1, max: 4, noNaN: true }),
        (on, m, n, k, times) => {
          const formats = Object.entries(on.flopsPerSecond).map(([format, rate]) => [format, rate * times] as const);
          const faster = extendAccelerator(on, { flopsPerSecond: Object.fromEntries(formats) });
          const wider = extendAccelerator(on, { memoryBytesPerSecond: on.memoryBytesPerSecond * times });
          // A last digit may be rounded up.
          const seconds = productSeconds(on, m, n, k) * (1 + 1e-12);
          expect(productSeconds(faster, m, n, k)).toBeLessThanOrEqual(seconds);
          expect(productSeconds(wider, m, n, k)).toBeLessThanOrEqual(seconds);
        },
      ),
    );
  });

  it('is stretched by a last wave that is not full, never shortened, and not at all by full waves', () => {
    fc.assert(
      fc.property(someAccelerator, size, size, (on, m, n) => {
        expect(workedElements(on, m, n)).toBeGreaterThanOrEqual(m * n);
      }),
    );
    for (const on of trained) {
      const [m, n] = [largestTile.m * (on.multiprocessors ?? 1), 3 * largestTile.n];
      expect(workedElements(on, m, n), on.name).toBe(m * n);
    }
  });

  it('takes what was measured on an A100, one tile more than full waves included', () => {
    const a100 = accelerator('a100-sxm4-80');
    const errors = profiledLayers.map(
      ([m, n, k, milliseconds]) => productSeconds(a100, m, n, k) / (1e-3 * milliseconds) - 1,
    );
    expect(mean(errors.map(Math.abs))).toBeLessThan(0.06);
    expect(Math.abs(mean(errors))).toBeLessThan(0.02);
  });

  it('runs formats that the part lacks at the rate of one that it has', () => {
    const v100 = accelerator('v100-sxm2-32');
    expect(peakFlopsPerSecond(v100, 'bf16')).toBe(peakFlopsPerSecond(v100, 'fp16'));
    const a100 = accelerator('a100-sxm4-80');
    expect(peakFlopsPerSecond(a100, 'fp8')).toBe(peakFlopsPerSecond(a100, 'bf16'));
    expect(peakFlopsPerSecond(a100, 'fp32')).toBe(a100.flopsPerSecond.tf32);
  });

  it('is computed in 16 bits on NeuronCores where the model is in fp32', () => {
    const trainium = accelerator('trainium1');
    expect(peakFlopsPerSecond(trainium, 'fp32')).toBe(trainium.flopsPerSecond.bf16);
  });
});

describe('a kernel that only moves bytes', () => {
  it('is nothing where there is nothing to move, and takes longer for more', () => {
    fc.assert(
      fc.property(someAccelerator, fc.maxSafeNat(), fc.maxSafeNat(), (on, a, b) => {
        const [less, more] = a < b ? [a, b] : [b, a];
        expect(memoryBoundSeconds(on, 0)).toBe(0);
        expect(memoryBoundSeconds(on, less)).toBeLessThanOrEqual(memoryBoundSeconds(on, more));
        expect(memoryBoundSeconds(on, more)).toBeGreaterThanOrEqual(more / on.memoryBytesPerSecond);
      }),
    );
  });

  it('comes near its share of the bandwidth for large tensors', () => {
    for (const on of trained) {
      const share = 1e13 / memoryBoundSeconds(on, 1e13) / on.memoryBytesPerSecond;
      expect(share, on.name).toBeCloseTo(efficiencyOf(on).elementwise, 3);
    }
  });
});

const software = stack('megatron-2023');
const choice: KernelChoice = {
  precision: 'bf16',
  precisionRecipe: 'delayed',
  attention: software.attention,
  persistentNorm: software.persistentNorm,
  gradientAccumulation: software.gradientAccumulation,
  gradientBytes: gradientBytes(software.gradientAccumulationDtype),
};

describe('attention', () => {
  /** The core of one sequence of GPT-3 175B on one of 8 ranks. */
  const core = (sequenceLength: number, attention: AttentionKernel) =>
    graphOf(
      { ...model('gpt3-175b'), maxSequenceLength: sequenceLength },
      { tensor: 8, sequenceLength },
      stack('megatron-2021', { attention }),
    ).units[1]!.operators.find(({ kind }) => kind === 'attention')!;
  const secondsOf = (on: Accelerator, sequenceLength: number, attention: AttentionKernel, sequences = 1) => {
    return operatorSeconds(on, { ...choice, attention }, core(sequenceLength, attention), sequences);
  };
  const a100 = accelerator('a100-sxm4-80');
  const h100 = accelerator('h100-sxm5-80');

  it('takes longer for more tokens and more sequences, and backward no less than about as long as forward', () => {
    for (const on of [a100, h100]) {
      for (const kernel of ['unfused', 'fused-softmax', 'flash1', 'flash2', 'flash3'] as const) {
        let before = { forward: 0, backwardInput: 0 };
        for (let length = 512; length <= 16_384; length *= 2) {
          const now = secondsOf(on, length, kernel);
          expect(now.forward, kernel).toBeGreaterThan(before.forward);
          expect(now.backwardInput, kernel).toBeGreaterThan(0.8 * now.forward);
          expect(secondsOf(on, length, kernel, 2).forward, kernel).toBeGreaterThan(now.forward);
          before = now;
        }
      }
    }
  });

  it('is faster with every generation of kernel', () => {
    const both = (kernel: AttentionKernel) => {
      const { forward, backwardInput } = secondsOf(h100, 4096, kernel);
      return forward + backwardInput;
    };
    const generations = (['flash3', 'flash2', 'flash1', 'fused-softmax', 'unfused'] as const).map(both);
    expect([...generations].sort((a, b) => a - b)).toEqual(generations);
  });

  it('never beats the dense peak, its causal half counted', () => {
    for (const on of [a100, h100]) {
      for (const kernel of ['flash1', 'flash2', 'flash3'] as const) {
        for (const length of [512, 2048, 16_384]) {
          const { forward, backwardInput } = secondsOf(on, length, kernel);
          const { forwardFlops, backwardFlops } = core(length, kernel);
          expect((forwardFlops + backwardFlops) / 2 / (forward + backwardInput)).toBeLessThan(peak16(on));
        }
      }
    }
  });
});

describe('an RMSNorm', () => {
  /**
   * What a step of one layout takes longer without a fused norm, picoseconds an element of a norm: all fifteen pairs.
   * @source arXiv 2311.05610, published run sheets: pairs of LLaMA 13B (hidden 5,120) and 65B (8,192) on A100 80GB
   */
  const pairs: readonly (readonly [model: string, tokens: number, picoseconds: number])[] = [
    ['llama2-13b', 4096, 78.2],
    ['llama2-13b', 2048, 96.7],
    ['llama2-13b', 2048, 79.3],
    ['llama2-13b', 2048, 88.6],
    ['llama2-13b', 4096, 87.6],
    ['llama2-13b', 8192, 88.8],
    ['llama2-13b', 8192, 73.1],
    ['llama2-70b', 2048, 97.7],
    ['llama2-70b', 2048, 88.3],
    ['llama2-70b', 2048, 88.2],
    ['llama2-70b', 2048, 92.3],
    ['llama2-70b', 2048, 89.5],
    ['llama2-70b', 2048, 86.8],
  ];
  /** Far from all others, and nobody knows why: 13B on one tensor rank, and on four with sequences of 8,192. */
  const outliers: typeof pairs = [
    ['llama2-13b', 4096, 186.5],
    ['llama2-13b', 8192, 62.0],
  ];
  const on = accelerator('a100-sxm4-80');
  const ratioOf = ([name, tokens, picoseconds]: (typeof pairs)[number]) => {
    const [written, fused] = [false, true].map((fusedNorm) => {
      const changed = stack('aleph-alpha-scaling', { fusedNorm });
      const [norm] = graphOf(name, { sequenceLength: tokens }, changed).units[1]!.operators;
      const { forward, backwardInput } = operatorSeconds(on, { ...choice, persistentNorm: false }, norm!, 1);
      return forward + backwardInput;
    });
    return ((written! - fused!) * 1e12) / (tokens * model(name).hiddenSize) / picoseconds;
  };

  it('costs what published pairs of runs say where nothing fuses it, within 10% on average', () => {
    for (const ratios of [pairs.map(ratioOf), [...pairs, ...outliers].map(ratioOf)]) {
      expect(mean(ratios)).toBeGreaterThan(0.9);
      expect(mean(ratios)).toBeLessThan(1.1);
    }
    for (const ratio of pairs.map(ratioOf)) expect(Math.abs(ratio - 1)).toBeLessThan(0.3);
  });
});

describe('a linear layer', () => {
  const linear = graphOf('llama3-8b').units[1]!.operators.find(({ kind }) => kind === 'matmul')!;

  it('takes about twice as long backward as forward', () => {
    for (const on of trained) {
      const { forward, backwardInput, backwardWeight } = operatorSeconds(on, choice, linear, 1);
      expect((backwardInput + backwardWeight) / forward, on.name).toBeGreaterThan(1.5);
      expect((backwardInput + backwardWeight) / forward, on.name).toBeLessThan(3.5);
    }
  });

  it('is faster in 8 bits on hardware that has them, by less than twice', () => {
    const h100 = accelerator('h100-sxm5-80');
    const large = { ...linear, gemm: { m: 8192, n: 16_384, k: 16_384 } };
    const wide = operatorSeconds(h100, choice, large, 1).forward;
    const narrow = operatorSeconds(h100, { ...choice, precision: 'fp8' }, large, 1).forward;
    expect(wide / narrow).toBeGreaterThan(1.2);
    expect(wide / narrow).toBeLessThan(2);
  });
});

describe('a layer on a NeuronCore', () => {
  const trainium = accelerator('trainium1');
  const ofLayer = (sequences: number, precision: 'bf16' | 'fp32') =>
    layerOf(
      graphOf(
        'bert-large',
        { sequenceLength: 512, elementBytes: elementBytes(precision) },
        stack('neuronx-distributed'),
      ),
    ).operators.reduce((sum, operator) => {
      const time = operatorSeconds(trainium, { ...choice, precision, attention: 'fused-softmax' }, operator, sequences);
      return sum + time.forward + time.backwardInput + time.backwardWeight;
    }, 0);

  it('takes as long as its sequences, for no kernel waits for its launch', () => {
    // BERT-Large in fp32 on a trn1.32xlarge: 247 sequences of 512 tokens a second one at a time, 226 a node two at a time.
    expect(ofLayer(2, 'fp32') / ofLayer(1, 'fp32')).toBeGreaterThan(1.8);
  });

  it('takes about twice as long in fp32, though its products do not', () => {
    // The same in bf16: 479 to 528 a second.
    expect(ofLayer(2, 'fp32') / ofLayer(2, 'bf16')).toBeGreaterThan(1.5);
    expect(ofLayer(2, 'fp32') / ofLayer(2, 'bf16')).toBeLessThan(2.2);
  });
});

describe('an operator of a model of any shape', () => {
  const on = accelerator('a100-sxm4-40');
  const choice: KernelChoice = {
    precision: 'bf16',
    precisionRecipe: 'delayed',
    attention: 'flash2',
    persistentNorm: false,
    gradientAccumulation: 'fused',
    gradientBytes: gradientBytes('fp32'),
  };
  const counts = {
    module: 'one',
    parameters: 0,
    wholeParameters: 0,
    forwardFlops: 0,
    backwardFlops: 0,
    readBytes: 0,
    writeBytes: 0,
    backwardBytes: 0,
    outputBytes: 0,
    saved: [],
  };
  const seconds = (fields: object, sequences = 1) =>
    operatorSeconds(on, choice, { ...counts, kind: 'operator', ...fields }, sequences);
  const gemm = { m: 2048, n: 8192, k: 2048 };
  const flops = 2 * gemm.m * gemm.n * gemm.k;

  it('that is a product takes what a linear layer of its shape does', () => {
    const one = { ...counts, gemm, forwardFlops: flops, backwardFlops: 2 * flops, parameters: gemm.n * gemm.k };
    expect(seconds(one, 3)).toEqual(operatorSeconds(on, choice, { ...one, kind: 'matmul' }, 3));
  });

  it('that is as many products as its FLOPs say takes their time', () => {
    const one = seconds({ gemm, forwardFlops: flops, backwardFlops: 2 * flops });
    const eight = seconds({ gemm, forwardFlops: 8 * flops, backwardFlops: 16 * flops });
    expect(eight.forward).toBeCloseTo(8 * one.forward, 12);
    expect(eight.backwardInput).toBeCloseTo(8 * one.backwardInput, 12);
    // Without parameters there is no gradient of weights that could wait.
    expect(one.backwardWeight).toBe(0);
  });

  it('is bound by its FLOPs or by its bytes, whichever take longer', () => {
    const { matmul, elementwise } = efficiencyOf(on);
    const busy = seconds({ forwardFlops: 1e13, readBytes: 1 });
    expect(1e13 / busy.forward / peakFlopsPerSecond(on, 'bf16')).toBeLessThanOrEqual(matmul);
    const moving = seconds({ forwardFlops: 1, readBytes: 1e9, writeBytes: 1e9, backwardBytes: 4e9 });
    expect(2e9 / moving.forward / on.memoryBytesPerSecond).toBeCloseTo(elementwise, 2);
    expect(moving.backwardInput).toBe(memoryBoundSeconds(on, 4e9));
  });

  it('takes no time where it does nothing', () => {
    expect(seconds({})).toEqual({ forward: 0, backwardInput: 0, backwardWeight: 0 });
  });
});

describe('products of crooked matrices', () => {
  const a100 = accelerator('a100-sxm4-80');

  it('run at a share of the rate where rows begin at multiples of less than 16 bytes', () => {
    const rateOf = (vocabulary: number) => alignmentRate(a100, vocabulary, 2_048, 2);
    expect([50_304, 12_564, 6_282, 50_257].map(rateOf)).toEqual([1, 0.5, 0.46, 0.38]);
    expect(alignmentRate(accelerator('trainium1'), 50_257, 2_048, 2)).toBe(1);
  });
});
