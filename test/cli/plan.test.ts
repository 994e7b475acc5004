import { describe, expect, it } from 'vitest';
import { foretrain } from './harness.ts';

const request = {
  model: 'gpt3-6.7b',
  clusters: [{ instance: 'p4d.24xlarge', counts: [1, 2] }],
  stack: 'megatron-core',
  training: { sequenceLength: 1024, globalBatchSize: 32, precision: 'bf16', tokens: 1e9 },
  search: { context: [1], tensor: [4, 8] },
};

const plan = (words: readonly string[], changes: object = {}) =>
  foretrain(['plan', '-', ...words], { stdin: JSON.stringify({ ...request, ...changes }) });

describe('foretrain plan', () => {
  it('prints one JSON document whose jobs are jobs', async () => {
    const { status, stdout, stderr } = await plan(['--json', '--top', '2']);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ proved: true, plans: [{ rank: 1 }, { rank: 2 }] });
    expect(answer.considered).toBeGreaterThan(1_000);
    expect(answer.simulated).toBeLessThan(answer.considered);
    const [{ job, report, run }] = answer.plans;
    const again = await foretrain(['simulate', '-', '--json'], { stdin: JSON.stringify(job) });
    expect(JSON.parse(again.stdout)).toEqual(report);
    expect(run).toMatchObject({ bookedInstances: job.cluster.count });
    expect(run.usd).toBeGreaterThan(0);
    expect(stdout).not.toMatch(/null|NaN|Infinity/);
  });

  it('prints plans, the frontier and why', async () => {
    const { status, stdout } = await plan([]);
    expect(status).toBe(0);
    expect(stdout).toContain('the best is proved');
    expect(stdout).toContain('How the best plan changes');
    expect(stdout).toContain('Nothing is better in time, dollars and devices at once.');
    expect(stdout).toContain('Why not its neighbours');
    expect(stdout).toContain('What binds');
    for (const line of stdout.split('\n')) expect([...line].length).toBeLessThanOrEqual(120);
  });

  it('tells apart what is placed or offloaded otherwise', async () => {
    const search = {
      ...{ tensor: [4], pipeline: [2], context: [1], microBatchSize: [4], schedule: ['1f1b'], recompute: ['none'] },
      ...{ zeroStage: [1], sequenceParallel: [true], placement: ['PDT', 'DPT'], offload: [{}, { optimizer: true }] },
    };
    const { status, stdout } = await plan([], { clusters: [{ instance: 'p4d.24xlarge', counts: [2] }], search });
    expect(status).toBe(0);
    expect(stdout).toContain('Placement: PDT (#1, #2, #5), DPT (#3, #4).\nOn the host: optimizer (#5).\n');
  });

  it('tells batches and sequence lengths apart where there are several', async () => {
    const training = { sequenceLength: [512, 1024], globalBatchSize: [16, 32], precision: 'bf16', tokens: 1e9 };
    const { status, stdout } = await plan([], { training, search: { ...request.search, pipeline: [1] } });
    expect(status).toBe(0);
    const [, table = ''] = stdout.split('How the best plan changes\n');
    const rows = table.split('\n').slice(0, 9);
    expect(rows[0]).toMatch(/instances +batch +sequence/);
    for (const row of ['16 +512', '32 +512', '16 +1,024', '32 +1,024']) {
      expect(rows.filter((line) => new RegExp(`p4d.24xlarge +${row} `).test(line))).toHaveLength(2);
    }
    for (const line of stdout.split('\n')) expect([...line].length).toBeLessThanOrEqual(120);
  });

  it.each([
    [['plan'], 'REQUEST.json: is missing; give the path of a request, or - for standard input'],
    [['plan', '-', '--top', '0'], '--top: must be a whole number from 1 to 100, not 0'],
    [['plan', '-', '--html', 'x.html'], '--html: this version cannot do that yet'],
  ])('refuses %j', async (words, message) => {
    const { status, stderr } = await foretrain(words, { stdin: JSON.stringify(request) });
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  it('tells faults of a request by their path', async () => {
    const { status, stderr } = await plan([], { search: { tensor: [5] } });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^search\.tensor: leaves no configuration: 5 /);
  });
});
