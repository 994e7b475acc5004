import { describe, expect, it } from 'vitest';
import { keep, once, oncePerObject } from '../src/keep.ts';

describe('what is kept', () => {
  it('is made once under a key', () => {
    const known = new Map<string, number>();
    expect(keep(known, 'a', () => 1)).toBe(1);
    expect(keep(known, 'a', () => 2)).toBe(1);
    expect(keep(known, 'b', () => 3)).toBe(3);
  });

  it('is worked out once for each value, or for each object even where objects are equal', () => {
    const asked: unknown[] = [];
    const ofValue = once((value: number) => asked.push(value));
    expect([ofValue(5), ofValue(6), ofValue(5)]).toEqual([1, 2, 1]);
    const ofObject = oncePerObject((object: object) => asked.push(object));
    const [one, equal] = [{}, {}];
    expect([ofObject(one), ofObject(equal), ofObject(one)]).toEqual([3, 4, 3]);
  });
});
