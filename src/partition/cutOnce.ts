import { lowerBoundSeconds } from './bound.ts';
import type { Chain } from './chain.ts';
import { score } from './evaluate.ts';
import type { Cuts } from './problem.ts';
import { cutWindow, type Window, wholeWindow } from './window.ts';

const NONE = Number.POSITIVE_INFINITY;

/** How far above its bound an optimum is first sought: a tight limit confines the search, and most chains meet it. */
const FIRST_STEP = 0.01;
const NEXT_STEP = 4;

/**
 * Optimal cuts of one chunk a device, at any size: the loads of stages are independent, so that the dynamic program
 * is exact. The bound is the optimum without limits on memory.
 */
export function cutOnce(chain: Chain): Cuts {
  const ends = new Int32Array(chain.virtualStages);
  const window = wholeWindow(chain);
  const floor = lowerBoundSeconds(chain);
  // Most chains meet their bound: then one pass is all.
  if (cutWindow(chain, ends, window, 'traffic', { seconds: floor, extraBytes: 0 }) < NONE) {
    return optimal(chain, ends, floor);
  }
  const withinMemory = lowerBoundSeconds(chain, true);
  const first = { seconds: withinMemory * (1 + FIRST_STEP), extraBytes: 0 };
  let bottleneck = withinMemory < NONE ? cutWindow(chain, ends, window, 'bottleneck', first) : NONE;
  let extraBytes = 0;
  if (bottleneck === NONE) {
    extraBytes = leastOverBytes(chain, ends, window);
    bottleneck = leastBottleneck(chain, ends, window, floor, NONE, extraBytes);
  }
  const free = leastBottleneck(chain, ends, window, floor, bottleneck, NONE);
  cutWindow(chain, ends, window, 'traffic', { seconds: bottleneck, extraBytes });
  return optimal(chain, ends, free);
}

function optimal(chain: Chain, ends: Int32Array, bound: number): Cuts {
  const { overBytes, bottleneckSeconds } = score(chain, ends);
  return {
    ends,
    bottleneckSeconds,
    lowerBoundSeconds: Math.min(bound, bottleneckSeconds),
    proved: true,
    overBytes,
  };
}

/** The least bottleneck between `floor` and `ceiling`, sought under rising limits. */
function leastBottleneck(
  chain: Chain,
  ends: Int32Array,
  window: Window,
  floor: number,
  ceiling: number,
  extraBytes: number,
): number {
  const most = Math.min(ceiling, chain.seconds[chain.units] * 2);
  for (let step = FIRST_STEP; floor * (1 + step) < most; step *= NEXT_STEP) {
    const reached = cutWindow(chain, ends, window, 'bottleneck', { seconds: floor * (1 + step), extraBytes });
    if (reached !== NONE) return reached;
  }
  return cutWindow(chain, ends, window, 'bottleneck', { seconds: ceiling, extraBytes });
}

/** The least bytes over capacity on the worst device, sought under rising limits; 0 where all fit. */
function leastOverBytes(chain: Chain, ends: Int32Array, window: Window): number {
  const { units, virtualStages } = chain;
  const mean = (chain.staticBytes[units] + chain.activationBytes[units]) / virtualStages;
  for (let step = FIRST_STEP, extraBytes = 0; step < 1; step *= NEXT_STEP) {
    const over = cutWindow(chain, ends, window, 'overBytes', { seconds: NONE, extraBytes });
    // Every cut that is over by no more lies within the limit, so that the best of them was among those tried.
    if (over <= extraBytes) return over;
    extraBytes = step * mean;
  }
  return cutWindow(chain, ends, window, 'overBytes', { seconds: NONE, extraBytes: NONE });
}
