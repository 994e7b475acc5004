import type { Candidate, Family } from '../space/candidate.ts';
import type { Space } from '../space/space.ts';
import type { Expander } from './expand.ts';

/** Families that are tried before anything is bounded, so that what is much slower is never queued. */
const mostProbes = 24;

/**
 * Configurations that are likely to be good: small microbatches, tensor ranks inside an instance, pipelines that have
 * microbatches enough. Of the families with most tensor ranks and the least bounds each gives the one with the least
 * bound.
 * @param below seconds from which on nothing is wanted any more
 */
export function* probes(space: Space, expander: Expander, below: () => number): Generator<Candidate> {
  const { ranks } = space.cell.base.cluster.instance;
  const likely: { readonly family: Family; readonly bound: number }[] = [];
  const smallest = new Map<string, number>();
  for (const family of space.families()) {
    const { tensor, context, pipeline, microbatches, microBatchSize } = family;
    if (context > 1 || tensor > ranks || microbatches < pipeline) continue;
    const key = `${tensor} ${pipeline}`;
    const least = smallest.get(key) ?? microBatchSize;
    smallest.set(key, least);
    if (microBatchSize > 2 * least) continue;
    const bound = expander.seconds(family);
    if (bound !== undefined) likely.push({ family, bound });
  }
  let tried = 0;
  for (const { family, bound } of likely.toSorted((a, b) => b.family.tensor - a.family.tensor || a.bound - b.bound)) {
    if (bound < below() && expander.mayFit(family)) {
      const candidate = leastOf(space, expander, family, below());
      if (candidate !== undefined) yield candidate;
    }
    tried += 1;
    if (tried === mostProbes) return;
  }
}

/** The configuration of a family with the least bound, if one may fit; what goes to the host is bounded loosely. */
function leastOf(space: Space, expander: Expander, family: Family, below: number): Candidate | undefined {
  const states = space.states(family).filter(({ offload }) => offload === undefined);
  let least = below;
  let found: Candidate | undefined;
  for (const node of expander.pipelines(family).toSorted((one, other) => one.seconds - other.seconds)) {
    if (node.seconds >= least) break;
    expander.configurations(
      node,
      (bound, one) => {
        if (one.kind !== 'run' || bound >= least) return;
        least = bound;
        found = one.candidate;
      },
      least,
      states,
    );
  }
  return found;
}
