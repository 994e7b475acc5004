import { contract } from './contract.ts';
import { type FlatGraph, totalWeights } from './flat-graph.ts';
import { coarseIds, matchByRating } from './matching.ts';
import type { Rng } from './random.ts';
import { matchTwoHop } from './two-hop.ts';

/** One graph of the hierarchy, with what is known of its vertices. */
export interface Level {
  readonly graph: FlatGraph;
  readonly fixed: Int32Array | null;
  readonly classes: Int32Array | null;
}

/** A coarser level and the way to it. */
export interface Step {
  readonly level: Level;
  /** Coarse id of each vertex of the finer level. */
  readonly coarse: Int32Array;
}

/** Heaviest coarse vertex for a hierarchy that shall end at about `vertices` vertices. */
export function heaviestVertex(graph: FlatGraph, vertices: number): Float64Array {
  return totalWeights(graph).map((total) => (1.5 * total) / vertices);
}

/** Carries a per-vertex label to the coarse vertices; a label >= 0 wins over -1. */
export function coarseLabels(labels: Int32Array, coarse: Int32Array, count: number): Int32Array {
  const result = new Int32Array(count).fill(-1);
  for (let v = 0; v < labels.length; v++) if (labels[v] >= 0) result[coarse[v]] = labels[v];
  return result;
}

/**
 * One step of coarsening.
 *
 * @returns null when too few vertices would merge to be worth a level
 */
export function coarsenOnce(level: Level, heaviest: Float64Array, rng: Rng): Step | null {
  const { graph, fixed, classes } = level;
  const rules = { heaviest, classes, fixed };
  const partner = matchByRating(graph, rules, rng);
  matchTwoHop(graph, rules, partner);
  const { coarse, count } = coarseIds(partner);
  if (count > 0.95 * graph.n) return null;
  return {
    level: {
      graph: contract(graph, coarse, count),
      fixed: fixed && coarseLabels(fixed, coarse, count),
      classes: classes && coarseLabels(classes, coarse, count),
    },
    coarse,
  };
}
