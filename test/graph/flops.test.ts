import { describe, expect, it } from 'vitest';
import { models } from '../../src/graph/catalogue.ts';
import { attentionCoreFlops, layerForwardFlops, modelFlops } from '../../src/graph/flops.ts';
import type { ModelSpec } from '../../src/graph/model.ts';
import { divides, graphOf, layerOf, model, total, unitTotal } from './make.ts';

/** GPTs of the shape that the papers' formulas are for: heads as wide as the model, feed-forward four times as wide. */
const papersGpts = models
  .map((entry) => entry.model)
  .filter(({ family, hiddenSize, attentionHeads, headSize, feedForwardSize }) => {
    return family === 'gpt' && attentionHeads * headSize === hiddenSize && feedForwardSize === 4 * hiddenSize;
  });

/** arXiv 2205.05198 appendix A, equation 7: model FLOPs of a batch. */
function korthikanti(spec: ModelSpec, B: number, s: number, V: number): number {
  const { layers: L, hiddenSize: h } = spec;
  return 72 * B * L * s * h ** 2 * (1 + s / (6 * h) + V / (12 * h * L));
}

/** arXiv 2104.04473 equation 3: the same with every layer's forward pass computed twice. */
function narayanan(spec: ModelSpec, B: number, s: number, V: number): number {
  const { layers: l, hiddenSize: h } = spec;
  return 96 * B * s * l * h ** 2 * (1 + s / (6 * h) + V / (16 * l * h));
}

const PRECISE = 1e-12;
const expectEqual = (found: number, wanted: number) => expect(Math.abs(found / wanted - 1)).toBeLessThan(PRECISE);

const paddedOf = (spec: ModelSpec, tensor: number) => Math.ceil(spec.vocabularySize / (128 * tensor)) * 128 * tensor;

describe('FLOPs of the graph', () => {
  const cases = papersGpts.flatMap((spec) =>
    [1, 8].filter((tensor) => divides(spec, tensor)).map((tensor) => [spec.name, tensor, spec] as const),
  );

  it('are held against the formulas for many models', () => expect(cases.length).toBeGreaterThan(25));

  it.each(cases)('of %s on %d ranks are the model FLOPs of arXiv 2205.05198', (_, tensor, spec) => {
    const sequenceLength = Math.min(1024, spec.maxSequenceLength);
    const graph = graphOf(spec, { tensor, sequenceLength });
    const ranks = tensor * total(graph, (operator) => operator.forwardFlops + operator.backwardFlops);
    expectEqual(ranks, korthikanti(spec, 1, sequenceLength, paddedOf(spec, tensor)));
  });

  it.each(cases)('of %s on %d ranks with full recomputation are equation 3 of arXiv 2104.04473', (_, tensor, spec) => {
    const sequenceLength = spec.maxSequenceLength;
    const graph = graphOf(spec, { tensor, sequenceLength });
    const once = total(graph, (operator) => operator.forwardFlops + operator.backwardFlops);
    const again = spec.layers * unitTotal(layerOf(graph), (operator) => operator.forwardFlops);
    expectEqual(tensor * (once + again), narayanan(spec, 1, sequenceLength, paddedOf(spec, tensor)));
  });

  it('double in the backward pass, operator by operator', () => {
    for (const name of ['gpt3-175b', 'llama3-70b', 'bert-large']) {
      const sequenceLength = 512;
      for (const unit of graphOf(name, { sequenceLength }).units) {
        for (const operator of unit.operators) expect(operator.backwardFlops).toBe(2 * operator.forwardFlops);
      }
    }
  });

  it('are those of its products, and nothing else has any', () => {
    for (const operator of layerOf(graphOf('llama3-70b', { tensor: 8 })).operators) {
      if (operator.kind === 'attention') continue;
      const { m, n, k } = operator.gemm ?? { m: 0, n: 0, k: 0 };
      expect(operator.forwardFlops, operator.module).toBe(2 * m * n * k);
    }
  });
});

describe('modelFlops', () => {
  it.each(papersGpts.map((spec) => [spec.name, spec] as const))(
    'of %s is the formula of arXiv 2205.05198',
    (_, spec) => {
      for (const sequenceLength of [512, spec.maxSequenceLength]) {
        expectEqual(modelFlops(spec, sequenceLength), korthikanti(spec, 1, sequenceLength, spec.vocabularySize));
        expectEqual(modelFlops(spec, sequenceLength, 51_200), korthikanti(spec, 1, sequenceLength, 51_200));
      }
    },
  );

  it.each(models.map((entry) => [entry.model.name, entry.model] as const))(
    'of %s is what its graph adds up to',
    (_, spec) => {
      // BERT's pooler works on one token: it has parameters and no FLOPs to speak of.
      const sequenceLength = Math.min(2048, spec.maxSequenceLength);
      const graph = graphOf(spec, { sequenceLength });
      const counted = total(graph, ({ module, forwardFlops, backwardFlops }) =>
        module === 'pooler' ? 0 : forwardFlops + backwardFlops,
      );
      expectEqual(counted, modelFlops(spec, sequenceLength, paddedOf(spec, 1)));
    },
  );

  it('splits into layers and their attention cores as the graph does', () => {
    for (const name of ['gpt3-175b', 'llama3.1-405b']) {
      const layer = layerOf(graphOf(name));
      expectEqual(
        unitTotal(layer, (operator) => operator.forwardFlops),
        layerForwardFlops(model(name), 2048),
      );
      const core = unitTotal(layer, ({ kind, forwardFlops }) => (kind === 'attention' ? forwardFlops : 0));
      expectEqual(core, attentionCoreFlops(model(name), 2048));
    }
  });
});
