import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeWhole } from '../../src/cli/outputFile.ts';
import { foretrain, job } from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'foretrain-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const spec = { schedule: '1f1b', stages: 4, microbatches: 8, forward: 1, backwardInput: 1, backwardWeight: 1 };

describe('--trace FILE', () => {
  it('writes the step of a job beside its report', async () => {
    const plain = await foretrain(['simulate', '-', '--json'], { stdin: JSON.stringify(job) });
    const path = at('job.trace.json');
    const traced = await foretrain(['simulate', '-', '--json', '--trace', path], { stdin: JSON.stringify(job) });
    expect(traced).toEqual(plain);
    const { traceEvents } = JSON.parse(readFileSync(path, 'utf8'));
    expect(traceEvents.length).toBeGreaterThan(100);
    const text = await foretrain(['simulate', '-', `--trace=${path}`], { stdin: JSON.stringify(job) });
    expect(text.stdout).toContain(`Trace: ${path}, ${traceEvents.length} events. One step is shown`);
  });

  it('writes a schedule by itself', async () => {
    const path = at('schedule.trace.json');
    const { status, stdout, stderr } = await foretrain(['schedule', '-', '--trace', path, '--json'], {
      stdin: JSON.stringify(spec),
    });
    expect([status, stderr, JSON.parse(stdout).makespan]).toEqual([0, '', 33]);
    expect(JSON.parse(readFileSync(path, 'utf8')).otherData.title).toBe('1f1b, 4 stages, 8 microbatches');
  });

  it('leaves no file where the job is wrong, and the old one where there was one', async () => {
    const path = at('kept.json');
    writeFileSync(path, 'old');
    const { status } = await foretrain(['simulate', '-', '--trace', path], { stdin: '{}' });
    expect([status, readFileSync(path, 'utf8')]).toEqual([2, 'old']);
  });

  it.each([
    [['--trace', 'FOLDER/nowhere/t.json'], /^--trace: .*there is no folder .*nowhere; make it first$/],
    [['--trace', 'FOLDER'], /^--trace: .* is a folder; give the path of a file$/],
    [['--trace'], /^--trace: is missing its FILE; write --trace FILE$/],
    [['--trace='], /^--trace: is missing its FILE/],
    [['--trace', '--json'], /^--trace: is missing its FILE/],
    [['--jsonl', '--trace', 'FOLDER/t.json'], /^--trace: goes with one job, not with --jsonl/],
  ])('%j: one sentence and exit status 2', async (words, fault) => {
    const args = words.map((word) => word.replace('FOLDER', folder));
    const { status, stdout, faults } = await foretrain(['simulate', '-', ...args], { stdin: JSON.stringify(job) });
    expect([status, stdout]).toEqual([2, '']);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });
});

describe('writeWhole', () => {
  it('keeps the old file and leaves nothing beside it where writing fails half way', async () => {
    const inside = at('whole');
    mkdirSync(inside);
    const path = join(inside, 'file.json');
    writeFileSync(path, 'old');
    const failing = writeWhole(path, '--trace', async (sink) => {
      await sink.write('half');
      throw new Error('power cut');
    });
    await expect(failing).rejects.toThrow('power cut');
    expect(readdirSync(inside)).toEqual(['file.json']);
    expect(readFileSync(path, 'utf8')).toBe('old');
    await writeWhole(path, '--trace', (sink) => sink.write('new'));
    expect(readFileSync(path, 'utf8')).toBe('new');
  });

  it('writes what is no ordinary file as it is', async () => {
    await writeWhole('/dev/null', '--trace', (sink) => sink.write('gone'));
    expect(existsSync('/dev/null')).toBe(true);
  });
});
