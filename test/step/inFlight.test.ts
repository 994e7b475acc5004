import { describe, expect, it } from 'vitest';
import { inFlightOf } from './inFlightOf.ts';

/** One entry a stage. */
const stages = <T>(count: number, of: (stage: number) => T) => Array.from({ length: count }, (_, stage) => of(stage));

describe('microbatches in flight', () => {
  const p = 8;

  it('fall from p to 1 along a 1F1B pipeline', () => {
    expect(inFlightOf('1f1b', { stages: p, microbatches: 32 })).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('fall by two chunks a stage under interleaving: 2(p − i − 1) + (v − 1)p + 1', () => {
    const held = inFlightOf('interleaved', { stages: p, virtualStages: 3, microbatches: 32 });
    expect(held).toEqual([31, 29, 27, 25, 23, 21, 19, 17]);
    for (const v of [2, 4]) {
      const wanted = stages(p, (i) => 2 * (p - i - 1) + (v - 1) * p + 1);
      expect(inFlightOf('interleaved', { stages: p, virtualStages: v, microbatches: 32 })).toEqual(wanted);
    }
  });

  it('are never more than there are', () => {
    expect(inFlightOf('1f1b', { stages: p, microbatches: 3 })).toEqual([3, 3, 3, 3, 3, 3, 2, 1]);
    expect(inFlightOf('interleaved', { stages: p, virtualStages: 3, microbatches: 8 })).toEqual([
      24, 24, 24, 24, 23, 21, 19, 17,
    ]);
  });

  it('are all of them under GPipe, in every stage', () => {
    expect(inFlightOf('gpipe', { stages: 4, microbatches: 12 })).toEqual([12, 12, 12, 12]);
  });

  it('stay within the cap of a dynamic schedule', () => {
    for (const held of inFlightOf('smp-interleaved', { stages: 6, microbatches: 96, activeMicrobatches: 8 })) {
      expect(held).toBeLessThanOrEqual(8);
    }
  });
});
