import { expect, it } from 'vitest';
import { findInstance } from '../../src/hardware/catalogue.ts';
import { collectiveSeconds, groupOf } from '../../src/hardware/collectives/index.ts';
import { readJob } from '../../src/job/index.ts';
import { simulateDetailed } from '../../src/simulate.ts';

const simulated = (precision: string, stack: object, placement = 'PDT') =>
  simulateDetailed(
    readJob({
      model: 'llama3-70b',
      cluster: { instance: 'dgx-h100', count: 8 },
      stack: { name: 'megatron-core', ...stack },
      training: { sequenceLength: 8_192, globalBatchSize: 128, precision },
      parallelism: { tensor: 4, pipeline: 4, data: 4, virtualStages: 5, placement, partitioner: 'uniform' },
    }),
  ).stages;

/** Four layers to a virtual stage, four linears to a layer, three fp32 maxima to a linear. */
const bytes = 4 * 4 * 3 * 4;
const onDgx = (ranks: number, stride: number) =>
  collectiveSeconds('all-reduce', bytes, groupOf(findInstance('dgx-h100')!, ranks, stride, 64));

it('ends every pass with the maxima of all ranks that hold the same layers, with delayed scaling', () => {
  const [first] = simulated('fp8', {});
  expect(first!.forwardDataComm).toBe(onDgx(16, 1));
  expect(first!.backwardDataComm).toBe(onDgx(16, 1));
});

it('crosses more instances where other stages lie between the ranks', () => {
  const [first] = simulated('fp8', {}, 'DPT');
  expect(first!.forwardDataComm).toBe(onDgx(16, 2));
  expect(onDgx(16, 2)).toBeGreaterThan(onDgx(16, 1));
});

it('has nothing to agree on with scales of the moment, or in 16 bits', () => {
  for (const [first] of [simulated('fp8', { precisionRecipe: 'current' }), simulated('bf16', {})]) {
    expect(first!.forwardDataComm).toBe(0);
    expect(first!.backwardDataComm).toBe(0);
  }
});
