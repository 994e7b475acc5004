import { describe, expect, it } from 'vitest';
import type { ValidationJson } from '../../src/validate/index.ts';
import { foretrain, job } from './harness.ts';

describe('validate', () => {
  it('answers with the scores and the rows of the sets asked for', async () => {
    const { status, stdout, stderr } = await foretrain(['validate', 'korthikanti', 'zero-bubble', '--json']);
    expect([status, stderr]).toEqual([0, '']);
    const { sets, rows }: ValidationJson = JSON.parse(stdout);
    expect(sets.map(({ set, rows: count, scored }) => [set, count, scored])).toEqual([
      ['korthikanti', 8, 8],
      ['zero-bubble', 32, 32],
    ]);
    expect(stdout).not.toMatch(/: null/);
    expect(rows).toHaveLength(40);
    const errors = rows.slice(0, 8).map((row) => Math.abs(row.error ?? 0));
    expect(sets[0].mape).toBeCloseTo(errors.reduce((sum, error) => sum + error) / 8, 12);
    expect(sets[0].worst).toBeCloseTo(Math.max(...errors), 12);
    for (const { breakdownSeconds = {}, predicted } of rows) {
      const parts = Object.values(breakdownSeconds);
      expect(parts.every((seconds) => seconds > 0)).toBe(true);
      expect(parts.reduce((sum, seconds) => sum + seconds)).toBeCloseTo(predicted ?? 0, 6);
    }
  });

  it('fits the constant that the set is known to have', async () => {
    const { stdout } = await foretrain(['validate', 'korthikanti', '--json']);
    const { sets }: ValidationJson = JSON.parse(stdout);
    expect(sets[0].constantMape).toBeCloseTo(0.149, 3);
  });

  it('prints a table for people', async () => {
    const { status, stdout } = await foretrain(['validate', 'korthikanti']);
    expect(status).toBe(0);
    for (const part of ['mean error', 'one constant', 'korthikanti-gpt-22b-full', 'predicted', 'measured']) {
      expect(stdout).toContain(part);
    }
  });

  const row = (changes: object = {}) =>
    JSON.stringify({ id: 'a', set: 'mine', source: 'my own', job, measured: { stepTimeSeconds: 3 }, ...changes });

  it('scores measurements of one’s own', async () => {
    const stdin = [row(), row({ id: 'b', job: { ...job, model: 'no-such-model' } })].join('\n');
    const { status, stdout } = await foretrain(['validate', '-', '--json'], { stdin });
    expect(status).toBe(0);
    const { sets, rows }: ValidationJson = JSON.parse(stdout);
    expect(sets).toMatchObject([{ set: 'mine', rows: 2, scored: 2, answered: 1, notModelled: 1 }]);
    expect(rows[1].refused?.[0]).toMatch(/^model: /);
  });

  it('refuses a file without measurements, and names the lines that are none', async () => {
    expect(await foretrain(['validate', '-'])).toMatchObject({
      status: 2,
      faults: [expect.stringMatching(/^standard input: has no measurements/)],
    });
    const { status, stdout, faults } = await foretrain(['validate', '-'], { stdin: `${row()}\nrubbish\n{}` });
    expect([status, stdout]).toEqual([2, '']);
    expect(faults.map((line) => line.split(':')[0])).toEqual(['standard input line 2', 'standard input line 3']);
  });

  it('says nothing of its progress where nobody watches', async () => {
    const { stderr } = await foretrain(['validate', 'korthikanti']);
    expect(stderr).toBe('');
  });
});
