import { describe, expect, it } from 'vitest';
import { scoreTraffic } from '../../src/graph/scoreTraffic.ts';
import type { AttentionKernel, StackName } from '../../src/stack/stack.ts';
import { model, sharding, stack } from './make.ts';

function traffic(software: StackName, name: string, elementBytes: 2 | 4, attention: AttentionKernel = 'fused-softmax') {
  return scoreTraffic({
    stack: stack(software, { attention }),
    model: model(name),
    sharding: sharding({ elementBytes }),
  });
}

describe('bytes that cross memory for a score of attention', () => {
  it('are counted pass by pass where one kernel scales, masks and takes the softmax', () => {
    // Written by one product, read and written by the softmax, read by the other product; a mask of dropout is a byte.
    expect(traffic('megatron-2021', 'llama2-7b', 2)).toEqual({ kept: 2, forward: 8, backward: 14, gradient: 2 });
    expect(traffic('megatron-2021', 'gpt3-6.7b', 2)).toEqual({ kept: 5, forward: 13, backward: 19, gradient: 2 });
    expect(traffic('megatron-2021', 'gpt3-6.7b', 4)).toEqual({ kept: 9, forward: 25, backward: 37, gradient: 4 });
  });

  it('are more where kernels of their own scale, mask and convert to fp32, which the softmax keeps', () => {
    expect(traffic('megatron-2021', 'llama2-7b', 2, 'unfused')).toMatchObject({ kept: 6, forward: 33, backward: 41 });
    expect(traffic('megatron-2021', 'gpt3-6.7b', 2, 'unfused')).toMatchObject({ kept: 7, forward: 38, backward: 46 });
  });

  it('are those of every step on NeuronCores where dropout follows, as no script fuses the softmax then', () => {
    // Ten and thirteen passes of GPT-3, two more each of BERT, which scales by itself; dropout with its random numbers.
    expect(traffic('neuronx-distributed', 'gpt3-6.7b', 2)).toEqual({ kept: 5, forward: 34, backward: 31, gradient: 2 });
    expect(traffic('neuronx-distributed', 'bert-large', 2)).toMatchObject({ forward: 38, backward: 35 });
    expect(traffic('neuronx-distributed', 'bert-large', 4)).toMatchObject({ kept: 9, forward: 66, backward: 69 });
    expect(traffic('neuronx-distributed', 'llama2-7b', 2)).toEqual(traffic('megatron-2021', 'llama2-7b', 2));
  });
});
