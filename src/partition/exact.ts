import { fail } from '../errors.ts';
import { type Chain, chainOf, TOLERANCE } from './chain.ts';
import { cutsOf, score } from './evaluate.ts';
import { searchCuts } from './localSearch.ts';
import type { Cuts, PartitionProblem } from './problem.ts';
import { cutWindow } from './window.ts';

/**
 * The contiguous cuts with the least bottleneck load of a device, then the fewest bytes sent between devices, then the
 * least peak memory, each device within its own capacity. Where no cuts keep within the capacities: those with the
 * least bytes over on the worst device, then the least bottleneck.
 */
export function exact(problem: PartitionProblem): Cuts {
  const chain = chainOf(problem);
  checkForced(chain);
  const onceEach = chain.groups === chain.virtualStages;
  return onceEach ? cutOnce(chain) : searchCuts(chain);
}

function checkForced(chain: Chain): void {
  const forced = new Set(chain.problem.cutsAfter.filter((unit) => unit + 1 < chain.units)).size;
  if (forced >= chain.virtualStages) {
    fail(
      'parallelism.cutsAfter',
      `asks for ${forced} cuts, but ${chain.virtualStages} virtual stages have only ${chain.virtualStages - 1} between them; name fewer units`,
    );
  }
}

/** One chunk a device: the loads of stages are independent, so that the dynamic program is exact. */
function cutOnce(chain: Chain): Cuts {
  const { virtualStages, units } = chain;
  const ends = new Int32Array(virtualStages);
  const none = Number.POSITIVE_INFINITY;
  let extraBytes = 0;
  let bottleneck = cutWindow(chain, ends, 0, virtualStages, 0, units, undefined, 'bottleneck', none, 0);
  if (bottleneck === none) {
    extraBytes = cutWindow(chain, ends, 0, virtualStages, 0, units, undefined, 'overBytes', none, 0);
    bottleneck = cutWindow(chain, ends, 0, virtualStages, 0, units, undefined, 'bottleneck', none, extraBytes);
  }
  const limit = bottleneck * (1 + TOLERANCE);
  cutWindow(chain, ends, 0, virtualStages, 0, units, undefined, 'traffic', limit, extraBytes);
  // Without limits on memory the cuts could be better only where those limits bind.
  const free = score(chain, ends);
  return { ...cutsOf(chain, ends), proved: true, bottleneckSeconds: free.bottleneckSeconds };
}
