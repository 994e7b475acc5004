import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exposedShardedSeconds, type ShardedUnit } from '../../src/step/shardedPass.ts';

const unit = (change: Partial<ShardedUnit>): ShardedUnit => ({
  ...{ compute: 0, products: 0, copy: 0, gather: 0, scatter: 0 },
  ...change,
});
const nothing = { products: 0, others: 0 };

describe('what a pass over sharded units waits for', () => {
  it('is the first gather where the others end beside the work, and the last scatter', () => {
    const layers = Array.from({ length: 4 }, () => unit({ compute: 10, products: 10, gather: 3, scatter: 2 }));
    expect(exposedShardedSeconds(layers, nothing)).toBeCloseTo(3 + 2, 12);
    const gathered = layers.map((layer) => ({ ...layer, scatter: 0 }));
    expect(exposedShardedSeconds(gathered, nothing)).toBeCloseTo(3, 12);
  });

  it('is what slow gathers take beyond the work', () => {
    const layers = Array.from({ length: 4 }, () => unit({ compute: 10, gather: 12 }));
    expect(exposedShardedSeconds(layers, nothing)).toBeCloseTo(4 * 12 + 10 - 4 * 10, 12);
  });

  it('has products lose one share of their rate beside collectives, and other kernels another', () => {
    // Each of the first three runs beside a gather of 4 s, of which it loses 0.8 × 0.5 + 0.2 × 0.1.
    const layers = Array.from({ length: 4 }, () => unit({ compute: 10, products: 8, gather: 4 }));
    const lost = { products: 0.5, others: 0.1 };
    expect(exposedShardedSeconds(layers, lost)).toBeCloseTo(4 + 3 * 4 * 0.42, 12);
    // Work that ends before the gather beside it does is slow throughout.
    const short = Array.from({ length: 2 }, () => unit({ compute: 1, products: 1, gather: 10 }));
    expect(exposedShardedSeconds(short, lost)).toBeCloseTo(10 + 10 + 1 - 2, 12);
  });

  it('is never negative, and no less where more is lost', () => {
    const seconds = fc.double({ min: 0, max: 100, noNaN: true });
    const some = fc
      .record({
        compute: seconds,
        share: fc.double({ min: 0, max: 1, noNaN: true }),
        copy: seconds,
        gather: seconds,
        scatter: seconds,
      })
      .map(({ share, ...rest }) => ({ ...rest, products: share * rest.compute }));
    const share = fc.double({ min: 0, max: 0.9, noNaN: true });
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 12 }), share, share, share, (units, a, b, others) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        const low = exposedShardedSeconds(units, { products: less, others });
        const high = exposedShardedSeconds(units, { products: more, others });
        expect(low).toBeGreaterThanOrEqual(-1e-9);
        expect(high).toBeGreaterThanOrEqual(low - 1e-9);
      }),
    );
  });
});
