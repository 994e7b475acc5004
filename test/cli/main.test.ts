import { describe, expect, it } from 'vitest';
import { summaries } from '../../src/cli/help.ts';
import { expectGolden } from '../golden/golden.ts';
import { foretrain } from './harness.ts';

describe('help', () => {
  it('lists the commands that there are, and no other', async () => {
    const { status, stdout, stderr } = await foretrain(['--help']);
    expect([status, stderr]).toEqual([0, '']);
    expectGolden('help.txt', stdout);
    for (const [name] of summaries) expect(stdout).toContain(`\n  ${name} `);
  });

  it('is short, with an example, where nothing is asked', async () => {
    const { status, stdout } = await foretrain([]);
    expect(status).toBe(0);
    expect(stdout).toContain('foretrain simulate job.json');
  });

  it.each(summaries.map(([name]) => name))('says more about %s, wherever --help stands', async (name) => {
    const { status, stdout, stderr } = await foretrain([name, '--nonsense', 'x', '--help']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: foretrain ${name}`));
    expect((await foretrain(['-h', name])).stdout).toBe(stdout);
    expectGolden(`help-${name}.txt`, stdout);
  });

  it('does not offer options of other versions', async () => {
    const { stdout } = await foretrain(['simulate', '--help']);
    expect(stdout).not.toMatch(/--(html|launch)/);
  });
});

it('prints its name and version', async () => {
  expect(await foretrain(['--version'])).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^foretrain \d+\.\d+\.\d+\n$/),
  });
});

describe('a command line that cannot be', () => {
  it.each([
    [['plan', 'nowhere.json'], 'nowhere.json: there is no such file'],
    [['partition'], 'JOB.json: is missing; give the path of a job or a graph, or - for standard input'],
    [['calibrate'], 'MEASURED.jsonl: is missing; give the path of a file of runs, or - for standard input'],
    [['simulat', 'x.json'], 'simulat: there is no such command; did you mean foretrain simulate?'],
    [['toString'], 'toString: there is no such command; there are simulate, '],
    [['--json'], '--json: give a command first: simulate, '],
    [['simulate', 'job.json', '--calibration', 'nowhere.json'], 'nowhere.json: there is no such file'],
    [['simulate', 'job.json', '--html=x.html'], '--html: this version cannot do that yet'],
    [['simulate', 'job.json', '--jsn'], '--jsn: foretrain simulate has no such option; did you mean --json?'],
    [['simulate', 'job.json', '--json=yes'], '--json: takes no value'],
    [['models', '-x'], '-x: foretrain models has no such option'],
    [['models', 'gpt3'], 'gpt3: foretrain models takes no arguments'],
    [['simulate', 'a.json', 'b.json'], 'b.json: foretrain simulate takes one JOB.json'],
    [['simulate'], 'JOB.json: is missing; give the path of a job, or - for standard input'],
    [['schedule', '--json'], 'SPEC.json: is missing'],
    [['simulate', 'nowhere.json'], 'nowhere.json: there is no such file'],
    [['simulate', 'test'], 'test: is a folder'],
    [['validate', 'korthikant'], 'korthikant: there is no such set of measurements; did you mean korthikanti?'],
    [['validate', 'nowhere.jsonl'], 'nowhere.jsonl: there is no such file'],
  ])('%j', async (args, fault) => {
    const { status, stdout, faults } = await foretrain(args);
    expect(stdout).toBe('');
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
    expect(status).toBe(2);
  });

  it('names every fault of its options', async () => {
    const { faults } = await foretrain(['simulate', '--html', 'x', '--wrong', '--launch', 'y']);
    expect(faults.map((line) => line.slice(0, line.indexOf(':')))).toEqual(['--html', '--wrong', '--launch']);
  });

  it('writes a fault as one line, whatever its text', async () => {
    const { faults } = await foretrain(['simulate', `two\nlines\u001b[31m${'x'.repeat(5000)}.json`]);
    expect(faults).toHaveLength(1);
    expect(faults[0]).not.toContain('\u001b');
    expect(faults[0].length).toBeLessThanOrEqual(600);
  });
});

it('prints help instead of waiting for a person to type a job', async () => {
  for (const args of [
    ['simulate', '-'],
    ['simulate', '--jsonl'],
    ['schedule', '-'],
    ['validate', '-'],
    ['calibrate', '-'],
  ]) {
    const { status, stdout, stderr } = await foretrain(args, { stdinIsTTY: true });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^Usage: foretrain /);
  }
});

describe('colours', () => {
  const coloured = async (env: Record<string, string>, args: readonly string[] = [], stdoutIsTTY = true) =>
    (await foretrain(['stacks', ...args], { stdoutIsTTY, env })).stdout.includes('\u001b[');

  it('go to a terminal, and nowhere else', async () => {
    expect(await coloured({})).toBe(true);
    expect(await coloured({}, [], false)).toBe(false);
  });

  it('go away where someone says no; an empty NO_COLOR says nothing', async () => {
    expect(await coloured({ NO_COLOR: '1' })).toBe(false);
    expect(await coloured({ NO_COLOR: '' })).toBe(true);
    expect(await coloured({ TERM: 'dumb' })).toBe(false);
    expect(await coloured({}, ['--no-color'])).toBe(false);
    expect(await coloured({}, ['--json'])).toBe(false);
  });
});
