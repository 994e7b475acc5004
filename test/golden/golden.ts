import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';

/**
 * Holds a text against the file `test/golden/NAME`. With UPDATE_GOLDEN=1 in the environment the file is written anew:
 * read the difference before it is committed.
 */
export function expectGolden(name: string, text: string): void {
  const file = new URL(name, import.meta.url);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
  const golden = existsSync(file) ? readFileSync(file, 'utf8') : 'no such golden file; run with UPDATE_GOLDEN=1\n';
  expect(text).toBe(golden);
}
