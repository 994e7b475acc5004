import { describe, expect, it } from 'vitest';
import { plan } from '../../src/planner/index.ts';

const request = {
  model: 'gpt3-1.3b',
  clusters: [
    { instance: 'p5.48xlarge', counts: [2, 1] },
    { instance: 'p4d.24xlarge', counts: [1, 2] },
  ],
  stack: 'megatron-core',
  training: { sequenceLength: 1024, globalBatchSize: [64, 32], precision: 'bf16', tokens: 1e10 },
  search: { tensor: [1, 2], pipeline: [1], context: [1], placement: ['PDT'], offload: [{}], recompute: ['none'] },
};

describe('how the best plan changes', () => {
  it('is told by instances, batch and count, with efficiency over the smallest count of the same batch', async () => {
    const { scaling, frontier, plans } = await plan(request);
    expect(scaling.map((one) => [one.instance, one.globalBatchSize, one.count])).toEqual([
      ['p5.48xlarge', 32, 1],
      ['p5.48xlarge', 32, 2],
      ['p5.48xlarge', 64, 1],
      ['p5.48xlarge', 64, 2],
      ['p4d.24xlarge', 32, 1],
      ['p4d.24xlarge', 32, 2],
      ['p4d.24xlarge', 64, 1],
      ['p4d.24xlarge', 64, 2],
    ]);
    scaling.forEach((point, at) => {
      const smallest = scaling[at - (at % 2)]!;
      const perDevice = (one: typeof point) => one.tokensPerSecond / one.devices;
      expect(point.scalingEfficiency).toBeCloseTo(perDevice(point) / perDevice(smallest), 12);
      expect(point.tokensPerSecond).toBeCloseTo((point.globalBatchSize * 1024) / point.stepTimeSeconds, 6);
      expect(point.job.training).toMatchObject({ globalBatchSize: point.globalBatchSize, sequenceLength: 1024 });
    });
    // By default the most tokens a second win, not the shortest step.
    const most = Math.max(...scaling.map((one) => one.tokensPerSecond));
    expect(plans[0]!.report.tokensPerSecond).toBeCloseTo(most, 6);
    const shortest = Math.min(...scaling.map((one) => one.stepTimeSeconds));
    expect(plans[0]!.report.stepTimeSeconds).toBeGreaterThan(shortest);
    for (const point of frontier) expect(scaling).toContainEqual(point);
  });

  it('keeps what constraints leave out, and says why; and says what has no plan', async () => {
    const { scaling, frontier, warnings, plans } = await plan({
      ...request,
      clusters: [{ instance: 'p4d.24xlarge', counts: [1, 2, 3] }],
      training: { ...request.training, globalBatchSize: 64 },
      search: { ...request.search, data: [8, 16] },
      constraints: { maximumDays: 0.5 },
    });
    expect(scaling.map(({ count, leftOut }) => [count, leftOut !== undefined])).toEqual([
      [1, true],
      [2, false],
    ]);
    expect(frontier.map(({ count }) => count)).toEqual([2]);
    expect(plans.every(({ job }) => job.cluster.count === 2)).toBe(true);
    expect(warnings).toEqual([
      'Left out: 3 p4d.24xlarge: nothing that is allowed divides devices, model and batch.',
      expect.stringMatching(/^Left out: 1 p4d.24xlarge: the run takes 0\.\d days, more than 0\.5\.$/),
    ]);
  });
});
