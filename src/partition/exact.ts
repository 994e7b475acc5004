import { fail } from '../errors.ts';
import { lowerBoundSeconds } from './bound.ts';
import { type Chain, chainOf, TOLERANCE } from './chain.ts';
import { cutOnce } from './cutOnce.ts';
import { enumerateCuts, isEnumerable } from './enumerate.ts';
import { cutsOf } from './evaluate.ts';
import { polishCuts, searchCuts, searchPairs } from './localSearch.ts';
import type { Cuts, PartitionProblem } from './problem.ts';
import { proveTwoChunks } from './twoChunks.ts';

/** Transitions that the search by pairs of rounds may try: about a millisecond. */
const PAIR_TRANSITIONS = 2e5;

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
  const ends = searchCuts(chain, withinMemory);
  const proved = chain.virtualStages <= 2 * chain.groups ? proveTwoChunks(chain, ends, withinMemory) : false;
  if (chain.virtualStages > 2 * chain.groups) searchPairs(chain, ends, withinMemory, { transitions: PAIR_TRANSITIONS });
  const cuts = cutsOf(chain, polishCuts(chain, ends));
  const meets = cuts.overBytes === 0 && cuts.bottleneckSeconds <= withinMemory * (1 + TOLERANCE);
  return { ...cuts, proved: proved || meets };
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
