import { describe, expect, it } from 'vitest';
import { models } from '../../src/graph/catalogue.ts';
import { parameterCount } from '../../src/graph/parameters.ts';
import { paddedVocabulary } from '../../src/graph/transformer.ts';
import { stacks } from '../../src/stack/index.ts';
import { divides, graphOf, layerOf, model, stack, total, unitTotal } from './make.ts';

const wholeParameters = (graph: ReturnType<typeof graphOf>) => total(graph, (operator) => operator.wholeParameters);

describe('parameters of the graph', () => {
  const cases = models.flatMap(({ model: spec }) =>
    [1, 8].filter((tensor) => divides(spec, tensor)).map((tensor) => [spec.name, tensor, spec] as const),
  );

  it.each(cases)('of %s at tensor %d sum to the count of the model, vocabulary padded and not', (_, tensor, spec) => {
    for (const software of [stack('megatron-2021'), stack('deepspeed')]) {
      const vocabularySize = paddedVocabulary(spec, software, tensor);
      const graph = graphOf(spec, { tensor }, software);
      expect(wholeParameters(graph), software.name).toBe(parameterCount(spec, { vocabularySize }));
    }
  });

  // Brown et al. 2020 and the checkpoints' own totals.
  it.each([
    ['gpt3-175b', 174_604_259_328],
    ['llama3-70b', 70_553_706_496],
    ['llama3.1-405b', 405_853_388_800],
    ['bert-large', 335_141_888],
  ])('of %s are %d in a stack that pads no vocabulary', (name, count) => {
    expect(wholeParameters(graphOf(name, {}, stack('deepspeed')))).toBe(count);
    expect(parameterCount(model(name))).toBe(count);
  });

  it('of GPT-3 175B are 174,615,846,912 where the vocabulary is padded to 51,200', () => {
    expect(paddedVocabulary(model('gpt3-175b'), stack('megatron-2021'), 8)).toBe(51_200);
    expect(wholeParameters(graphOf('gpt3-175b', { tensor: 8 }))).toBe(174_615_846_912);
    expect(parameterCount(model('gpt3-175b'), { vocabularySize: 51_200 })).toBe(174_615_846_912);
  });

  it('are the same whatever the stack fuses or overlaps', () => {
    for (const software of stacks) {
      const vocabularySize = paddedVocabulary(model('llama3-8b'), software, 4);
      const counted = parameterCount(model('llama3-8b'), { vocabularySize });
      expect(wholeParameters(graphOf('llama3-8b', { tensor: 4 }, software)), software.name).toBe(counted);
    }
  });
});

describe('one rank of a tensor group', () => {
  it('holds 226,576,896 parameters of a layer of GPT-3 175B at tensor 8: (12h² + 7h) / 8 + 6h', () => {
    const rank = unitTotal(layerOf(graphOf('gpt3-175b', { tensor: 8 })), (operator) => operator.parameters);
    const h = 12_288;
    expect(rank).toBe((12 * h * h + 7 * h) / 8 + 6 * h);
    expect(rank).toBe(226_576_896);
  });

  it('holds an equal part of every matrix, and norms and row-parallel biases whole', () => {
    for (const tensor of [1, 2, 4, 8]) {
      for (const operator of layerOf(graphOf('gpt3-175b', { tensor })).operators) {
        const copied = operator.kind === 'norm' ? operator.wholeParameters : 0;
        const bias = operator.kind === 'matmul' && /projection|down/.test(operator.module) ? 12_288 : 0;
        const cut = operator.wholeParameters - copied - bias;
        expect(operator.parameters, operator.module).toBe(cut / tensor + copied + bias);
      }
    }
  });

  it('marks the tied embedding at both ends of the model and counts it once', () => {
    const tied = (name: string) =>
      graphOf(name).units.flatMap(({ kind, operators }) =>
        operators.filter((operator) => operator.tied !== undefined).map((operator) => ({ kind, operator })),
      );
    const ends = tied('gpt3-175b');
    expect(ends.map(({ kind }) => kind)).toEqual(['embedding', 'head']);
    expect(new Set(ends.map(({ operator }) => operator.tied)).size).toBe(1);
    expect(ends.map(({ operator }) => operator.wholeParameters)).toEqual([50_304 * 12_288, 0]);
    expect(tied('llama3-8b')).toEqual([]);
  });

  it('replicates key–value heads where there are fewer of them than ranks', () => {
    const heads = (tensor: number) =>
      unitTotal(layerOf(graphOf('llama3-70b', { tensor })), (operator) => operator.parameters);
    // Eight key–value heads: at tensor 16 each rank still needs one of them, 2 · 8192 · 128 parameters.
    const keysAndValues = 2 * 8_192 * 128;
    const norms = 2 * 8_192;
    expect(heads(16) - norms - keysAndValues).toBe((heads(8) - norms - keysAndValues) / 2);
  });
});
