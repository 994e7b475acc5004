import { type Chain, TOLERANCE } from './chain.ts';
import { compareScores, cutsOf, score } from './evaluate.ts';
import type { Cuts } from './problem.ts';
import { type Aim, type Company, cutWindow } from './window.ts';

/** Rounds over all windows without an improvement after which a search ends, and the most that it ever takes. */
const MOST_ROUNDS = 12;

/**
 * Cuts of several chunks a device by local search: windows of successive stages on different devices are cut anew,
 * each time in the best way given the rest.
 */
export function searchCuts(chain: Chain): Cuts {
  const ends = startingEnds(chain);
  const company: Company = {
    seconds: new Float64Array(chain.virtualStages),
    bytes: new Float64Array(chain.virtualStages),
    transientBytes: new Float64Array(chain.virtualStages),
  };
  let extraBytes = score(chain, ends).overBytes;
  for (let round = 0; round < MOST_ROUNDS && extraBytes > 0; round++) {
    sweep(chain, ends, company, 'overBytes', Number.POSITIVE_INFINITY, extraBytes);
    const over = score(chain, ends).overBytes;
    if (over >= extraBytes) break;
    extraBytes = over;
  }
  let best = score(chain, ends);
  const kept = ends.slice();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    sweep(chain, ends, company, 'squares', best.bottleneckSeconds * (1 + TOLERANCE), extraBytes);
    const reached = score(chain, ends);
    if (compareScores(reached, best) >= 0) break;
    best = reached;
    kept.set(ends);
  }
  ends.set(kept);
  sweep(chain, ends, company, 'traffic', best.bottleneckSeconds * (1 + TOLERANCE), extraBytes);
  if (compareScores(score(chain, ends), best) < 0) kept.set(ends);
  return cutsOf(chain, kept);
}

/** Cuts every window anew, windows overlapping by half. */
function sweep(chain: Chain, ends: Int32Array, company: Company, aim: Aim, limit: number, extraBytes: number): void {
  const length = Math.min(chain.groups, chain.virtualStages);
  const step = Math.max(1, length >> 1);
  for (let first = 0; first < chain.virtualStages; first += step) {
    // A window ends before a device comes a second time.
    let count = 0;
    const seen = new Uint8Array(chain.groups);
    while (count < length && first + count < chain.virtualStages && seen[chain.group[first + count]] === 0) {
      seen[chain.group[first + count]] = 1;
      count++;
    }
    if (count < 2) continue;
    keepCompany(chain, ends, first, count, company);
    const begin = first === 0 ? 0 : ends[first - 1];
    const end = ends[first + count - 1];
    cutWindow(chain, ends, first, count, begin, end, company, aim, limit, extraBytes);
  }
}

/** What the devices of a window carry outside of it. */
function keepCompany(chain: Chain, ends: Int32Array, first: number, count: number, company: Company): void {
  company.seconds.fill(0);
  company.bytes.fill(0);
  company.transientBytes.fill(0);
  for (let s = 0; s < count; s++) {
    const group = chain.group[first + s];
    for (let stage = 0; stage < chain.virtualStages; stage++) {
      if (chain.group[stage] !== group || (stage >= first && stage < first + count)) continue;
      const from = stage === 0 ? 0 : ends[stage - 1];
      const to = ends[stage];
      let load = chain.seconds[to] - chain.seconds[from];
      if (stage > 0 && chain.parted[stage - 1] === 1) load += chain.edgeSeconds[from];
      if (chain.parted[stage] === 1) load += chain.edgeSeconds[to];
      company.seconds[s] += chain.copies[stage] * load;
      company.bytes[s] +=
        chain.copies[stage] *
        (chain.staticBytes[to] -
          chain.staticBytes[from] +
          chain.problem.inFlight[stage] * (chain.activationBytes[to] - chain.activationBytes[from]));
      for (let unit = from; unit < to; unit++) {
        if (chain.transientBytes[unit] > company.transientBytes[s])
          company.transientBytes[s] = chain.transientBytes[unit];
      }
    }
  }
}

/** Stages of about equal seconds, none empty, every forced cut made. */
function startingEnds(chain: Chain): Int32Array {
  const { virtualStages, units, seconds, forced } = chain;
  const ends = new Int32Array(virtualStages);
  const forcedEnds: number[] = [];
  for (let position = units, next = forced[units]; next > 0; position = next, next = forced[position]) {
    forcedEnds.unshift(next);
  }
  let from = 0;
  for (let stage = 0; stage < virtualStages; stage++) {
    const remaining = virtualStages - stage - 1;
    if (remaining === 0) {
      ends[stage] = units;
      break;
    }
    const target = seconds[from] + (seconds[units] - seconds[from]) / (remaining + 1);
    let to = from + 1;
    while (to < units - remaining && Math.abs(seconds[to + 1] - target) < Math.abs(seconds[to] - target)) to++;
    const pending = forcedEnds.filter((end) => end > from);
    // Take no forced cut away from later stages, and leave each of them a stage to end.
    if (pending.length > 0) to = pending.length >= remaining ? pending[0] : Math.min(to, pending[0]);
    ends[stage] = to;
    from = to;
  }
  return ends;
}
