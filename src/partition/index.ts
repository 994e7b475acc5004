export { cutDag, type DagCuts, dagLowerBound, orderByParts } from './cutDag.ts';
export { chainInOrder, type DagEdges, type DagProblem } from './dag.ts';
export { evaluate } from './evaluate.ts';
export { exact } from './exact.ts';
export { deviceOf, virtualStageCount } from './layout.ts';
export { topologicalOrders } from './orders.ts';
export {
  type PlacedDegrees,
  type PlacementLetters,
  placementAliases,
  placementLetters,
  placements,
  type RankIndex,
  type RankLayout,
  rankLayout,
  rankOf,
} from './placement.ts';
export type { Cuts, PartitionProblem } from './problem.ts';
export { refineStages, scoreStages } from './refineDag.ts';
export {
  formatAssignments,
  type ModuleAssignment,
  type ModuleNode,
  type ModuleRun,
  type TreeOptions,
  type TreePartition,
  tree,
} from './tree.ts';
export { layers, uniform } from './uniform.ts';
