import { describe, expect, it } from 'vitest';
import { visibleWidth } from '../../src/report/index.ts';
import { foretrain } from './harness.ts';

const listings = ['models', 'instances', 'schedules', 'stacks'];

describe.each(listings)('foretrain %s', (name) => {
  it('prints a table that fits, with a line for each', async () => {
    const entries: readonly unknown[] = JSON.parse((await foretrain([name, '--json'])).stdout);
    const { status, stdout, stderr } = await foretrain([name]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').length).toBeGreaterThan(entries.length);
    expect(Math.max(...stdout.split('\n').map(visibleWidth))).toBeLessThanOrEqual(120);
  });

  it('prints one JSON document: plain objects with names and sources, and no null', async () => {
    const { status, stdout } = await foretrain([name, '--json']);
    expect(status).toBe(0);
    expect(stdout.endsWith(']\n')).toBe(true);
    expect(stdout).not.toMatch(/: null/);
    const entries: readonly { name: string; source?: unknown; sources?: unknown }[] = JSON.parse(stdout);
    expect(entries.length).toBeGreaterThan(5);
    expect(new Set(entries.map((entry) => entry.name)).size).toBe(entries.length);
    for (const entry of entries) expect(entry.source ?? entry.sources).toBeTruthy();
  });
});

it('knows what a reader looks for', async () => {
  const models = (await foretrain(['models'])).stdout;
  expect(models).toMatch(/gpt3-175b +gpt +174,604,259,328 +96 +12,288 +96/);
  const instances = (await foretrain(['instances'])).stdout;
  expect(instances).toMatch(/p4d\.24xlarge .* 8 .*40\.0 GiB +312 +400 +\d+\.\d\d +\d{4}-\d\d/);
  expect(instances).toMatch(/mi300x-platform .*–\n/);
});
