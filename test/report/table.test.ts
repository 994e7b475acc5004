import { expect, it } from 'vitest';
import { createStyle, renderBar, renderTable, shorten, wrap } from '../../src/report/index.ts';

it('aligns words to the left and numbers to the right', () => {
  const table = renderTable(
    [{ head: 'name' }, { head: 'layers', align: 'right' }],
    [
      ['a', '96'],
      ['longer', '8'],
    ],
  );
  expect(table).toBe('  name    layers\n  a           96\n  longer       8\n');
});

it('leaves out a column in which no row has anything', () => {
  expect(renderTable([{ head: 'a' }, { head: 'b' }, { head: 'c' }], [['1', '', '3']])).toBe('  a  c\n  1  3\n');
});

it('aligns coloured cells by what is seen of them', () => {
  const { paint } = createStyle({ colour: true });
  const table = renderTable(
    [{ head: 'a' }, { head: 'b' }],
    [
      [paint.red('xy'), '1'],
      ['z', '2'],
    ],
  );
  expect(table).toBe(`  a   b\n  ${paint.red('xy')}  1\n  z   2\n`);
});

it('shortens the flexible columns where the table is too wide, the last first', () => {
  const table = renderTable(
    [{ head: 'a', narrow: 'shorten' }, { head: 'b' }, { head: 'c', narrow: 'shorten' }],
    [['x'.repeat(20), 'y'.repeat(10), 'z'.repeat(20)]],
    createStyle({ width: 46 }),
  );
  expect(table.split('\n')[1]).toBe(`  ${'x'.repeat(20)}  ${'y'.repeat(10)}  ${'z'.repeat(9)}…`);
});

it('breaks sentences between words and keeps what is too long whole', () => {
  expect(wrap('one two three', 8, '  ')).toBe('one two\n  three\n');
  expect(wrap('  indented text', 30)).toBe('  indented text\n');
  expect(wrap('x'.repeat(12), 8)).toBe(`${'x'.repeat(12)}\n`);
  expect(shorten('abcdef', 4)).toBe('abc…');
  expect(shorten('abcd', 4)).toBe('abcd');
});

it('draws bars of eighths, with a sliver for the least', () => {
  expect(renderBar(0, 4)).toBe('');
  expect(renderBar(0.001, 4)).toBe('▏');
  expect(renderBar(0.5, 4)).toBe('██');
  expect(renderBar(0.53, 4)).toBe('██▏');
  expect(renderBar(7, 4)).toBe('████');
});

it('breaks a text into lines where its column may', () => {
  const table = renderTable(
    [{ head: 'a' }, { head: '', narrow: 'wrap' }],
    [
      ['x', 'one two three four five six seven eight'],
      ['y', 'nine'],
    ],
    createStyle({ width: 29 }),
  );
  expect(table).toBe('  a\n  x  one two three four five\n     six seven eight\n  y  nine\n');
});
