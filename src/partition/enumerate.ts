import type { Chain } from './chain.ts';
import { compareScores, type Score, score } from './evaluate.ts';

/** Cuts that are few enough to try each: those of 14 units are at most 1,716. */
const MOST_CUTS = 2000;

/** Whether a chain has so few cuts that all can be tried. */
export function isEnumerable(chain: Chain): boolean {
  const positions = chain.units - 1;
  const chosen = Math.min(chain.virtualStages - 1, positions - chain.virtualStages + 1);
  let cuts = 1;
  for (let i = 1; i <= chosen; i++) {
    cuts *= (positions - chosen + i) / i;
    if (cuts > MOST_CUTS + 0.5) return false;
  }
  return true;
}

/** The best of all cuts. */
export function enumerateCuts(chain: Chain): Int32Array {
  const { virtualStages, units, forced } = chain;
  const ends = new Int32Array(virtualStages);
  const best = new Int32Array(virtualStages);
  let bestScore: Score | undefined;
  const place = (stage: number, from: number): void => {
    if (stage === virtualStages - 1) {
      if (forced[units] > from) return;
      ends[stage] = units;
      const reached = score(chain, ends);
      if (bestScore === undefined || compareScores(reached, bestScore) < 0) {
        bestScore = reached;
        best.set(ends);
      }
      return;
    }
    const last = units - (virtualStages - 1 - stage);
    for (let to = from + 1; to <= last && forced[to] <= from; to++) {
      ends[stage] = to;
      place(stage + 1, to);
    }
  };
  place(0, 0);
  return best;
}
