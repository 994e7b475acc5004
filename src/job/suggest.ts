import { nearestName } from '../nearest.ts';

/** Longer text is no misspelt name, and comparing it with names would take long. */
const longestName = 80;

/** Shorter starts of names are chance. */
const shortestStart = 3;

/** `did you mean X?` where one of the names is near to what was written, or undefined. */
export function didYouMean(written: string, names: readonly string[]): string | undefined {
  if (written.length > longestName) return undefined;
  const start = written.toLowerCase();
  const longer = start.length >= shortestStart ? names.find((name) => name.toLowerCase().startsWith(start)) : undefined;
  const nearest = longer ?? nearestName(written, names);
  return nearest === undefined ? undefined : `did you mean ${nearest}?`;
}
