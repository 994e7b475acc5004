/**
 * Quantities for people: formatting and parsing, free of any locale. Inside foretrain everything is SI and bytes;
 * only a screen shows GiB, milliseconds and days.
 */

const binaryPrefixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;
const decimalPrefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'] as const;
const countSuffixes = ['', ' thousand', ' million', ' billion', ' trillion'] as const;

/** Three significant digits without an exponent: `0.0312`, `3.42`, `38.2`, `850`, `12,345`. */
export function formatNumber(value: number): string {
  if (value === 0) return '0';
  // Rounding first, so that 9.996 counts as the 10.0 it is shown as.
  const rounded = Number(value.toPrecision(3));
  const magnitude = Math.floor(Math.log10(Math.abs(rounded)));
  return formatDecimal(value, Math.min(12, Math.max(0, 2 - magnitude)));
}

/** A fixed number of decimals, with commas between thousands. */
export function formatDecimal(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  const point = text.indexOf('.');
  const whole = point < 0 ? text : text.slice(0, point);
  return groupThousands(whole) + (point < 0 ? '' : text.slice(point));
}

/** A whole number with commas between thousands: `174,604,259,328`. */
export function formatCount(value: number): string {
  return formatDecimal(value, 0);
}

/** A large count in words: `175 billion`, `1.31 million`, `950`. */
export function formatLargeCount(value: number): string {
  return scaled(value, 1000, countSuffixes);
}

/** Bytes in binary units: `38.2 GiB`. */
export function formatBytes(bytes: number): string {
  const [text, prefix] = scaledParts(bytes, 1024, binaryPrefixes);
  return `${text} ${prefix}B`;
}

/** A rate of bytes in decimal units, as links are sold: `50.0 GB/s`. */
export function formatBytesPerSecond(bytesPerSecond: number): string {
  return `${scaledUnit(bytesPerSecond)}B/s`;
}

/** A count of floating-point operations: `4.35 PFLOP`. */
export function formatFlops(flops: number): string {
  return `${scaledUnit(flops)}FLOP`;
}

/** A rate of floating-point operations: `141 TFLOP/s`. */
export function formatFlopsPerSecond(flopsPerSecond: number): string {
  return `${scaledUnit(flopsPerSecond)}FLOP/s`;
}

const timeUnits = [
  { below: 1e-6, divisor: 1e-9, unit: 'ns' },
  { below: 1e-3, divisor: 1e-6, unit: 'µs' },
  { below: 1, divisor: 1e-3, unit: 'ms' },
  { below: 600, divisor: 1, unit: 's' },
  { below: 7200, divisor: 60, unit: 'min' },
  { below: 172800, divisor: 3600, unit: 'h' },
  { below: Number.POSITIVE_INFINITY, divisor: 86400, unit: 'days' },
] as const;

/** A time in the unit that reads best: `850 ms`, `3.42 s`, `11.4 min`, `25.3 days`. */
export function formatSeconds(seconds: number): string {
  if (seconds === 0) return '0 s';
  // The rounded value chooses the unit: 999.9 ms is 1.00 s.
  const size = Math.abs(Number(seconds.toPrecision(3)));
  const { divisor, unit } = timeUnits.find((candidate) => size < candidate.below) ?? timeUnits[timeUnits.length - 1];
  return `${formatNumber(seconds / divisor)} ${unit}`;
}

/** Milliseconds alone, for a column whose head names the unit. */
export function formatMilliseconds(seconds: number): string {
  return formatNumber(seconds * 1000);
}

/** US dollars: cents below a thousand, none above: `$2.08`, `$1,234,568`. */
export function formatUsd(usd: number): string {
  const sign = usd < 0 ? '-' : '';
  const size = Math.abs(usd);
  return `${sign}$${formatDecimal(size, size < 999.995 ? 2 : 0)}`;
}

/** A fraction as a percentage: 0.4312 is `43.1%`. */
export function formatPercent(fraction: number, decimals = 1): string {
  return `${formatDecimal(fraction * 100, decimals)}%`;
}

/** A fraction as a percentage that always carries its sign: `+4.2%`, `-0.3%`. */
export function formatSignedPercent(fraction: number, decimals = 1): string {
  const text = formatPercent(fraction, decimals);
  return fraction < 0 ? text : `+${text}`;
}

const byteUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  pb: 1e15,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  pib: 1024 ** 5,
};

/** Reads bytes with or without a unit (`80 GiB`, `1.5GB`, `4096`); undefined where the text is none. */
export function parseBytes(text: string): number | undefined {
  const bytes = parseQuantity(text, byteUnits);
  return bytes === undefined ? undefined : Math.round(bytes);
}

const secondUnits: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  min: 60,
  h: 3600,
  day: 86400,
  days: 86400,
  d: 86400,
};

/** Reads a time with or without a unit (`850 ms`, `25 days`, `3.4`), in seconds; undefined where the text is none. */
export function parseSeconds(text: string): number | undefined {
  return parseQuantity(text, secondUnits);
}

const countUnits: Readonly<Record<string, number>> = {
  k: 1e3,
  thousand: 1e3,
  m: 1e6,
  million: 1e6,
  b: 1e9,
  billion: 1e9,
  t: 1e12,
  trillion: 1e12,
};

/** Reads a count with separators or a scale (`300B`, `1.5 trillion`, `174,604,259,328`); undefined where the text is none. */
export function parseCount(text: string): number | undefined {
  return parseQuantity(text, countUnits);
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*([a-zµ]*)\s*$/i.exec(text.replace(/(?<=\d),(?=\d{3})/g, ''));
  if (match === null) return undefined;
  const [, number = '', unit = ''] = match;
  const factor = unit === '' ? 1 : units[unit.toLowerCase()];
  const value = factor === undefined ? Number.NaN : Number(number) * factor;
  return Number.isFinite(value) ? value : undefined;
}

function groupThousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

function scaledUnit(value: number): string {
  const [text, prefix] = scaledParts(value, 1000, decimalPrefixes);
  return `${text} ${prefix}`;
}

function scaled(value: number, base: number, suffixes: readonly string[]): string {
  return scaledParts(value, base, suffixes).join('');
}

/** The number in front and the prefix behind; whole below the first prefix, three digits above it. */
function scaledParts(value: number, base: number, prefixes: readonly string[]): [string, string] {
  let step = 0;
  let size = value;
  // Three shown digits decide: 999.6 thousand is 1.00 million, and 1023.7 KiB is 1.00 MiB.
  while (step < prefixes.length - 1 && Math.round(Math.abs(size)) >= base) {
    size /= base;
    step++;
  }
  const text = step === 0 ? formatDecimal(size, Number.isInteger(size) ? 0 : 1) : formatNumber(size);
  return [text, prefixes[step] ?? ''];
}
