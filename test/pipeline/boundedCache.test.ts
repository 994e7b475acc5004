import { expect, it } from 'vitest';
import { BoundedCache } from '../../src/pipeline/boundedCache.ts';

it('forgets what was used longest ago when there are too many', () => {
  const cache = new BoundedCache<number>(2, 100);
  cache.set('a', 1, 1);
  cache.set('b', 2, 1);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3, 1);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
});

it('forgets what makes it too large, but never the newest', () => {
  const cache = new BoundedCache<number>(10, 5);
  cache.set('a', 1, 3);
  cache.set('b', 2, 3);
  expect([cache.get('a'), cache.get('b')]).toEqual([undefined, 2]);
  cache.set('c', 3, 50);
  expect([cache.get('b'), cache.get('c')]).toEqual([undefined, 3]);
});

it('counts an entry once that is set again', () => {
  const cache = new BoundedCache<number>(10, 5);
  cache.set('a', 1, 3);
  cache.set('b', 2, 1);
  cache.set('a', 3, 4);
  expect([cache.get('a'), cache.get('b')]).toEqual([3, 2]);
});
