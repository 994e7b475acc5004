/**
 * The name a person most likely meant.
 * @param name what was written
 * @param names what there is
 * @returns the name at the least edit distance if at most a third of the letters (at least one) would change; else the
 * first that begins with what was written; else undefined
 */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  const written = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(written.length / 3)) + 1;
  let longer: string | undefined;
  for (const candidate of names) {
    const lower = candidate.toLowerCase();
    const distance = editDistance(written, lower);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
    if (longer === undefined && written.length >= 2 && lower.startsWith(written)) longer = candidate;
  }
  return best ?? longer;
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`, in O(|a| · |b|).
 * @source optimal string alignment, the restricted form of Damerau 1964
 */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let distance = Math.min(last[j - 1]! + (same ? 0 : 1), last[j]! + 1, row[j - 1]! + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) distance = Math.min(distance, beforeLast[j - 2]! + 1);
      row.push(distance);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
