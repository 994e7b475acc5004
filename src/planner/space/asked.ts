import type { Cell } from '../request/cell.ts';
import type { Search } from '../request/search.ts';
import type { StackSpace } from '../request/stackSpace.ts';

/** What the configurations of a cell come from. */
export interface Asked {
  readonly cell: Cell;
  readonly search: Search;
  readonly stackSpace: StackSpace;
}

/** Embedding and head are units to cut, besides the layers. */
export const unitsBesideLayers = 2;

/** The allowed values among those that are possible. */
export function allowed<T>(listed: readonly T[] | undefined, possible: readonly T[]): readonly T[] {
  return listed === undefined ? possible : possible.filter((value) => listed.includes(value));
}
