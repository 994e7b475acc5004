import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { measuredSeconds, parseRows } from '../../src/validate/index.ts';

const folder = new URL('../../validation/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const sets = readdirSync(folder)
  .filter((file) => file.endsWith('.jsonl'))
  .map((file) => ({ set: file.replace('.jsonl', ''), rows: parseRows(read(file), file) }));

/** Rows, rows with a time, rows with a peak of memory, rows that ran out of memory: as the README's table says. */
const expected: Readonly<Record<string, readonly [number, number, number, number]>> = {
  korthikanti: [8, 8, 0, 0],
  'llama-layouts': [511, 226, 0, 285],
  'llm-foundry': [113, 113, 0, 0],
  'zero-bubble': [32, 32, 30, 0],
  bloom: [48, 45, 29, 3],
  dgxc: [42, 42, 0, 0],
  nemo: [14, 14, 0, 0],
  torchtitan: [17, 15, 9, 2],
  'vtrain-multi': [44, 44, 0, 0],
  'vtrain-single': [480, 480, 0, 0],
  neuron: [24, 24, 0, 0],
};

it('has the sets of its README, each with the rows it says', () => {
  const counted = sets.map(({ set, rows }) => [
    set,
    [
      rows.length,
      rows.filter((row) => measuredSeconds(row) !== undefined).length,
      rows.filter((row) => row.measured.peakBytes !== undefined).length,
      rows.filter((row) => row.measured.fits === false).length,
    ],
  ]);
  expect(Object.fromEntries(counted)).toEqual(expected);
  for (const { set } of sets)
    expect(read('README.md')).toContain(`| \`${set}\` | ${expected[set].map((n) => n || '–').join(' | ')} |`);
});

describe.each(sets)('$set', ({ set, rows }) => {
  it('has rows of its own name, each with its own id and a source', () => {
    expect(rows.every((row) => row.set === set && row.source.length > 10)).toBe(true);
    expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
  });
});
