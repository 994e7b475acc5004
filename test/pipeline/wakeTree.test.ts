import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WakeTree } from '../../src/pipeline/wakeTree.ts';

it('wakes nobody at first, one member alone, and the lowest of a tie', () => {
  const tree = new WakeTree(3);
  expect(tree.earliest).toBe(Number.POSITIVE_INFINITY);
  tree.set(2, 4);
  expect([tree.earliest, tree.first(), tree.at(2)]).toEqual([4, 2, 4]);
  tree.set(1, 4);
  expect(tree.first()).toBe(1);
  expect(new WakeTree(1).first()).toBe(0);
});

it('knows the earliest after any changes', () => {
  const change = fc.tuple(fc.nat(9), fc.oneof(fc.nat(20), fc.constant(Number.POSITIVE_INFINITY)));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1 }), (changes) => {
      const tree = new WakeTree(10);
      const times = new Array<number>(10).fill(Number.POSITIVE_INFINITY);
      for (const [member, time] of changes) {
        tree.set(member, time);
        times[member] = time;
        expect(tree.earliest).toBe(Math.min(...times));
        expect(times[tree.first()]).toBe(tree.earliest);
      }
    }),
  );
});
