import { describe, expect, it } from 'vitest';
import { efficiencyOf } from '../../src/hardware/efficiency.ts';
import type { KernelChoice } from '../../src/hardware/kernels/choice.ts';
import { flashRate } from '../../src/hardware/kernels/flashCurves.ts';
import { matmulSeconds } from '../../src/hardware/kernels/matmul.ts';
import { narrowFormat } from '../../src/hardware/kernels/narrow.ts';
import type { AttentionKernel } from '../../src/stack/stack.ts';
import { accelerator } from './make.ts';

type Format = KernelChoice['precision'];

/** A product alone, its operands read once from memory. */
function productSeconds(name: string, precision: Format, m: number, n: number, k: number, rate = 1): number {
  const operandBytes = narrowFormat(precision, 'delayed')?.operandBytes ?? 2;
  return matmulSeconds(accelerator(name), precision, { m, n, k }, (m * k + k * n) * operandBytes, 2 * m * n, rate);
}

/** A product in the forward pass, that for the gradient of its input and that for the gradient of its weight. */
function trainingSeconds(name: string, precision: Format, m: number, n: number, k: number): number {
  const { inputGradientProducts } = efficiencyOf(accelerator(name));
  const on = (...shape: [number, number, number]) => productSeconds(name, precision, ...shape);
  return on(m, n, k) + productSeconds(name, precision, m, k, n, inputGradientProducts) + on(k, n, m);
}

/**
 * TFLOP/s of square products, random operands, after 10,000 others: the power limit is felt.
 * @source Azure/AI-benchmarking-guide 3bb66ca (A100), f350e7e (H100), 0126c30 (H200), egmsft/AI-benchmarking-guide 0682f76 (GB200), 18e80a2 (GB300)
 */
const squares: readonly (readonly [name: string, precision: Format, teraflops: Readonly<Record<number, number>>])[] = [
  ['a100-sxm4-80', 'fp16', { 4096: 228, 8192: 253.7, 16384: 256.5 }],
  ['h100-sxm5-80', 'fp8', { 8192: 1_290.1, 16384: 1_377.3, 32768: 1_382.2 }],
  ['h200-sxm-141', 'fp8', { 8192: 1_300.6, 16384: 1_366.3, 32768: 1_349.5 }],
  ['gb200-gpu', 'fp8', { 8192: 2_781.5, 16384: 2_819.5, 32768: 2_755.3 }],
  ['gb300-gpu', 'fp8', { 8192: 3_286.3, 16384: 3_308.5, 32768: 3_271.3 }],
];

describe('products that go on for long', () => {
  for (const [name, precision, teraflops] of squares) {
    it(`take as long as published on ${name}: alone in 16 bits, in a step up to a fifth longer in 8`, () => {
      for (const side of Object.keys(teraflops).map(Number)) {
        const published = (2 * side ** 3) / (teraflops[side]! * 1e12);
        const longer =
          precision === 'fp16'
            ? productSeconds(name, precision, side, side, side) / published
            : trainingSeconds(name, precision, side, side, side) / (3 * published);
        expect(longer, `${side}`).toBeGreaterThan(precision === 'fp16' ? 0.96 : 1.09);
        expect(longer, `${side}`).toBeLessThan(precision === 'fp16' ? 1.04 : 1.2);
      }
    });
  }

  /** 15,872 tokens through a layer 4,096 wide with 16,384 between: a product forward and two backward for each. */
  const layer = [
    [12_288, 4_096],
    [4_096, 4_096],
    [16_384, 4_096],
    [4_096, 16_384],
  ] as const;
  const tokens = 15_872;

  it('take up to a sixth longer in a step than in a layer profiled on a B300', () => {
    // NVIDIA/TransformerEngine 8f2e635, docs/examples/gemm_profiling: operands quantized beforehand.
    const published = { bf16: 13.1e-3, fp8: 6.812e-3, mxfp8: 7.161e-3, nvfp4: 3.764e-3 };
    for (const [precision, seconds] of Object.entries(published) as [Format, number][]) {
      const ours = layer.reduce((sum, [n, k]) => sum + trainingSeconds('b300-sxm-288', precision, tokens, n, k), 0);
      expect(ours / seconds, precision).toBeGreaterThan(1.07);
      expect(ours / seconds, precision).toBeLessThan(1.17);
    }
  });

  it('are quantized for in the time that was measured, every operand one way', () => {
    let elements = 0;
    for (const [n, k] of layer) elements += 2 * (tokens * k + n * k + tokens * n);
    /** Milliseconds of the layer with quantization and without. @source the same, on an H200 NVL and on a B300 */
    const measured = [
      ['h200-sxm-141', 'fp8', 'delayed', 18.978, 16.785],
      ['h200-sxm-141', 'fp8', 'current', 20.285, 16.785],
      ['b300-sxm-288', 'fp8', 'current', 9.147, 6.812],
      ['b300-sxm-288', 'mxfp8', 'delayed', 8.984, 7.161],
      ['b300-sxm-288', 'nvfp4', 'delayed', 6.453, 3.764],
    ] as const;
    for (const [name, precision, recipe, quantizing, without] of measured) {
      const { castBytes, operandBytes, castBandwidth } = narrowFormat(precision, recipe)!;
      const rate = accelerator(name).memoryBytesPerSecond * castBandwidth;
      const ours = (1e3 * elements * (castBytes - operandBytes)) / rate;
      expect(ours / (quantizing - without), `${name} ${precision} ${recipe}`).toBeGreaterThan(0.9);
      expect(ours / (quantizing - without), `${name} ${precision} ${recipe}`).toBeLessThan(1.1);
    }
  });
});

describe('measured products of a part', () => {
  it('change what its products reach, of its own format only', () => {
    const h100 = accelerator('h100-sxm5-80');
    const { matmul, matmul8bit, norm } = efficiencyOf(h100);
    const faster = efficiencyOf({ ...h100, measuredMatmulFlopsPerSecond: { bf16: 1.1 * 794.5e12, fp8: 1_382.2e12 } });
    expect(faster.matmul).toBeCloseTo(1.1 * matmul, 12);
    expect(faster.matmul8bit).toBeCloseTo(matmul8bit, 12);
    expect(faster.norm).toBe(norm);
    // A generation of which no part was measured: as far above its steps as on the A100.
    const l40s = accelerator('l40s');
    const { bf16 } = l40s.flopsPerSecond;
    const measured = efficiencyOf({ ...l40s, measuredMatmulFlopsPerSecond: { bf16: 0.8 * bf16! } });
    expect(measured.matmul).toBeCloseTo(0.8 / (271.2 / 312 / 0.8), 12);
  });
});

describe('attention kernels on Blackwell', () => {
  /** TFLOP/s forward and backward at 2,048 to 16,384 tokens, causal, heads of 128. @source NVIDIA/cudnn-frontend, sdpa_benchmark_training */
  const measured: readonly (readonly [string, AttentionKernel, string, readonly (readonly [number, number])[]])[] = [
    [
      'gb200-gpu',
      'flash3',
      'd48a60e',
      [
        [1_069, 655],
        [1_386, 1_054],
        [1_584, 1_211],
        [1_668, 1_304],
      ],
    ],
    [
      'b200-sxm-180',
      'flash3',
      '0b1577c',
      [
        [908, 545],
        [1_141, 833],
        [1_384, 995],
        [1_475, 1_152],
      ],
    ],
    [
      'gb300-gpu',
      'flash3',
      'bb37575',
      [
        [594, 487],
        [1_145, 893],
        [1_496, 1_130],
        [1_702, 1_268],
      ],
    ],
    [
      'gb200-gpu',
      'flash2',
      'd48a60e',
      [
        [336, 268],
        [387, 311],
        [414, 338],
        [430, 352],
      ],
    ],
    [
      'b200-sxm-180',
      'flash2',
      'bb37575',
      [
        [254, 199],
        [343, 273],
        [400, 318],
        [425, 337],
      ],
    ],
  ];

  for (const [name, kernel, commit, rates] of measured) {
    it(`run at the published rate: ${kernel} on ${name} (${commit})`, () => {
      const off = rates.map(([forward, backward], at) => {
        const both = 3.5e12 / (1 / forward + 2.5 / backward);
        return Math.abs(flashRate(accelerator(name), kernel, 128, 2_048 * 2 ** at, true).flopsPerSecond / both - 1);
      });
      // Short sequences were measured with few blocks, and with launches in the time.
      expect(Math.max(...off.slice(1))).toBeLessThan(0.19);
      expect(off.reduce((total, each) => total + each, 0) / off.length).toBeLessThan(0.2);
    });
  }
});
