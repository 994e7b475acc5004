import { type Style, visibleWidth } from './style.ts';

/** A text cut to a width, with an ellipsis for what is gone. */
export function shorten(text: string, width: number): string {
  if (visibleWidth(text) <= width) return text;
  return `${[...text].slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** A text broken between words into lines of at most a width; a longer word stays whole. `indent` goes before all lines but the first. */
export function wrapLines(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(' ')) {
    const longer: string = line === undefined ? word : `${line} ${word}`;
    if (line !== undefined && line.trim() !== '' && visibleWidth(longer) > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line = longer;
    }
  }
  return [...lines, line ?? ''];
}

/** The same as one text, each line ending in a newline. */
export function wrap(text: string, width: number, indent = ''): string {
  return wrapLines(text, width, indent)
    .map((line) => `${line}\n`)
    .join('');
}

/** Names and what they are worth, the names in one column. */
export function renderFacts(facts: readonly (readonly [name: string, value: string])[], style: Style): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  const indent = ' '.repeat(width + 4);
  return facts
    .map(([name, value]) => wrap(`  ${style.paint.dim(name.padEnd(width))}  ${value}`, style.width, indent))
    .join('');
}
