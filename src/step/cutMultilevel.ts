import { partitionCsr } from 'graphology-metis';
import type { ComputeGraph } from '../graph/computeGraph.ts';
import { operatorGraph } from '../graph/graphModel.ts';
import { type Chain, chainOfUnits } from '../graph/slice.ts';
import type { Job } from '../job/job.ts';
import { oncePerObject } from '../keep.ts';
import {
  type Cuts,
  chainInOrder,
  cutDag,
  type DagEdges,
  type DagProblem,
  dagLowerBound,
  exact,
  type PartitionProblem,
  virtualStageCount,
} from '../partition/index.ts';
import { ValueCache } from './cache.ts';

/** A model in the order in which it is cut, what it was cut by in that order, and where. */
export interface OrderedCuts {
  readonly chain: Chain;
  readonly problem: PartitionProblem;
  readonly cuts: Cuts;
}

/**
 * How far the parts of the multilevel partitions may weigh over their share of time and of memory. The cut of a looser
 * one is smaller; what it lacks in balance is made up for when its order is cut.
 */
const imbalances = [0.03, 0.1, 0.3];

/**
 * Cuts a model into stages whose dependencies are acyclic, by the best of several orders of its operators. Multilevel
 * partitions with time and memory as two weights and the bytes of tensors between them say which operators belong
 * together; the orders that keep those together are cut as exactly as any other, so that the answer is never worse than
 * `exact` on the model's own order. Transformers are a chain, which has one order.
 * @param problem the chain in the model's own order
 * @param blockingSeconds what a byte that is sent costs each of two neighbouring stages, where that is their work
 */
export function cutMultilevel(job: Job, chain: Chain, problem: PartitionProblem, blockingSeconds: number): OrderedCuts {
  const edges = edgesOf(job, chain, problem, blockingSeconds);
  const dag: DagProblem = { ...problem, edges };
  const own = Int32Array.from(problem.seconds, (_, item) => item);
  const { order, cuts } = cutDag(dag, multilevelParts(dag), [own]);
  const ordered = inOrder(chain, order);
  return { chain: ordered, problem: ordered === chain ? problem : chainInOrder(dag, order), cuts };
}

/**
 * The best cuts of a model in its own order, against the bound of any order: a model of any shape has many, a transformer
 * only the one.
 * @param blockingSeconds what a byte that is sent costs each of two neighbouring stages, where that is their work
 */
export function cutExactly(job: Job, chain: Chain, problem: PartitionProblem, blockingSeconds: number): OrderedCuts {
  const cuts = exact(problem);
  if (chain.graph.model.graph === undefined) return { chain, problem, cuts };
  const bound = dagLowerBound({ ...problem, edges: edgesOf(job, chain, problem, blockingSeconds) });
  return { chain, problem, cuts: { ...cuts, lowerBoundSeconds: Math.min(bound, cuts.bottleneckSeconds) } };
}

/** Tensors between the items of a chain: each operator's own, or what crosses from one item to the next. */
function edgesOf(job: Job, { graph }: Chain, problem: PartitionProblem, blockingSeconds: number): DagEdges {
  const { microBatchSize } = job.parallelism;
  const tensors =
    graph.model.graph?.links.map(({ from, to, bytes }) => ({ from, to, bytes: bytes * microBatchSize })) ??
    Array.from(problem.boundaryBytes, (bytes, item) => ({ from: item, to: item + 1, bytes }));
  const bytes = Float64Array.from(tensors, (tensor) => tensor.bytes);
  return {
    sources: Int32Array.from(tensors, ({ from }) => from),
    targets: Int32Array.from(tensors, ({ to }) => to),
    bytes,
    seconds: bytes.map((size) => 2 * blockingSeconds * size),
  };
}

/** Partitions into as many parts as there are virtual stages, which know nothing of the direction of edges. */
function multilevelParts(problem: DagProblem): readonly Int32Array[] {
  const { edges, seconds, staticBytes, activationBytes, inFlight } = problem;
  const parts = virtualStageCount(problem);
  if (parts === 1) return [];
  const count = seconds.length;
  const held = inFlight.reduce((sum, microbatches) => sum + microbatches, 0) / inFlight.length;
  const vwgt = new Float64Array(2 * count);
  for (let item = 0; item < count; item++) {
    vwgt[2 * item] = seconds[item]!;
    vwgt[2 * item + 1] = staticBytes[item]! + held * activationBytes[item]!;
  }
  const graph = { ...rowsOf(count, edges), vwgt, ncon: 2 };
  return imbalances.map((imbalance) => partitionCsr(graph, { parts, imbalance: [imbalance, imbalance] }).parts);
}

/** Every edge in the rows of both its ends, parallel ones as one. */
function rowsOf(count: number, { sources, targets, bytes }: DagEdges) {
  const rows = Array.from({ length: count }, () => new Map<number, number>());
  const add = (from: number, to: number, weight: number) => rows[from]!.set(to, (rows[from]!.get(to) ?? 0) + weight);
  for (let edge = 0; edge < bytes.length; edge++) {
    // An edge of no weight would be none; even an empty tensor is a dependency.
    const weight = Math.max(1, bytes[edge]!);
    add(sources[edge]!, targets[edge]!, weight);
    add(targets[edge]!, sources[edge]!, weight);
  }
  const xadj = new Int32Array(count + 1);
  rows.forEach((row, item) => {
    xadj[item + 1] = xadj[item]! + row.size;
  });
  const adjncy = Int32Array.from(rows.flatMap((row) => [...row.keys()]));
  const adjwgt = Float64Array.from(rows.flatMap((row) => [...row.values()]));
  return { xadj, adjncy, adjwgt };
}

/** Orders in which graphs were cut lately: their units are kept, and with them what is known of each. */
const mostOrders = 8;
const ordersOf = oncePerObject((_: ComputeGraph) => new ValueCache<Chain>(mostOrders));

/** A chain with its items in another order. */
function inOrder(chain: Chain, order: Int32Array): Chain {
  const { model } = chain.graph;
  if (model.graph === undefined || order.every((item, place) => item === place)) return chain;
  return ordersOf(chain.graph).get(order.join(), () => chainOfUnits(operatorGraph(model, model.graph!, order)));
}
