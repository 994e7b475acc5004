import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { simulate } from '../../src/simulate.ts';
import { linesOf } from '../job/jobs.ts';

/** GPT-2 in eight stages of three layers each: embedding and head make them unequal. */
const report = (parallelism: object, model: unknown = 'gpt2-355m') =>
  simulate(
    readJob({
      model,
      cluster: { instance: 'p4d.24xlarge', count: 1 },
      stack: 'megatron-2021',
      training: { sequenceLength: 1024, globalBatchSize: 64, precision: 'fp16' },
      parallelism: { pipeline: 8, ...parallelism },
    }),
  );

const busiest = ({ partition }: ReturnType<typeof report>) =>
  Math.max(...partition.stages.map((stage) => stage.forwardSeconds + stage.backwardSeconds));
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

describe('cuts between operators', () => {
  const layers = report({});
  const operators = report({ cutAt: 'operator' });

  it('leave the model whole', () => {
    expect(total(operators.partition.stages.map((stage) => stage.layers))).toBe(24);
    expect(total(operators.partition.stages.map((stage) => stage.parameters))).toBe(operators.paddedParameters);
    expect(total(operators.partition.stages.map((stage) => stage.operators))).toBe(
      total(layers.partition.stages.map((stage) => stage.operators)),
    );
  });

  it('have a less busy device than cuts between layers', () => {
    expect(busiest(operators)).toBeLessThan(busiest(layers));
    expect(operators.partition.imbalance).toBeLessThan(layers.partition.imbalance);
  });

  it('send what crosses: inside a layer more than the hidden states', () => {
    const hidden = layers.partition.stages[0].sendBytes;
    const sent = operators.partition.stages.slice(0, -1).map(({ sendBytes }) => sendBytes);
    expect(Math.min(...sent)).toBeGreaterThanOrEqual(hidden);
    const inside = report({ pipeline: 2, cutAt: 'operator', cutsAfter: ['layer.9.attention.core'] });
    expect(inside.partition.stages[0].sendBytes).toBeGreaterThan(hidden);
  });

  it('cost together what layers do', () => {
    const seconds = ({ partition }: ReturnType<typeof report>) =>
      total(partition.stages.map((stage) => stage.forwardSeconds + stage.backwardSeconds));
    expect(seconds(operators) / seconds(layers)).toBeCloseTo(1, 2);
  });
});

describe('cuts that must be', () => {
  it('are there, after a unit', () => {
    const { stages } = report({ pipeline: 4, cutsAfter: ['layer.1', 'transformer.layer.3'] }).partition;
    const ends = stages.map((_, index) => total(stages.slice(0, index + 1).map(({ layers }) => layers)));
    expect(ends).toEqual(expect.arrayContaining([2, 4, 24]));
  });

  it('are there, after an operator', () => {
    const { stages } = report({ pipeline: 2, cutAt: 'operator', cutsAfter: ['layer.9.attention.core'] }).partition;
    expect(stages.map(({ layers }) => layers)).toEqual([10, 14]);
  });

  it.each([
    [{ cutsAfter: ['layer.9.attention.core'] }, 'embedding and layer.0, layer.1, … do, and with cutAt operator'],
    [{ cutAt: 'operator', cutsAfter: ['layer.9.attention.cor'] }, 'layer.9 has input_norm, attention.query_key_value'],
    [{ cutAt: 'operator', cutsAfter: ['decoder.9'] }, 'embedding, layer.0 and so on do'],
  ])('name something: %j', (parallelism, would) => {
    const [line] = linesOf(() => report(parallelism));
    expect(line).toMatch(/^parallelism.cutsAfter: ".*" names nothing after which a stage may end; /);
    expect(line).toContain(would);
  });
});

it('more virtual stages than operators are a fault', () => {
  const model = { family: 'gpt', layers: 1, hiddenSize: 64, attentionHeads: 2, vocabularySize: 100 };
  const parallelism = { pipeline: 8, virtualStages: 8, cutAt: 'operator' };
  expect(linesOf(() => report(parallelism, model))[0]).toMatch(
    /^parallelism.pipeline: makes 64 virtual stages of only/,
  );
});
