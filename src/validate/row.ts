import { type Fault, ForetrainError } from '../errors.ts';

/** What a published measurement says about one job; any of these. */
export interface Measured {
  readonly stepTimeSeconds?: number;
  /** Lowest and highest over several releases of the software. */
  readonly stepTimeSecondsRange?: readonly [number, number];
  readonly samplesPerSecond?: number;
  readonly samplesPerSecondRange?: readonly [number, number];
  readonly peakBytes?: number;
  /** Which of the report's three figures `peakBytes` is to be held against. */
  readonly peakKind?: PeakKind;
  /** False: it ran out of memory. */
  readonly fits?: boolean;
  /** Why the figure is not to be trusted; such a row is shown and not scored. */
  readonly doubtful?: string;
}

export const peakKinds = ['allocated', 'reserved', 'device'] as const;
export type PeakKind = (typeof peakKinds)[number];

/** One published measurement: a job as a user would write it, and what came of it. */
export interface MeasuredRow {
  readonly id: string;
  readonly set: string;
  /** Publication; the rows of one source are one experiment. */
  readonly source: string;
  readonly job: unknown;
  readonly measured: Measured;
  readonly note?: string;
}

/**
 * Reads a set of measurements from JSON lines; blank lines are skipped.
 *
 * @param text the file's contents
 * @param name what to call the file in a fault
 * @throws {ForetrainError} naming every line that is no measurement
 */
export function parseRows(text: string, name: string): MeasuredRow[] {
  const rows: MeasuredRow[] = [];
  const faults: Fault[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const row = parseRow(line);
    if (typeof row === 'string') {
      faults.push({ path: `${name} line ${index + 1}`, message: row, code: 'invalid' });
    } else {
      rows.push(row);
    }
  }
  if (faults.length > 0) throw new ForetrainError(faults);
  return rows;
}

/** The row of one line, or a sentence that says what is wrong with it. */
function parseRow(line: string): MeasuredRow | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'is not JSON; each line is one object { "id", "set", "source", "job", "measured" }';
  }
  if (!isRecord(value)) return 'is not an object { "id", "set", "source", "job", "measured" }';
  const { id, set, source, job, measured, note } = value;
  if (typeof id !== 'string') return '`id` must be a string';
  if (typeof set !== 'string') return '`set` must be a string';
  if (typeof source !== 'string') return '`source` must be a string that says where the figures were published';
  if (!isRecord(job)) return '`job` must be a job object';
  if (!isRecord(measured))
    return '`measured` must be an object with stepTimeSeconds, samplesPerSecond, peakBytes or fits';
  const wrong = wrongMeasured(measured);
  if (wrong !== undefined) return wrong;
  return { id, set, source, job, measured: measured as Measured, ...(typeof note === 'string' ? { note } : {}) };
}

/** A sentence about the first measured figure that cannot be one, or undefined. */
export function wrongMeasured(measured: Readonly<Record<string, unknown>>): string | undefined {
  for (const field of ['stepTimeSeconds', 'samplesPerSecond', 'peakBytes']) {
    if (measured[field] !== undefined && !isPositive(measured[field])) {
      return `\`measured.${field}\` must be a number above zero`;
    }
  }
  for (const field of ['stepTimeSecondsRange', 'samplesPerSecondRange']) {
    const range = measured[field];
    if (range !== undefined && !(Array.isArray(range) && range.length === 2 && range.every(isPositive))) {
      return `\`measured.${field}\` must be two numbers above zero, the lower first`;
    }
  }
  if (measured.fits !== undefined && typeof measured.fits !== 'boolean') return '`measured.fits` must be true or false';
  if (measured.peakKind !== undefined && !peakKinds.some((kind) => kind === measured.peakKind)) {
    return `\`measured.peakKind\` must be one of ${peakKinds.join(', ')}`;
  }
  return undefined;
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

/** True for an object that is no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
