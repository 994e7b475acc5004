import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { job } from './harness.ts';

/** The program as it is installed: the build in `dist`, which `npm ci` and `npm run build` make. */
const program = fileURLToPath(new URL('../../bin/foretrain.js', import.meta.url));
const built = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'foretrain-'));
afterAll(() => rmSync(folder, { recursive: true }));

const foretrain = (args: readonly string[], input = '') =>
  spawnSync(process.execPath, [program, ...args], { input, encoding: 'utf8', maxBuffer: 1e9 });

it('is built', () => {
  expect(existsSync(built), 'run `npm run build` first').toBe(true);
});

it('ends with the status of what it did', () => {
  expect(foretrain(['--version'])).toMatchObject({ status: 0, stderr: '' });
  expect(foretrain(['simulate', '-', '--json'], JSON.stringify(job))).toMatchObject({ status: 0, stderr: '' });
  expect(foretrain(['simulate', '-'], 'rubbish')).toMatchObject({ status: 2, stdout: '' });
  expect(foretrain(['simulate', '--jsonl'], 'rubbish\n')).toMatchObject({ status: 0, stderr: '' });
});

it('refuses 50 MB of noise with one sentence', () => {
  const noise = Buffer.alloc(50 * 1024 ** 2);
  for (let at = 0, state = 1; at < noise.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    noise[at] = state >>> 24;
  }
  const path = join(folder, 'noise.json');
  writeFileSync(path, noise);
  const { status, stdout, stderr } = foretrain(['simulate', path]);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  writeFileSync(path, noise.subarray(0, 1024 ** 2));
  const lines = foretrain(['simulate', '--jsonl', path]);
  expect([lines.status, lines.stderr]).toEqual([0, '']);
});

it('ends quietly where nobody reads on', async () => {
  const child = spawn(process.execPath, [program, 'simulate', '--jsonl'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  // The child stops reading as well.
  child.stdin.on('error', () => {});
  const line = `${JSON.stringify(job)}\n`;
  child.stdin.write(line.repeat(200));
  await once(child.stdout, 'data');
  child.stdout.destroy();
  child.stdin.write(line.repeat(200));
  const [status] = await once(child, 'exit');
  expect([status, stderr]).toEqual([0, '']);
});

it('prints its help without loading what forecasts', () => {
  // What V8 covers of a run is what the run loaded.
  const coverage = mkdtempSync(join(folder, 'coverage-'));
  const { status } = spawnSync(process.execPath, [program, '--help'], { env: { NODE_V8_COVERAGE: coverage } });
  expect(status).toBe(0);
  const loaded = readdirSync(coverage)
    .flatMap((file): { url: string }[] => JSON.parse(readFileSync(join(coverage, file), 'utf8')).result)
    .flatMap(({ url }) => url.split('/dist/')[1] ?? []);
  expect(loaded).toContain('cli/main.js');
  expect(loaded.filter((file) => !/^(cli\/|errors|nearest)/.test(file))).toEqual([]);
});
