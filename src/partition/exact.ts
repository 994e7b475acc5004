import { fail } from '../errors.ts';
import { lowerBoundSeconds } from './bound.ts';
import { type Chain, chainOf, TOLERANCE } from './chain.ts';
import { cutOnce } from './cutOnce.ts';
import { enumerateCuts, isEnumerable } from './enumerate.ts';
import { compareScores, cutsOf, score } from './evaluate.ts';
import { kickCuts } from './kicks.ts';
import { improveCuts, polishCuts, searchCuts, searchPairs } from './localSearch.ts';
import type { Cuts, PartitionProblem } from './problem.ts';
import { equalEnds, keepsForced } from './start.ts';
import { proveTwoChunks } from './twoChunks.ts';

/** Two chunks a device are proved up to this many units: layers, but not operators. */
const MOST_PROVED_UNITS = 130;

/** Transitions that the search by pairs of rounds may try: a millisecond for layers, some ten for operators. */
const FEW_TRANSITIONS = 2e5;
const MANY_TRANSITIONS = 4e5;

/** The same where counting has shown that nothing fits: how far over the least bad cuts are is worth less. */
const LEAST_TRANSITIONS = 2e4;

/** Units that such a search moves a cut by at a time, where there are many: a wide corridor costs its fourth power. */
const CORRIDORS = [3, 5];

/**
 * The contiguous cuts with the least bottleneck load of a device, then the fewest bytes sent between devices, then the
 * least peak memory, each device within its own capacity. Where no cuts keep within the capacities: those with the
 * least bytes over on the worst device, then the least bottleneck.
 *
 * @throws ForetrainError where `cutsAfter` asks for more cuts than the virtual stages have between them
 */
export function exact(problem: PartitionProblem): Cuts {
  const chain = chainOf(problem);
  checkForced(chain);
  if (chain.groups === chain.virtualStages) return cutOnce(chain);
  if (isEnumerable(chain)) return { ...cutsOf(chain, enumerateCuts(chain)), proved: true };
  const withinMemory = lowerBoundSeconds(chain, true);
  const nothingFits = withinMemory === Number.POSITIVE_INFINITY;
  const floor = nothingFits ? 0 : withinMemory;
  const ends = searchCuts(chain, floor);
  let proved = false;
  if (chain.virtualStages <= 2 * chain.groups && chain.units <= MOST_PROVED_UNITS) {
    proved = proveTwoChunks(chain, ends, withinMemory);
  } else {
    const few = chain.units <= MOST_PROVED_UNITS;
    const budget = { transitions: nothingFits ? LEAST_TRANSITIONS : few ? FEW_TRANSITIONS : MANY_TRANSITIONS };
    for (const corridor of few ? [Number.POSITIVE_INFINITY] : CORRIDORS) {
      searchPairs(chain, ends, floor, budget, corridor);
    }
    if (few) improveFromEqual(chain, ends, floor);
    if (few) kickCuts(chain, ends, floor, budget);
  }
  const cuts = cutsOf(chain, polishCuts(chain, ends));
  const meets = cuts.overBytes === 0 && cuts.bottleneckSeconds <= withinMemory * (1 + TOLERANCE);
  return { ...cuts, proved: proved || meets };
}

/** Takes what equal layers lead to, where that is better: a search must never be beaten by them. */
function improveFromEqual(chain: Chain, ends: Int32Array, floor: number): void {
  const equal = equalEnds(chain.units, chain.virtualStages);
  if (equal === undefined || !keepsForced(chain, equal)) return;
  improveCuts(chain, equal, floor);
  if (compareScores(score(chain, equal), score(chain, ends)) < 0) ends.set(equal);
}

function checkForced(chain: Chain): void {
  const { cutsAfter } = chain.problem;
  if (cutsAfter.length === 0) return;
  const forced = new Set(cutsAfter.filter((unit) => unit + 1 < chain.units)).size;
  const between = chain.virtualStages - 1;
  if (forced > between) {
    fail(
      'parallelism.cutsAfter',
      `asks for ${forced} cuts, but ${chain.virtualStages} virtual stages have only ${between} between them; name fewer units`,
    );
  }
}
