import { describe, expect, it } from 'vitest';
import { boundsOf } from '../../src/planner/bounds/bounds.ts';
import { evaluateOne, plan, readPlanRequest } from '../../src/planner/index.ts';
import { candidates, spaceOf } from '../../src/planner/space/space.ts';

const training = { sequenceLength: 1024, globalBatchSize: 32, precision: 'bf16', tokens: 1e9 };

describe('with saved tensors on the host', () => {
  const request = {
    model: 'llama2-13b',
    cluster: { instance: 'p4d.24xlarge', count: 1 },
    stack: 'megatron-core',
    training,
    search: {
      ...{ offload: [{ activations: true }], context: [1], zeroStage: [0], placement: ['PDT'] },
      ...{ tensor: [4, 8], sequenceParallel: [true], microBatchSize: [1, 2], recompute: 'any' },
    },
  };
  const { cells, search } = readPlanRequest(request);
  const all = [...candidates(spaceOf(cells[0]!, search))].map((candidate) => ({
    candidate,
    ...evaluateOne(cells[0]!.base, candidate),
  }));

  it('a step is often shorter with one more layer recomputed: it copies less', () => {
    const shorter = all.filter(({ candidate: { pipeline, state, recompute }, stepTimeSeconds }, at) => {
      const before = all[at - 1];
      const isBehind = before?.candidate.pipeline === pipeline && before.candidate.state === state;
      return isBehind && typeof recompute === 'object' && stepTimeSeconds < before.stepTimeSeconds;
    });
    expect(shorter.length).toBeGreaterThan(10);
  });

  it('plans are still the fastest of all', async () => {
    const fitting = all.filter(({ fits }) => fits).map(({ stepTimeSeconds }) => stepTimeSeconds);
    const { plans, considered, proved } = await plan(request, { top: 10 });
    expect(plans.map(({ report }) => report.stepTimeSeconds)).toEqual(fitting.toSorted((a, b) => a - b).slice(0, 10));
    expect([considered, proved]).toEqual([all.length, true]);
  });
});

describe('where recomputation is found last of all', () => {
  it.each([
    { stack: 'fsdp2', search: { zeroStage: [2, 3] } },
    { stack: 'megatron-core', search: { offload: [{ activations: 0.5 }] } },
  ])('bounds stay below the step: $stack', ({ stack, search: asked }) => {
    const { cells, search } = readPlanRequest({
      model: 'gpt3-1.3b',
      cluster: { instance: 'p4d.24xlarge', count: 1 },
      stack,
      training,
      search: {
        ...{ recompute: ['auto'], context: [1], schedule: ['1f1b', 'interleaved'], microBatchSize: [1, 4] },
        ...{ sequenceParallel: [true], ...asked },
      },
    });
    const [cell] = cells;
    const found = [...candidates(spaceOf(cell!, search))].filter((_, at) => at % 8 === 0);
    expect(found.length).toBeGreaterThan(10);
    for (const candidate of found) {
      const { stepTimeSeconds, mayFit } = boundsOf(cell!, candidate, 0).of(candidate, true);
      const simulated = evaluateOne(cell!.base, candidate);
      if (!mayFit) expect(simulated.fits).toBe(false);
      else expect(stepTimeSeconds).toBeLessThanOrEqual(simulated.stepTimeSeconds);
    }
  });
});
