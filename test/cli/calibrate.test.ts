import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { foretrain, job } from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'foretrain-calibration-'));
afterAll(() => rmSync(folder, { recursive: true }));

const text = JSON.stringify(job);
const stepTime = async (args: readonly string[] = []) => {
  const { stdout } = await foretrain(['simulate', '-', '--json', ...args], { stdin: text });
  return JSON.parse(stdout).stepTimeSeconds as number;
};

describe('foretrain calibrate', () => {
  it('prints a file that brings the forecast to what was measured', async () => {
    const plain = await stepTime();
    const measured = 1.2 * plain;
    const lines = Array.from({ length: 8 }, () => JSON.stringify({ job, measured: { stepTimeSeconds: measured } }));
    const { status, stdout, stderr } = await foretrain(['calibrate', '-'], { stdin: lines.join('\n') });
    expect([status, stderr]).toEqual([0, '']);
    const { entries } = JSON.parse(stdout);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ accelerator: 'a100-sxm4-40', stack: 'megatron-2021', rows: 8 });

    const path = join(folder, 'calibration.json');
    writeFileSync(path, stdout);
    const nearer = await stepTime(['--calibration', path]);
    expect(Math.abs(nearer / measured - 1)).toBeLessThan(0.03);
    const { stdout: streamed } = await foretrain(['simulate', '--jsonl', '--calibration', path], { stdin: text });
    expect(JSON.parse(streamed).stepTimeSeconds).toBe(nearer);
  });

  it.each([
    ['not json', /calibration\.json, line 1, column 1: /],
    [
      '{ "entries": [{ "accelerator": "x", "stack": "y", "hostTime": -1 }] }',
      /, entries\.0\.hostTime: must be a factor/,
    ],
  ])('refuses a wrong file with its name: %s', async (content, fault) => {
    const path = join(folder, 'calibration.json');
    writeFileSync(path, content);
    const { status, stdout, faults } = await foretrain(['simulate', '-', '--calibration', path], { stdin: text });
    expect([status, stdout]).toEqual([2, '']);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });

  it('names the lines that are no runs', async () => {
    const stdin = `rubbish\n\n${JSON.stringify({ job: { ...job, model: 'gpt9' }, measured: { stepTimeSeconds: 1 } })}`;
    const { status, faults } = await foretrain(['calibrate', '-'], { stdin });
    expect(status).toBe(2);
    expect(faults[0]).toMatch(/^standard input line 1: is not JSON; /);
    expect(faults[1]).toMatch(/^standard input line 3, model: /);
  });
});

/** Files that load when one is loaded, and packages: imports that are types, or made later, do not count. */
function loadedWith(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (!file.endsWith('.ts')) return seen;
  const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s+'([^']+)';/gm);
  for (const [statement, specifier] of imports) {
    // `import { type A, type B } from` is left out by the compiler as well, but its file is loaded.
    if (statement === undefined || specifier === undefined) continue;
    loadedWith(specifier.startsWith('.') ? resolve(dirname(file), specifier) : specifier, seen);
  }
  return seen;
}

describe('help', () => {
  const source = (file: string) => fileURLToPath(new URL(`../../src/cli/${file}`, import.meta.url));

  it.each(['main.ts', 'simulate.ts', 'calibrate.ts', 'validate.ts', 'schedule.ts'])(
    'loads no statistics and no published runs with %s',
    (file) => {
      const loaded = [...loadedWith(source(file))];
      expect(
        loaded.filter((name) => name === 'simple-statistics' || /\/src\/(evidence|validate|step)\//.test(name)),
      ).toEqual([]);
    },
  );

  it('finds them where they are', () => {
    expect([...loadedWith(source('simulateLines.ts'))]).toContain('simple-statistics');
  });
});
