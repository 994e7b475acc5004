import type { Chain } from './chain.ts';

/** Cuts to begin a search with: stages of about equal seconds, none empty, every forced cut made. */
export function startingCuts(chain: Chain): Int32Array {
  const { virtualStages, units, seconds, forced } = chain;
  const ends = new Int32Array(virtualStages);
  const forcedEnds: number[] = [];
  for (let position = forced[units]; position > 0; position = forced[position]) forcedEnds.push(position);
  forcedEnds.reverse();
  let from = 0;
  let next = 0;
  for (let stage = 0; stage < virtualStages - 1; stage++) {
    const later = virtualStages - 1 - stage;
    const target = seconds[from] + (seconds[units] - seconds[from]) / (later + 1);
    let to = from + 1;
    while (to < units - later && Math.abs(seconds[to + 1] - target) < Math.abs(seconds[to] - target)) to++;
    // Pass over no forced cut; where as many are left as stages to end, take the next one.
    const pending = forcedEnds.length - next;
    if (pending > 0) to = pending >= later ? forcedEnds[next] : Math.min(to, forcedEnds[next]);
    if (pending > 0 && to === forcedEnds[next]) next++;
    ends[stage] = to;
    from = to;
  }
  ends[virtualStages - 1] = units;
  return ends;
}

/**
 * Ends of equal layers, where the first unit is the embedding, the last the head and a remainder goes to the first
 * stages; undefined where there are fewer layers than virtual stages.
 */
export function equalEnds(units: number, virtualStages: number): Int32Array | undefined {
  const count = units - 2;
  if (count < virtualStages) return undefined;
  const least = Math.floor(count / virtualStages);
  const longer = count - least * virtualStages;
  const ends = Int32Array.from(
    { length: virtualStages },
    (_, stage) => 1 + (stage + 1) * least + Math.min(stage + 1, longer),
  );
  ends[virtualStages - 1] = units;
  return ends;
}

/** Whether cuts end a stage wherever one must end. */
export function keepsForced(chain: Chain, ends: Int32Array): boolean {
  for (let stage = 0, from = 0; stage < ends.length; stage++) {
    if (chain.forced[ends[stage]] > from) return false;
    from = ends[stage];
  }
  return true;
}
