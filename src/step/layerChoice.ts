import type { UnitRecompute } from '../memory/unitMemory.ts';

/** One way to recompute a layer: what it costs a microbatch, and what it keeps and needs. */
export interface LayerMode {
  readonly mode: UnitRecompute;
  readonly seconds: number;
  readonly savedBytes: number;
  readonly transientBytes: number;
}

/** Equal layers of one chunk, of which a device holds `held` microbatches at its fullest moment. */
export interface LayerSet {
  readonly layers: number;
  readonly held: number;
}

/**
 * The cheapest mode for every layer so that saved and temporary bytes stay within `roomBytes`: a knapsack with one
 * choice a layer. For each limit on temporary bytes, layers step along the convex hull of (bytes, seconds), the fewest
 * seconds a byte first, and the last step is exchanged for the cheapest that is enough. That is the optimum of the
 * linear relaxation but for one layer, so it is never more than one layer's recomputation above the best choice.
 * Where nothing fits, every layer keeps least.
 * @source Dyer 1984, Zemel 1984: the relaxation of the multiple-choice knapsack problem
 */
export function cheapestChoice(
  modes: readonly LayerMode[],
  sets: readonly LayerSet[],
  roomBytes: number,
): readonly (readonly UnitRecompute[])[] {
  let best: { seconds: number; choice: readonly (readonly UnitRecompute[])[] } | undefined;
  for (const limit of new Set(modes.map(({ transientBytes }) => transientBytes))) {
    const allowed = modes.filter(({ transientBytes }) => transientBytes <= limit);
    const found = withinBytes(hullOf(allowed), allowed, sets, roomBytes - limit);
    if (found !== undefined && (best === undefined || found.seconds < best.seconds)) best = found;
  }
  if (best !== undefined) return best.choice;
  const least = modes.reduce((a, b) => (b.savedBytes < a.savedBytes ? b : a));
  return sets.map(({ layers }) => new Array<UnitRecompute>(layers).fill(least.mode));
}

/** From the cheapest mode on, those that save bytes at ever more seconds a byte. */
function hullOf(modes: readonly LayerMode[]): readonly LayerMode[] {
  let at = modes.reduce((a, b) =>
    b.seconds < a.seconds || (b.seconds === a.seconds && b.savedBytes < a.savedBytes) ? b : a,
  );
  const hull = [at];
  for (;;) {
    const from = at;
    const rate = (mode: LayerMode) => (mode.seconds - from.seconds) / (from.savedBytes - mode.savedBytes);
    const smaller = modes.filter(({ savedBytes }) => savedBytes < from.savedBytes);
    if (smaller.length === 0) return hull;
    at = smaller.reduce((a, b) => (rate(b) < rate(a) || (rate(b) === rate(a) && b.savedBytes < a.savedBytes) ? b : a));
    hull.push(at);
  }
}

function withinBytes(
  hull: readonly LayerMode[],
  allowed: readonly LayerMode[],
  sets: readonly LayerSet[],
  roomBytes: number,
) {
  // Layers of a set that stand at each place of the hull; all start at the cheapest.
  const choice = sets.map(({ layers }) => new Array<LayerMode>(layers).fill(hull[0]!));
  const held = (set: number) => sets[set]!.held;
  let bytes = 0;
  sets.forEach(({ layers }, set) => {
    bytes += layers * held(set) * hull[0]!.savedBytes;
  });
  // A step for one layer of a set saves more where more microbatches are in flight.
  const steps = hull
    .slice(1)
    .flatMap((to, place) => sets.map((_, set) => ({ set, to, from: hull[place]! })))
    .sort((a, b) => secondsPerByte(a, held(a.set)) - secondsPerByte(b, held(b.set)));
  for (const { set, to, from } of steps) {
    if (held(set) === 0) continue;
    const layers = choice[set]!;
    for (let layer = 0; bytes > roomBytes && layer < layers.length; layer++) {
      const missing = (bytes - roomBytes) / held(set);
      const isLast = from.savedBytes - to.savedBytes >= missing;
      const enough = allowed.filter(({ savedBytes }) => from.savedBytes - savedBytes >= missing);
      const next = isLast ? enough.reduce((a, b) => (b.seconds < a.seconds ? b : a)) : to;
      bytes -= held(set) * (layers[layer]!.savedBytes - next.savedBytes);
      layers[layer] = next;
    }
  }
  if (bytes > roomBytes) return undefined;
  const seconds = choice.flat().reduce((sum, mode) => sum + mode.seconds, 0);
  return { seconds, choice: choice.map((layers) => layers.map(({ mode }) => mode)) };
}

function secondsPerByte({ to, from }: { readonly to: LayerMode; readonly from: LayerMode }, held: number): number {
  const saved = held * (from.savedBytes - to.savedBytes);
  return saved === 0 ? Number.POSITIVE_INFINITY : (to.seconds - from.seconds) / saved;
}
