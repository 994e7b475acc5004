import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { placements } from '../../src/partition/index.ts';
import { simulate } from '../../src/simulate.ts';
import { rankedPlacements } from '../../src/step/placementOrders.ts';
import { rankGraph } from '../../src/step/profiles.ts';

const jobWith = (parallelism: object, changes: object = {}) => ({
  model: 'gpt3-6.7b',
  cluster: { instance: 'p4d.24xlarge', count: 4 },
  stack: 'megatron-2023',
  training: { sequenceLength: 2048, globalBatchSize: 128, precision: 'bf16' },
  ...changes,
  parallelism: { recompute: 'full', ...parallelism },
});

const ranked = (job: object) => rankedPlacements(readJob(job), rankGraph(readJob(job)));
const stepOf = (job: object) => simulate(readJob(job), { evidence: false }).stepTimeSeconds;

const cases = [
  ['tensor within a node', jobWith({ tensor: 8, pipeline: 2, data: 2 })],
  ['a small tensor degree beside pipeline and data', jobWith({ tensor: 2, pipeline: 4, data: 4 })],
  ['data alone against pipeline', jobWith({ pipeline: 8, data: 4 })],
  ['sharding that gathers in every pass', jobWith({ tensor: 4, data: 8, zeroStage: 3 }, { stack: 'fsdp2' })],
  ['one kind of parallelism', jobWith({ data: 32 }, { stack: 'fsdp2' })],
  [
    'a slow network',
    jobWith(
      { tensor: 4, pipeline: 4, data: 2 },
      {
        cluster: { instance: 'p3.16xlarge', count: 4 },
        stack: 'megatron-2021',
        training: { sequenceLength: 1024, globalBatchSize: 64, precision: 'fp16' },
        model: 'gpt2-355m',
      },
    ),
  ],
] as const;

describe('orders of ranks by the closed form', () => {
  it('put the dimension that talks most innermost: tensor', () => {
    for (const { placement } of ranked(jobWith({ tensor: 8, pipeline: 2, data: 2 })).slice(0, 2)) {
      expect(placement.endsWith('T')).toBe(true);
    }
  });

  it('let that cross the nodes which the first letter names', () => {
    // Two nodes of eight: T = 2, P = 2, D = 4 fill them, and only the slowest-varying dimension leaves a node.
    const costs = ranked(
      jobWith({ tensor: 2, pipeline: 2, data: 4 }, { cluster: { instance: 'p4d.24xlarge', count: 2 } }),
    );
    const parts = { D: 'dataSeconds', P: 'pipelineSeconds', T: 'tensorSeconds' } as const;
    for (const [letter, part] of Object.entries(parts)) {
      const crossing = costs.filter(({ placement }) => placement.startsWith(letter)).map((cost) => cost[part]);
      const inside = costs.filter(({ placement }) => !placement.startsWith(letter)).map((cost) => cost[part]);
      expect(Math.min(...crossing)).toBeGreaterThan(Math.max(...inside));
    }
  });

  it('count an order once where ranks are in the same places', () => {
    expect(ranked(jobWith({ data: 32 }, { stack: 'fsdp2' }))).toHaveLength(1);
    expect(ranked(jobWith({ pipeline: 8, data: 4 }))).toHaveLength(2);
    expect(ranked(jobWith({ tensor: 2, pipeline: 4, data: 4 }))).toHaveLength(6);
  });
});

describe('placement auto', () => {
  it.each(cases)('is as fast as the best of all orders: %s', (_, job) => {
    const fixed = placements.map((placement) => stepOf({ ...job, parallelism: { ...job.parallelism, placement } }));
    const auto = stepOf({ ...job, parallelism: { ...job.parallelism, placement: 'auto' } });
    expect(auto).toBe(Math.min(...fixed));
  });

  it('says which order it is, and what the others would take', () => {
    const job = jobWith({ tensor: 2, pipeline: 4, data: 4, placement: 'auto' });
    const { warnings } = simulate(readJob(job));
    expect(
      warnings.filter((warning) => /^Placement auto: [DPT]{3} \(.* a step; [DPT]{3} .*\)\.$/.test(warning)),
    ).toHaveLength(1);
    const alone = simulate(readJob(jobWith({ data: 32, placement: 'auto' }, { stack: 'fsdp2' })));
    expect(alone.warnings).toContain('Placement auto: PDT; every order puts the ranks in the same places.');
  });

  it('looks up published runs once, as any other placement does', () => {
    const job = jobWith({ tensor: 8, pipeline: 2, data: 2 });
    const auto = simulate(readJob({ ...job, parallelism: { ...job.parallelism, placement: 'auto' } }));
    const fixed = simulate(readJob(job));
    expect(auto.nearest.map(({ id }) => id)).toEqual(fixed.nearest.map(({ id }) => id));
  });

  it('goes with recomputation that is left open too', () => {
    const report = simulate(
      readJob(jobWith({ tensor: 8, pipeline: 2, data: 2, placement: 'auto', recompute: 'auto' })),
    );
    expect(report.fits).toBe(true);
    expect(report.warnings.some((warning) => warning.startsWith('Placement auto: '))).toBe(true);
  });
});
