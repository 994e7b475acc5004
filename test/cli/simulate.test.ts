import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/step/report.ts';
import { foretrain, job } from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'foretrain-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const parallelism = (changes: object) => ({ ...job, parallelism: { ...job.parallelism, ...changes } });

describe('one job', () => {
  it('prints the report as one JSON document and a newline', async () => {
    const { status, stdout, stderr } = await foretrain(['simulate', file('job.json', job), '--json']);
    expect([status, stderr]).toEqual([0, '']);
    const report: Report = JSON.parse(stdout);
    expect(stdout).toBe(`${JSON.stringify(report, null, 2)}\n`);
    expect(report.name).toBe('small');
    expect(stdout).not.toMatch(/: null/);
  });

  it('prints text for people, with the layout, the pipeline and the price', async () => {
    const { status, stdout } = await foretrain(['simulate', '-'], { stdin: JSON.stringify(job) });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^small\n(Fits|Does not fit):/);
    for (const part of ['tensor 2 · pipeline 4', 'Stages', 'Where the time goes', 'Pipeline (', 'The whole run', '$']) {
      expect(stdout).toContain(part);
    }
  });

  it('answers a job that does not fit', async () => {
    const big = { ...job, model: 'gpt3-175b' };
    const { status, stdout } = await foretrain(['simulate', file('big.json', big), '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).fits).toBe(false);
  });
});

describe('a model file', () => {
  const model = {
    name: 'mine',
    family: 'gpt',
    layers: 8,
    hiddenSize: 1024,
    attentionHeads: 16,
    vocabularySize: 50257,
    maxSequenceLength: 2048,
  };

  it('is found beside the job that names it', async () => {
    mkdirSync(join(folder, 'models'));
    file('models/mine.json', model);
    const path = file('with-model.json', { ...job, name: undefined, model: 'models/mine.json' });
    const { status, stdout, stderr } = await foretrain(['simulate', path, '--json']);
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout).name).toMatch(/^mine/);
  });

  it.each([
    ['models/none.json', 'model: there is no file models/none.json'],
    ['cut.json', 'model: cut.json, line 1'],
    ['.', 'model: . cannot be read as a file'],
    ['gpt3-175', 'model: '],
  ])('%s is a fault of the job', async (name, fault) => {
    file('cut.json', '{ "family": "gp');
    const { status, stdout, faults } = await foretrain(['simulate', file('bad-model.json', { ...job, model: name })]);
    expect([status, stdout]).toEqual([2, '']);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });
});

describe('a job that cannot be', () => {
  const text = JSON.stringify(job);

  it.each([
    [
      'an unknown instance',
      { ...job, cluster: { instance: 'p4d.24xlrge', count: 1 } },
      /^cluster\.instance: .*p4d\.24xlarge/,
    ],
    ['a tensor degree that does not divide', parallelism({ tensor: 7 }), /^parallelism\.tensor: /],
    ['more virtual stages than units', parallelism({ pipeline: 8, tensor: 1, virtualStages: 64 }), /^parallelism\./],
    [
      'a batch that is not divisible',
      {
        ...job,
        training: { ...job.training, globalBatchSize: 17 },
        parallelism: { ...job.parallelism, tensor: 1, pipeline: 2 },
      },
      /^training\.globalBatchSize: /,
    ],
    ['a negative number', parallelism({ microBatchSize: -1 }), /^parallelism\.microBatchSize: /],
    ['NaN', text.replace('2048', 'NaN'), /^line 1,? column \d+: /],
    ['an empty file', '', /^line 1,? column 1: /],
    ['JSON cut in the middle', text.slice(0, text.length / 2), /^line 1,? column \d+: /],
    ['noise', '\u0000\ufffd\u0001'.repeat(1000), /^line 1,? column 1: /],
    ['a list', '[]', /: /],
  ])('%s: one sentence and exit status 2', async (_, content, fault) => {
    for (const json of [[], ['--json']]) {
      const { status, stdout, faults } = await foretrain(['simulate', file('bad.json', content), ...json]);
      expect([status, stdout]).toEqual([2, '']);
      expect(faults).toHaveLength(1);
      expect(faults[0]).toMatch(fault);
    }
  });

  it('names all faults of a job, each on its line', async () => {
    const bad = { ...parallelism({ tensor: 7, recompute: 'some' }), cluster: { instance: 'nowhere', count: 1 } };
    const { faults } = await foretrain(['simulate', file('bad.json', bad)]);
    expect(faults.length).toBeGreaterThanOrEqual(2);
  });
});

describe('a stream of jobs', () => {
  it('answers every line in order, errors in place, blank lines skipped, and exits with 0', async () => {
    const named = (name: string) => JSON.stringify({ ...job, name });
    const lines = [named('first'), '', 'rubbish', '   ', named('second'), '{"model":"gpt3-1.3b"}', named('third')];
    const { status, stdout, stderr } = await foretrain(['simulate', '--jsonl'], { stdin: lines.join('\n') });
    expect([status, stderr]).toEqual([0, '']);
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map((answer) => answer.name ?? 'error')).toEqual(['first', 'error', 'second', 'error', 'third']);
    expect(Object.keys(answers[1].error)).toEqual(['path', 'message', 'faults']);
    expect(answers[1].error.path).toMatch(/^line 3,? column /);
    expect(answers[3].error.faults.length).toBeGreaterThan(1);
    expect(answers[3].error).toMatchObject(pathAndMessage(answers[3].error.faults[0]));
  });

  const pathAndMessage = ({ path, message }: { path: string; message: string }) => ({ path, message });

  it('answers nothing with nothing', async () => {
    expect(await foretrain(['simulate', '--jsonl'])).toMatchObject({ status: 0, stdout: '' });
  });

  it('reads a file of jobs as well', async () => {
    const path = file('jobs.jsonl', `${JSON.stringify(job)}\n`);
    const { status, stdout } = await foretrain(['simulate', '--jsonl', path]);
    expect([status, JSON.parse(stdout).name]).toEqual([0, 'small']);
    expect(await foretrain(['simulate', '--jsonl', 'nowhere.jsonl'])).toMatchObject({ status: 2, stdout: '' });
  });
});
