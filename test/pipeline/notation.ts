import { BACKWARD, FORWARD, FUSED_FORWARD, packTask, WEIGHT } from '../../src/pipeline/schedule.ts';

const KINDS: Readonly<Record<string, number>> = { F: FORWARD, B: BACKWARD, I: BACKWARD, W: WEIGHT };

/** `F0-3` as its tasks; a lower-case letter is chunk (or direction) 1. */
function run(word: string): number[] {
  const [, letter, first, last] = /^([A-Za-z])(\d+)(?:-(\d+))?$/.exec(word) ?? [];
  if (letter === undefined) throw new Error(`cannot read ${word}`);
  const upper = letter.toUpperCase();
  const chunk = letter === upper ? 0 : 1;
  const to = Number(last ?? first);
  return Array.from({ length: to - Number(first) + 1 }, (_, i) => packTask(KINDS[upper], chunk, Number(first) + i));
}

/** Reads one device's order in compact notation: runs such as `F0-3 B0`, fused pairs in parentheses. */
export function readOrder(text: string): number[] {
  const tasks: number[] = [];
  for (const [, pair, word] of text.matchAll(/\(([^)]*)\)|(\S+)/g)) {
    if (pair === undefined) {
      tasks.push(...run(word));
      continue;
    }
    const [forward, backward] = pair.split(' ').flatMap(run);
    tasks.push((forward & ~3) | FUSED_FORWARD, backward);
  }
  return tasks;
}

/** Exchanges chunks 0 and 1 of an order in compact notation. */
export function exchangeChunks(text: string): string {
  return text.replace(/[A-Za-z]/g, (c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase()));
}
