import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cheapestChoice, type LayerMode } from '../../src/step/layerChoice.ts';

const anyMode = (mode: LayerMode['mode']) =>
  fc.record({
    mode: fc.constant(mode),
    seconds: fc.integer({ min: 0, max: 100 }),
    savedBytes: fc.integer({ min: 1, max: 100 }),
    transientBytes: fc.integer({ min: 0, max: 30 }),
  });
const anyModes = fc
  .tuple(anyMode('none'), anyMode('selective'), anyMode('full'))
  .map((modes) => [{ ...modes[0], seconds: 0 }, ...modes.slice(1)]);

/** Seconds of the best of all choices; undefined where none fits. */
function best(modes: readonly LayerMode[], held: readonly number[], room: number): number | undefined {
  let least: number | undefined;
  const choose = (layer: number, seconds: number, bytes: number, transient: number) => {
    if (layer === held.length) {
      if (bytes + transient <= room && (least === undefined || seconds < least)) least = seconds;
      return;
    }
    for (const mode of modes) {
      const most = Math.max(transient, mode.transientBytes);
      choose(layer + 1, seconds + mode.seconds, bytes + held[layer]! * mode.savedBytes, most);
    }
  };
  choose(0, 0, 0, 0);
  return least;
}

describe('the cheapest modes that fit', () => {
  it('fit wherever any choice does, and are within one layer of the best of all', () => {
    fc.assert(
      fc.property(
        anyModes,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 1200 }),
        (modes, first, second, held, room) => {
          const sets = [
            { layers: first, held },
            { layers: second, held: held + 1 },
          ];
          const layers = sets.flatMap((set) => new Array<number>(set.layers).fill(set.held));
          const exact = best(modes, layers, room);
          const chosen = cheapestChoice(modes, sets, room)
            .flat()
            .map((name) => modes.find(({ mode }) => mode === name)!);
          const bytes = chosen.reduce((sum, { savedBytes }, layer) => sum + layers[layer]! * savedBytes, 0);
          const transient = Math.max(...chosen.map(({ transientBytes }) => transientBytes));
          if (exact === undefined) return;
          expect(bytes + transient).toBeLessThanOrEqual(room);
          const seconds = chosen.reduce((sum, mode) => sum + mode.seconds, 0);
          expect(seconds - exact).toBeLessThanOrEqual(Math.max(...modes.map((mode) => mode.seconds)));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are no recomputation where there is room, and the least bytes where nothing fits', () => {
    const modes: readonly LayerMode[] = [
      { mode: 'none', seconds: 0, savedBytes: 10, transientBytes: 1 },
      { mode: 'full', seconds: 5, savedBytes: 1, transientBytes: 10 },
    ];
    expect(cheapestChoice(modes, [{ layers: 3, held: 2 }], 100)).toEqual([['none', 'none', 'none']]);
    expect(cheapestChoice(modes, [{ layers: 3, held: 2 }], 53)).toEqual([['full', 'none', 'none']]);
    expect(cheapestChoice(modes, [{ layers: 3, held: 2 }], 2)).toEqual([['full', 'full', 'full']]);
  });
});
