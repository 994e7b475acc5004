import { describe, expect, it } from 'vitest';
import { type UnitRecompute, unitMemory } from '../../src/memory/unitMemory.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { graphOf, layerOf, model, stack } from '../graph/make.ts';
import { inFlightOf } from '../step/inFlightOf.ts';

const GIB = 2 ** 30;
const sequenceLength = 2048;

/** A model of arXiv 2205.05198 with the microbatch and the pipeline it is measured with. */
interface Row {
  readonly name: string;
  readonly microBatchSize: number;
  readonly pipeline: number;
  readonly virtualStages: number;
  /** Bytes of a layer on one device, then on each of 8 tensor ranks in four ways. */
  readonly layer: readonly [whole: number, tp: number, tpSp: number, tpSelective: number, spSelective: number];
  /** GiB of the first stage at its peak, without recomputation at tensor 8, and selective with sequence parallelism. */
  readonly firstStage: readonly [tp: number, spSelective: number];
  /** Bytes of a layer of which only the input is kept. */
  readonly input: number;
}

// arXiv 2205.05198 table 2 in numbers: 34sbh + 5as²b and what tensor and sequence parallelism divide of it.
const rows: readonly Row[] = [
  {
    name: 'korthikanti-22b',
    microBatchSize: 4,
    pipeline: 1,
    virtualStages: 1,
    layer: [7_079_985_152, 1_325_400_064, 884_998_144, 654_311_424, 213_909_504],
    firstStage: [59.25, 9.5625],
    input: 100_663_296,
  },
  {
    name: 'korthikanti-175b',
    microBatchSize: 1,
    pipeline: 8,
    virtualStages: 3,
    layer: [2_868_903_936, 578_813_952, 358_612_992, 327_155_712, 106_954_752],
    firstStage: [66.84375, 12.3515625],
    input: 50_331_648,
  },
  {
    name: 'korthikanti-530b',
    microBatchSize: 1,
    pipeline: 35,
    virtualStages: 3,
    layer: [4_110_417_920, 880_803_840, 513_802_240, 545_259_520, 178_257_920],
    firstStage: [114.0234375, 23.076171875],
    input: 83_886_080,
  },
  {
    name: 'korthikanti-1t',
    microBatchSize: 1,
    pipeline: 64,
    virtualStages: 1,
    layer: [5_138_022_400, 1_101_004_800, 642_252_800, 681_574_400, 222_822_400],
    firstStage: [131.25, 26.5625],
    input: 104_857_600,
  },
];

interface Ways {
  readonly tensor: number;
  readonly sequenceParallel: boolean;
  readonly recompute: UnitRecompute;
}

const ways: readonly (readonly [string, Ways])[] = [
  ['on one device', { tensor: 1, sequenceParallel: false, recompute: 'none' }],
  ['with tensor parallelism', { tensor: 8, sequenceParallel: false, recompute: 'none' }],
  ['with tensor and sequence parallelism', { tensor: 8, sequenceParallel: true, recompute: 'none' }],
  ['with tensor parallelism, selective', { tensor: 8, sequenceParallel: false, recompute: 'selective' }],
  ['with tensor and sequence parallelism, selective', { tensor: 8, sequenceParallel: true, recompute: 'selective' }],
];

/** Saved bytes of a layer, norm statistics included. */
function layerBytes(
  name: string,
  { tensor, sequenceParallel, recompute }: Ways,
  microBatchSize: number,
  options: { readonly sequenceLength?: number; readonly software?: Stack } = {},
): number {
  const software = options.software ?? stack('megatron-2021');
  const length = options.sequenceLength ?? sequenceLength;
  const graph = graphOf(name, { tensor, sequenceParallel, sequenceLength: length }, software);
  return unitMemory(layerOf(graph), stack('megatron-2021'), microBatchSize, recompute).savedBytes;
}

/**
 * The same as the paper counts: it leaves out the mean and the reciprocal deviation of both norms, fp32 each, which
 * are 16 bytes a token, divided by sequence parallelism as the norms are.
 */
function paperLayerBytes(name: string, way: Ways, microBatchSize: number): number {
  const divisor = way.sequenceParallel ? way.tensor : 1;
  return layerBytes(name, way, microBatchSize) - (16 * sequenceLength * microBatchSize) / divisor;
}

describe.each(rows)('activations of $name', (row) => {
  it.each(ways.map(([title, way], column) => [title, way, column] as const))('%s, to the byte', (_, way, column) => {
    expect(paperLayerBytes(row.name, way, row.microBatchSize)).toBe(row.layer[column]);
  });

  it('fill the first stage of its pipeline as figure 1 of the paper says', () => {
    const { pipeline, virtualStages, name, microBatchSize } = row;
    const schedule = virtualStages === 1 ? '1f1b' : 'interleaved';
    const [chunks] = inFlightOf(schedule, { stages: pipeline, virtualStages, microbatches: 4 * pipeline });
    const layers = (chunks! * model(name).layers) / (pipeline * virtualStages);
    const [, [, tp], , , [, spSelective]] = ways as readonly [
      unknown,
      (typeof ways)[0],
      unknown,
      unknown,
      (typeof ways)[0],
    ];
    expect((layers * paperLayerBytes(name, tp, microBatchSize)) / GIB).toBe(row.firstStage[0]);
    expect((layers * paperLayerBytes(name, spSelective, microBatchSize)) / GIB).toBe(row.firstStage[1]);
  });

  it('are the input of the layer where it is recomputed, 2sbh', () => {
    const kept = (tensor: number, sequenceParallel: boolean) =>
      layerBytes(row.name, { tensor, sequenceParallel, recompute: 'full' }, row.microBatchSize);
    expect(kept(8, false)).toBe(row.input);
    expect(kept(8, true)).toBe(row.input / 8);
  });
});

describe('activations of a layer with FlashAttention', () => {
  const split: Ways = { tensor: 8, sequenceParallel: true, recompute: 'none' };

  it('of GPT-3 175B are 107,057,152 bytes with dropout and 100,765,696 without: (34 or 32)sbh + 4sba + 16sb, over 8', () => {
    const flash = stack('megatron-2021', { attention: 'flash2' });
    expect(layerBytes('gpt3-175b', split, 1, { software: flash })).toBe(107_057_152);
    const graph = graphOf({ ...model('gpt3-175b'), dropout: 0 }, { tensor: 8, sequenceParallel: true }, flash);
    expect(unitMemory(layerOf(graph), stack('megatron-2021'), 1, 'none').savedBytes).toBe(100_765_696);
  });

  // 8nh + 8n between the regions, 4nae + 4nge + 4na + 6nf inside: what Transformer Engine's fused kernels keep.
  it.each([
    ['llama3-8b', 8192, 1, 1_141_964_800],
    ['llama3-70b', 4096, 1, 1_125_154_816],
    ['llama3-70b', 4096, 2, 562_577_408],
    ['llama3-70b', 4096, 4, 281_288_704],
    ['llama3-70b', 4096, 8, 140_644_352],
    ['llama3.1-405b', 8192, 8, 533_209_088],
  ])('of %s at sequence %d on %d ranks are %d bytes', (name, length, tensor, bytes) => {
    const way: Ways = { tensor, sequenceParallel: tensor > 1, recompute: 'none' };
    const software = stack('megatron-core');
    expect(layerBytes(name, way, 1, { sequenceLength: length, software })).toBe(bytes);
  });

  // Block input, q, v, w1 and w2, attention output and log-sum-exp: 2(h + ae + ge + ae + f + h) + 4a a token.
  it('of Llama 3 8B are 63,616 bytes a token under the per-operator policy of torchtitan', () => {
    const software = stack('fsdp2');
    const way: Ways = { tensor: 1, sequenceParallel: false, recompute: 'selective-op' };
    expect(layerBytes('llama3-8b', way, 2, { sequenceLength: 8192, software })).toBe(1_042_284_544);
  });

  it('lose next to nothing by selective recomputation', () => {
    const flash = stack('megatron-2023');
    const kept = (recompute: UnitRecompute) => layerBytes('gpt3-175b', { ...split, recompute }, 1, { software: flash });
    expect(kept('selective')).toBeLessThan(kept('none'));
    expect(kept('selective') / kept('none')).toBeGreaterThan(0.99);
  });
});

describe('scores of attention without dropout', () => {
  // Autograd keeps the fp32 softmax and its 16-bit copy; the fused kernel only its 16-bit output.
  it.each([
    ['unfused', 0.1, 7],
    ['fused-softmax', 0.1, 5],
    ['unfused', 0, 6],
    ['fused-softmax', 0, 2],
  ] as const)('%s attention with dropout %d keeps %d bytes a score', (attention, dropout, bytes) => {
    const software = stack('megatron-2021', { attention });
    const graph = graphOf({ ...model('gpt3-175b'), dropout }, {}, software);
    const none = unitMemory(layerOf(graph), stack('megatron-2021'), 1, 'none').savedBytes;
    const selective = unitMemory(layerOf(graph), stack('megatron-2021'), 1, 'selective').savedBytes;
    expect(none - selective).toBe(bytes * 96 * sequenceLength ** 2);
  });
});

describe('the loss of 4,096 tokens over a vocabulary of 128,256', () => {
  /** Bytes alive at the peak of the loss: what is saved of the logits, and what its backward pass adds. */
  function peak(software: Stack): number {
    const graph = graphOf('llama3-8b', { sequenceLength: 4096 }, software);
    const head = graph.units.at(-1)!;
    const memory = unitMemory(head, stack('megatron-2021'), 1, 'none');
    const loss = head.operators.find((operator) => operator.kind === 'loss')!;
    return memory.lossTransientBytes + loss.saved.reduce((sum, tensor) => sum + tensor.bytes, 0);
  }

  it('takes 6 bytes a logit in Megatron: fp32 softmax and 16-bit gradient', () => {
    expect(peak(stack('megatron-2021'))).toBe(3_152_019_456);
  });

  it('takes 14 bytes a logit in PyTorch: 16-bit logits, fp32 copy, log-softmax and gradient', () => {
    expect(peak(stack('deepspeed'))).toBe(7_354_712_064);
  });
});

describe('unitMemory', () => {
  const modes = ['none', 'selective', 'full'] as const;

  it('is proportional to the sequences of a microbatch', () => {
    for (const unit of new Set(graphOf('gpt3-1.3b').units)) {
      for (const recompute of modes) {
        const one = unitMemory(unit, stack('megatron-2021'), 1, recompute);
        const three = unitMemory(unit, stack('megatron-2021'), 3, recompute);
        expect(three.savedBytes).toBe(3 * one.savedBytes);
        expect(three.recomputedBytes).toBe(3 * one.recomputedBytes);
        expect(three.gradientBytes).toBe(3 * one.gradientBytes);
      }
    }
  });

  it('makes up for what recomputation drops while one layer is computed again', () => {
    const layer = layerOf(graphOf('gpt3-175b', { tensor: 8 }));
    const [none, selective, full] = modes.map((recompute) => unitMemory(layer, stack('megatron-2021'), 1, recompute));
    expect(selective!.savedBytes).toBeLessThan(none!.savedBytes);
    expect(full!.savedBytes).toBeLessThan(selective!.savedBytes);
    expect(none!.recomputedBytes).toBe(0);
    for (const { savedBytes, recomputedBytes } of [selective!, full!]) {
      expect(savedBytes + recomputedBytes).toBe(none!.savedBytes);
    }
  });
});
