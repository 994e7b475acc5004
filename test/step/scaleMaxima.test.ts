import { expect, it } from 'vitest';
import { findInstance } from '../../src/hardware/catalogue.ts';
import { collectiveSeconds, groupOf } from '../../src/hardware/collectives/index.ts';
import type { StackName } from '../../src/stack/stack.ts';
import { scaleMaxima } from '../../src/step/scaleMaxima.ts';
import type { UnitContext } from '../../src/step/unitContext.ts';
import { graphOf, stack } from '../graph/make.ts';

const groupOfRanks = (ranks: number) => groupOf(findInstance('dgx-h100')!, ranks, 1, 8);
const maximaOf = (name: StackName, precision: 'fp8' | 'bf16', ranks: number, unit = 1) => {
  const software = stack(name);
  const graph = graphOf('llama3-8b', { tensor: ranks, sequenceParallel: ranks > 1, sequenceLength: 8192 }, software);
  const choice = { precision, precisionRecipe: software.precisionRecipe };
  return scaleMaxima(graph.units[unit]!, { stack: software, choice, tensorGroup: groupOfRanks(ranks) } as UnitContext);
};

it('agrees on four inputs and on the gradients of seven outputs of a layer of torchtitan in 8 bits', () => {
  const one = collectiveSeconds('all-reduce', 4, groupOfRanks(8));
  expect(maximaOf('fsdp2', 'fp8', 8)).toEqual({ forward: 4 * one, backward: 7 * one });
});

it('has nothing to agree on in 16 bits, on one rank, outside layers, or with scales of earlier steps', () => {
  const nothing = { forward: 0, backward: 0 };
  expect(maximaOf('fsdp2', 'bf16', 8)).toEqual(nothing);
  expect(maximaOf('fsdp2', 'fp8', 1)).toEqual(nothing);
  expect(maximaOf('fsdp2', 'fp8', 8, 0)).toEqual(nothing);
  expect(maximaOf('megatron-core', 'fp8', 8)).toEqual(nothing);
});
