import type { Style } from './style.ts';

/** A solid bar, `fraction` of `width` columns long; anything above zero shows at least a sliver. */
export function renderBar(fraction: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * width * 8);
  const part = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8];
  return '█'.repeat(Math.floor(eighths / 8)) + (eighths === 0 && fraction > 0 ? '▏' : part);
}

/** A part of a stacked bar. */
export interface BarPart {
  readonly size: number;
  readonly glyph: string;
}

/**
 * Parts one after the other, with a mark at the capacity; what lies beyond it is red.
 *
 * @param parts sizes in the unit of `scale`
 * @param capacity where the mark stands
 * @param scale what the whole width stands for
 * @param width columns without the mark
 */
export function renderStackedBar(
  parts: readonly BarPart[],
  capacity: number,
  scale: number,
  width: number,
  { paint }: Style,
): string {
  const cells = Array.from({ length: width }, (_, cell) => glyphAt(parts, ((cell + 0.5) / width) * scale)).join('');
  const mark = Math.min(width, Math.round((capacity / scale) * width));
  const beyond = cells.slice(mark).trimEnd();
  return `${cells.slice(0, mark)}${paint.dim('│')}${beyond === '' ? '' : paint.red(beyond)}`;
}

function glyphAt(parts: readonly BarPart[], position: number): string {
  let end = 0;
  for (const { size, glyph } of parts) {
    end += size;
    if (position < end) return glyph;
  }
  return ' ';
}
