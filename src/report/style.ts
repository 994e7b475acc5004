import picocolors from 'picocolors';

/** Colours of a terminal: picocolors' functions, which do nothing where the stream has none. */
export type Palette = ReturnType<typeof picocolors.createColors>;

/** How wide a text may be and what colours it may use; decided by whoever owns the stream. */
export interface Style {
  /** Columns, at least 40. */
  readonly width: number;
  readonly paint: Palette;
}

/** No colour, and a width that any editor and any mail shows whole. */
export const plainStyle: Style = { width: 100, paint: picocolors.createColors(false) };

/** A style for a stream. */
export function createStyle(options: { readonly width?: number; readonly colour?: boolean } = {}): Style {
  return { width: options.width ?? plainStyle.width, paint: picocolors.createColors(options.colour ?? false) };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what it is about
const escapeCode = /\u001b\[[\d;]*m/g;

/** Columns that a text takes on a terminal: its characters without the codes for colour. */
export function visibleWidth(text: string): number {
  return text.includes('\u001b') ? [...text.replace(escapeCode, '')].length : [...text].length;
}
