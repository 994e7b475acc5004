import { plainStyle, type Style, visibleWidth } from './style.ts';
import { shorten, wrapLines } from './wrap.ts';

/** One column of a table. */
export interface Column {
  readonly head: string;
  /** Numbers to the right, words to the left (the default). */
  readonly align?: 'left' | 'right';
  /** What gives way where the table is too wide, the last column first: `shorten` cuts a text, `wrap` breaks it into lines. */
  readonly narrow?: 'shorten' | 'wrap';
}

const GAP = '  ';
const INDENT = '  ';
const LEAST_WIDTH = { shorten: 8, wrap: 24 } as const;

/**
 * Columns under their heads, aligned, indented by two. Columns in which no row has anything are left out.
 *
 * @param rows one text a column; a text may carry colours where its column never gives way
 * @returns lines, each ending in a newline
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Style = plainStyle,
): string {
  const kept = columns.map((_, index) => index).filter((index) => rows.some((row) => (row[index] ?? '') !== ''));
  const widths = fitWidths(columns, rows, kept, style.width);
  const line = (cells: readonly string[]) =>
    `${INDENT}${kept.map((index) => pad(cells[index] ?? '', widths[index], columns[index])).join(GAP)}`.trimEnd();
  const heads = columns.map((column) => column.head);
  const lines = heads.some((head) => head !== '') ? [style.paint.dim(line(heads))] : [];
  for (const row of rows) lines.push(...rowLines(row, columns, widths).map(line));
  return lines.map((text) => `${text}\n`).join('');
}

/** The width of every column: that of its widest text, less where the table would not fit. */
function fitWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  kept: readonly number[],
  width: number,
): number[] {
  const widths = columns.map(({ head }, index) =>
    Math.max(visibleWidth(head), ...rows.map((row) => visibleWidth(row[index] ?? ''))),
  );
  let over = kept.reduce((sum, index) => sum + widths[index] + GAP.length, INDENT.length - GAP.length) - width;
  for (const index of kept.toReversed()) {
    const { narrow } = columns[index];
    if (over <= 0) break;
    if (narrow === undefined) continue;
    const cut = Math.min(over, Math.max(0, widths[index] - LEAST_WIDTH[narrow]));
    widths[index] -= cut;
    over -= cut;
  }
  return widths;
}

/** A row as one line, or as many as its longest broken text takes. */
function rowLines(row: readonly string[], columns: readonly Column[], widths: readonly number[]): readonly string[][] {
  const cells = row.map((text, index) =>
    columns[index].narrow === 'wrap'
      ? wrapLines(text, widths[index])
      : [shortenCell(text, widths[index], columns[index])],
  );
  const height = Math.max(1, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) => cells.map((lines) => lines[at] ?? ''));
}

function shortenCell(text: string, width: number, { narrow }: Column): string {
  return narrow === 'shorten' ? shorten(text, width) : text;
}

function pad(text: string, width: number, { align = 'left' }: Column): string {
  const blank = ' '.repeat(Math.max(0, width - visibleWidth(text)));
  return align === 'right' ? blank + text : text + blank;
}
