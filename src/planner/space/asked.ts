import type { ModelSpec } from '../../graph/model.ts';
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
const unitsBesideLayers = 2;

/** What a model may be cut between: its layers and ends, or the operators of a graph. */
export function unitsToCut({ graph, layers }: ModelSpec): number {
  return graph === undefined ? layers + unitsBesideLayers : graph.nodes.length;
}

/** The allowed values among those that are possible. */
export function allowed<T>(listed: readonly T[] | undefined, possible: readonly T[]): readonly T[] {
  return listed === undefined ? possible : possible.filter((value) => listed.includes(value));
}
