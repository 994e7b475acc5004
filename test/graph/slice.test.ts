import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sum } from '../../src/graph/operator.ts';
import {
  bytesAcross,
  chainOfOperators,
  chainOfUnits,
  crossingBytes,
  piecesBetween,
  sliceUnit,
} from '../../src/graph/slice.ts';
import { readJob } from '../../src/job/readJob.ts';
import { rankGraph } from '../../src/step/profiles.ts';

const graph = rankGraph(
  readJob({
    model: 'gpt2-124m',
    cluster: { instance: 'p4d.24xlarge', count: 1 },
    training: { sequenceLength: 1024, globalBatchSize: 8 },
    parallelism: { tensor: 2 },
  }),
);
const layer = graph.units[1];

describe('a slice', () => {
  it('is the unit itself where it has all of it, and else the same object each time', () => {
    expect(sliceUnit(layer, 0, layer.operators.length)).toBe(layer);
    expect(sliceUnit(layer, 1, 3)).toBe(sliceUnit(graph.units[2], 1, 3));
    expect(sliceUnit(layer, 1, 3).share).toBe(2 / layer.operators.length);
  });

  it('has each tensor that enters once', () => {
    // Before the second operator: the norm's output, and the layer's input for the residual.
    const [norm] = layer.operators;
    expect(crossingBytes(layer, 1)).toBe(layer.boundaryBytes + norm.outputBytes);
    expect(crossingBytes(layer, 0)).toBe(layer.boundaryBytes);
  });
});

describe('a chain', () => {
  it.each([
    ['units', chainOfUnits(graph), 14],
    ['operators', chainOfOperators(graph), sum(graph.units, (unit) => unit.operators.length)],
  ] as const)('of %s puts pieces together again', (_, chain, length) => {
    expect(chain.length).toBe(length);
    expect(piecesBetween(chain, 0, length).map(({ unit }) => unit)).toEqual(graph.units);
    fc.assert(
      fc.property(fc.nat(length), fc.nat(length), (a, b) => {
        const cuts = [0, Math.min(a, b), Math.max(a, b), length];
        const pieces = cuts.slice(1).flatMap((to, index) => piecesBetween(chain, cuts[index], to));
        expect(pieces.flatMap(({ unit }) => unit.operators)).toEqual(graph.units.flatMap((unit) => unit.operators));
        // A unit counts once, where it begins.
        expect(pieces.filter(({ begins }) => begins).map(({ index }) => index)).toEqual([...graph.units.keys()]);
      }),
    );
  });

  it('sends the hidden states between units, whatever it may be cut at', () => {
    const operators = chainOfOperators(graph);
    const position = operators.places.findIndex(({ unit }) => unit === 5);
    expect(bytesAcross(operators, position)).toBe(bytesAcross(chainOfUnits(graph), 5));
  });
});
