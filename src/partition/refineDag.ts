import { TOLERANCE } from './chain.ts';
import { type Adjacency, adjacencyOf, type DagProblem } from './dag.ts';
import { compareScores, type Score } from './evaluate.ts';

/** Assignments that a refinement may score. */
const MOST_TRIALS = 4000;

/**
 * Moves nodes between stages as long as that makes the stages better (bytes over, then bottleneck, then traffic, then
 * peak memory), for one chunk a device. A node only goes where all that it needs is in its stage or an earlier one, and
 * all that needs it in its stage or a later one, so that the stages stay acyclic; no stage is emptied. Changes
 * `stageOf` in place.
 */
export function refineStages(problem: DagProblem, stageOf: Int32Array): void {
  const nodes = stageOf.length;
  const { sources, targets } = problem.edges;
  const out = adjacencyOf(nodes, sources);
  const into = adjacencyOf(nodes, targets);
  const sizes = new Int32Array(problem.stages);
  for (const stage of stageOf) sizes[stage]++;
  let best = scoreStages(problem, stageOf);
  let trials = MOST_TRIALS;
  for (let improved = true; improved && trials > 0; ) {
    improved = false;
    for (let node = 0; node < nodes && trials > 0; node++) {
      const from = stageOf[node];
      if (sizes[from] === 1) continue;
      const earliest = neighbourStage(into, sources, stageOf, node, Math.max, 0);
      const latest = neighbourStage(out, targets, stageOf, node, Math.min, problem.stages - 1);
      for (const to of [from - 1, from + 1]) {
        if (to < earliest || to > latest) continue;
        stageOf[node] = to;
        trials--;
        const reached = scoreStages(problem, stageOf);
        if (compareScores(reached, best) < 0) {
          best = reached;
          sizes[from]--;
          sizes[to]++;
          improved = true;
          break;
        }
        stageOf[node] = from;
      }
    }
  }
}

function neighbourStage(
  { start, edges }: Adjacency,
  ends: Int32Array,
  stageOf: Int32Array,
  node: number,
  choose: (a: number, b: number) => number,
  otherwise: number,
): number {
  let stage = otherwise;
  for (let i = start[node]; i < start[node + 1]; i++) stage = choose(stage, stageOf[ends[edges[i]]]);
  return stage;
}

/** Scores an assignment of nodes to stages; tensors are handed on by the stages that they pass through. */
export function scoreStages(problem: DagProblem, stageOf: Int32Array): Score {
  const { stages, edges, inFlight, capacityBytes } = problem;
  const seconds = new Float64Array(stages);
  const bytes = new Float64Array(stages);
  const transient = new Float64Array(stages);
  for (let node = 0; node < stageOf.length; node++) {
    const stage = stageOf[node];
    seconds[stage] += problem.seconds[node];
    bytes[stage] += problem.staticBytes[node] + inFlight[stage] * problem.activationBytes[node];
    if (problem.transientBytes[node] > transient[stage]) transient[stage] = problem.transientBytes[node];
  }
  let trafficBytes = 0;
  for (let edge = 0; edge < edges.sources.length; edge++) {
    const to = stageOf[edges.targets[edge]];
    for (let stage = stageOf[edges.sources[edge]]; stage < to; stage++) {
      trafficBytes += edges.bytes[edge];
      seconds[stage] += edges.seconds[edge];
      seconds[stage + 1] += edges.seconds[edge];
    }
  }
  let bottleneckSeconds = 0;
  let overBytes = 0;
  let peakBytes = 0;
  for (let stage = 0; stage < stages; stage++) {
    const held = bytes[stage] + transient[stage];
    const over = held - capacityBytes[stage];
    if (over > overBytes && over > TOLERANCE * held) overBytes = over;
    peakBytes = Math.max(peakBytes, held);
    bottleneckSeconds = Math.max(bottleneckSeconds, seconds[stage]);
  }
  return { overBytes, bottleneckSeconds, trafficBytes, peakBytes };
}
