import type { Fault } from '../errors.ts';

const LONGEST = 600;

/** A fault as one line, `path: sentence`: no line breaks, no control characters, never longer than a person reads. */
export function faultLine({ path, message }: Pick<Fault, 'path' | 'message'>): string {
  const line = path === '' ? message : `${path}: ${message}`;
  const plain = line.replace(/\s+/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '?');
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST - 1)}…` : plain;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
