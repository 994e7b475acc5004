import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../src/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'graphology-metis-test-'));
const graph = join(folder, 'ladder.graph');
copyFileSync(fileURLToPath(new URL('fixtures/ladder.graph', import.meta.url)), graph);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: string[]) {
  let out = '';
  let err = '';
  const code = main(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

function partsIn(file: string): number[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n').map(Number);
}

describe('the command', () => {
  it('writes one part a line and prints what gpmetis prints', () => {
    const { code, out, err } = run(graph, '2');
    expect([code, err]).toEqual([0, '']);
    const parts = partsIn(`${graph}.part.2`);
    expect(parts).toHaveLength(20);
    expect(parts.filter((p) => p === 0)).toHaveLength(10);
    for (const words of [
      'Edgecut       2',
      'Volume        4',
      'Balance 0     1.000 out of 0.100 unavoidable',
      'Overweight 0  part 0 weighs 10, its share is 10 (1.000)',
      'Part degrees  max 1, min 1, average 1.00',
      'each part is contiguous',
      'Partition     ',
    ]) {
      expect(out).toContain(words);
    }
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('takes its options', () => {
    const output = join(folder, 'elsewhere');
    const { code, out } = run(
      '--seed',
      '7',
      '--quality=strong',
      graph,
      '--imbalance',
      '0.3',
      '4',
      '--output',
      output,
      '--json',
    );
    expect(code).toBe(0);
    const report: unknown = JSON.parse(out);
    expect(report).toMatchObject({
      parts: 4,
      seed: 7,
      quality: 'strong',
      imbalance: 0.3,
      vertices: 20,
      edges: 28,
      cut: 6,
      feasible: true,
      warnings: [],
      partDegrees: { max: 2, min: 1, average: 1.5 },
      discontiguousParts: 0,
    });
    expect(partsIn(output)).toHaveLength(20);
  });

  it('reads gzipped files', () => {
    const packed = `${graph}.gz`;
    writeFileSync(packed, gzipSync(readFileSync(graph)));
    expect(run(packed, '2').code).toBe(0);
    expect(partsIn(`${packed}.part.2`)).toEqual(partsIn(`${graph}.part.2`));
  });

  it('helps', () => {
    expect(run('--help')).toMatchObject({ code: 0, err: '' });
    expect(run('--help').out).toContain('Usage: graphology-metis FILE K');
  });

  const faults: readonly (readonly [string, readonly string[], string])[] = [
    ['nothing', [], 'FILE and K are needed, but 0 arguments were given. Try --help.'],
    ['no K', [graph], 'FILE and K are needed, but 1 arguments were given. Try --help.'],
    ['a word for K', [graph, 'two'], 'K should be a positive whole number, not `two`.'],
    ['K = 0', [graph, '0'], 'K should be a positive whole number, not `0`.'],
    ['an unknown option', [graph, '2', '--fast'], 'unknown option `--fast`. Try --help.'],
    [
      'an unknown quality',
      [graph, '2', '--quality', 'best'],
      '--quality should be fast, default or strong, not `best`.',
    ],
    ['a word for a seed', [graph, '2', '--seed', 'x'], '--seed should be a whole number, not `x`.'],
    [
      'a negative imbalance',
      [graph, '2', '--imbalance', '-1'],
      '--imbalance should be a non-negative number, not `-1`.',
    ],
    ['no output name', [graph, '2', '--output'], '--output should be followed by a file name.'],
    ['a missing file', [join(folder, 'none'), '2'], `${join(folder, 'none')}: no such file or directory.`],
  ];
  for (const [name, args, sentence] of faults) {
    it(`refuses ${name}`, () => {
      expect(run(...args)).toEqual({ code: 2, out: '', err: `graphology-metis: ${sentence}\n` });
    });
  }

  it('says what is wrong in a file, and writes nothing', () => {
    const broken = join(folder, 'broken.graph');
    writeFileSync(broken, '2 1\n2\n\n');
    const { code, err } = run(broken, '2');
    expect(code).toBe(2);
    expect(err).toBe('graphology-metis: line 2: vertex 1 lists vertex 2, but line 3 does not list vertex 1.\n');
    expect(existsSync(`${broken}.part.2`)).toBe(false);
  });
});
