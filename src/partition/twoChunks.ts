import { type Chain, LESS, TOLERANCE } from './chain.ts';
import { cutStrands } from './cutStrands.ts';
import { lessOver, score } from './evaluate.ts';
import { type Budget, type StrandLimits, wholeStrands } from './strands.ts';

/** Transitions after which a proof is given up. */
const MOST_TRANSITIONS = 2e7;

/** The same where counting has shown that nothing fits: how far over the least bad cuts are is worth less. */
const MOST_TRANSITIONS_OVER = 5e4;

/**
 * Improves cuts of two chunks a device until no better ones are left; true where that is proved. Inward strands (`v`,
 * `dual`) take one dynamic program; a loop's take one for each middle, where the first round ends and the second
 * begins.
 *
 * @param floor seconds below which no bottleneck of cuts that fit lies: those that reach it need no proof
 */
export function proveTwoChunks(chain: Chain, ends: Int32Array, floor: number): boolean {
  const nothingFits = floor === Number.POSITIVE_INFINITY;
  const budget: Budget = { transitions: nothingFits ? MOST_TRANSITIONS_OVER : MOST_TRANSITIONS };
  const least = floor * (1 + TOLERANCE);
  const meetsFloor = () => {
    const { overBytes, bottleneckSeconds } = score(chain, ends);
    return overBytes === 0 && bottleneckSeconds <= least;
  };
  if (meetsFloor()) return true;
  // Often the floor can be met, and so tight a limit leaves few states.
  if (!nothingFits && cutBest(chain, { seconds: least, extraBytes: 0 }, budget, ends, least)) return true;
  if (!leastOver(chain, ends, budget)) return false;
  if (meetsFloor()) return true;
  const { overBytes, bottleneckSeconds } = score(chain, ends);
  const faster = { seconds: bottleneckSeconds * LESS, extraBytes: overBytes };
  return cutBest(chain, faster, budget, ends, overBytes > 0 ? 0 : least) !== undefined;
}

/** Brings down the bytes over capacity by halves, then step by step; false where the budget ran out. */
function leastOver(chain: Chain, ends: Int32Array, budget: Budget): boolean {
  let impossible = 0;
  for (let halving = false; ; halving = !halving) {
    const reached = score(chain, ends);
    if (reached.overBytes === 0) return true;
    const less = lessOver(reached);
    if (less < impossible) return true;
    const extraBytes = halving ? (impossible + less) / 2 : less;
    const found = cutBest(
      chain,
      { seconds: Number.POSITIVE_INFINITY, extraBytes },
      budget,
      ends,
      Number.POSITIVE_INFINITY,
    );
    if (found === undefined) return false;
    if (found) continue;
    if (!halving) return true;
    impossible = extraBytes;
  }
}

/**
 * Writes the cuts with the least bottleneck within the limits; false where there are none, undefined without budget.
 *
 * @param enough seconds that are good enough to look no further
 */
function cutBest(
  chain: Chain,
  limits: StrandLimits,
  budget: Budget,
  ends: Int32Array,
  enough: number,
): boolean | undefined {
  const strands = wholeStrands(chain);
  if (strands.inward) {
    const reached = cutStrands(chain, strands, limits, budget, ends);
    return reached === undefined ? undefined : reached < Number.POSITIVE_INFINITY;
  }
  const { units, groups } = chain;
  let seconds = limits.seconds;
  let found = false;
  // Middles from the present one outward: a good one found early confines the search for the others.
  const guess = ends[groups - 1];
  for (let i = 0; i <= 2 * units; i++) {
    const middle = guess + (i % 2 === 0 ? i / 2 : -(i + 1) / 2);
    if (middle < groups || middle > units - groups) continue;
    strands.endA = middle;
    strands.beginB = middle;
    const reached = cutStrands(chain, strands, { ...limits, seconds }, budget, ends);
    if (reached === undefined) return undefined;
    if (reached === Number.POSITIVE_INFINITY) continue;
    if (reached <= enough) return true;
    found = true;
    seconds = reached * LESS;
  }
  return found;
}
