import { fail } from '../errors.ts';
import { lowerBoundSeconds } from './bound.ts';
import { type Chain, chainOf, TOLERANCE } from './chain.ts';
import { cutOnce } from './cutOnce.ts';
import { enumerateCuts, isEnumerable } from './enumerate.ts';
import { cutsOf, score } from './evaluate.ts';
import { polishCuts, searchCuts } from './localSearch.ts';
import type { Cuts, PartitionProblem } from './problem.ts';
import { cutStrands, strandsOf } from './strands.ts';

/** Two chunks a device are proved up to this many units, within so many transitions of the dynamic program. */
const MOST_UNITS = 130;
const MOST_TRANSITIONS = 2e7;

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
  const floor = lowerBoundSeconds(chain);
  const withinMemory = lowerBoundSeconds(chain, true);
  const ends = searchCuts(chain, withinMemory);
  const strandsProved = hasTwoStrands(chain) && improveStrands(chain, ends, withinMemory);
  const cuts = cutsOf(chain, polishCuts(chain, ends), floor);
  const meets = cuts.overBytes === 0 && cuts.bottleneckSeconds <= withinMemory * (1 + TOLERANCE);
  return { ...cuts, proved: meets || strandsProved };
}

function hasTwoStrands(chain: Chain): boolean {
  return chain.virtualStages <= 2 * chain.groups && chain.units <= MOST_UNITS;
}

/** Improves cuts until no better ones are left; true where that is proved. */
function improveStrands(chain: Chain, ends: Int32Array, floor: number): boolean {
  const strands = strandsOf(chain, MOST_TRANSITIONS);
  for (;;) {
    const { overBytes, bottleneckSeconds } = score(chain, ends);
    if (overBytes > 0) {
      const less = { seconds: Number.POSITIVE_INFINITY, extraBytes: overBytes * (1 - 3 * TOLERANCE) };
      const outcome = cutStrands(strands, less, ends);
      if (outcome === 'better') continue;
      if (outcome === 'gave up') return false;
    }
    if (bottleneckSeconds <= floor * (1 + TOLERANCE)) return true;
    const faster = { seconds: bottleneckSeconds * (1 - 3 * TOLERANCE), extraBytes: overBytes };
    return cutStrands(strands, faster, ends) !== 'gave up';
  }
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
