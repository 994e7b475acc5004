import { formatCount } from '../units.ts';

const longest = 40;

/** A value from outside as a sentence may quote it: short, and without control characters. */
export function shown(value: unknown): string {
  if (typeof value === 'number') return shownNumber(value);
  if (typeof value === 'string') return `"${shownText(value)}"`;
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? `a list of ${formatCount(value.length)}` : `a value of type ${typeof value}`;
}

/** Text from outside, shortened, and without what a terminal would act on or cannot show. */
export function shownText(text: string): string {
  const short = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return short.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd"]/gu, '?');
}

/** A number with commas where it is whole, and as JavaScript writes it where it is not. */
export function shownNumber(value: number): string {
  return Number.isSafeInteger(value) ? formatCount(value) : String(value);
}

/** Names as a sentence lists them: the first few, and an ellipsis for the rest. */
export function listed(names: readonly string[], most = names.length): string {
  return names.length > most ? `${names.slice(0, most).join(', ')}, …` : names.join(', ');
}

/** Names of which one would do: `fp32, fp16 or bf16`. */
export function either(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/** Whole numbers as a sentence lists them. */
export function listedCounts(counts: readonly number[], most = 6): string {
  return listed(counts.map(formatCount), most);
}

/** One or many: `1 layer`, `96 layers`. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
