import { type JobList, type Jobs, preemptiveBound } from './oneMachine.ts';
import { deviceOf } from './placement.ts';
import { BACKWARD_COST, COSTS_PER_STAGE, FORWARD_COST, type PipelinePlan, WHOLE_BACKWARD_COST } from './plan.ts';
import { costTables } from './run.ts';
import { BACKWARD, FUSED_FORWARD, type PipelineCosts, type StagePlacement, WEIGHT } from './schedule.ts';

/** The work of a step without an order: what the bound of every order of it needs to know. */
export interface PipelineWork {
  readonly placement: StagePlacement;
  readonly stages: number;
  readonly virtualStages: number;
  readonly lanes: number;
  /** Microbatches of each lane. */
  readonly microbatches: number;
  readonly splitsBackward: boolean;
}

/** The most activations each device holds: from forward to the end of the input (or whole backward) and of the weight pass. */
export interface Residency {
  readonly untilInput: ArrayLike<number>;
  readonly untilWeight: ArrayLike<number>;
}

/** Longest ways through the passes of one lane's microbatch: before and after each pass. */
interface StageWays {
  readonly forwardHead: Float64Array;
  readonly backwardHead: Float64Array;
  readonly forwardTail: Float64Array;
  readonly backwardTail: Float64Array;
}

function deviceOfLane(work: PipelineWork, lane: number): number {
  return deviceOf(work.placement, work.stages, lane % work.virtualStages, Math.floor(lane / work.virtualStages));
}

/** Both directions of a dual placement have the same ways, so those of one are enough. */
function stageWays(work: PipelineWork, costs: PipelineCosts): StageWays {
  const { virtualStages: count, splitsBackward } = work;
  const { forward, backward, weight, communication } = costs;
  const make = () => new Float64Array(count);
  const ways = { forwardHead: make(), backwardHead: make(), forwardTail: make(), backwardTail: make() };
  const transfer = (s: number) => (deviceOfLane(work, s) === deviceOfLane(work, s + 1) ? 0 : communication[s]);
  const last = count - 1;
  for (let s = 0; s < count; s++) {
    const own = splitsBackward ? weight[s] : 0;
    if (s === 0) ways.backwardTail[s] = own;
    else {
      ways.forwardHead[s] = ways.forwardHead[s - 1] + forward[s - 1] + transfer(s - 1);
      ways.backwardTail[s] = Math.max(own, transfer(s - 1) + backward[s - 1] + ways.backwardTail[s - 1]);
    }
  }
  for (let s = last; s >= 0; s--) {
    const back = backward[s] + ways.backwardTail[s];
    if (s === last) {
      ways.backwardHead[s] = ways.forwardHead[s] + forward[s];
      ways.forwardTail[s] = back;
    } else {
      ways.backwardHead[s] = ways.backwardHead[s + 1] + backward[s + 1] + transfer(s);
      ways.forwardTail[s] = Math.max(back, transfer(s) + forward[s + 1] + ways.forwardTail[s + 1]);
    }
  }
  return ways;
}

/** All microbatches of a lane have the same heads and tails, so each kind of pass is one job of its whole work. */
function stageJobs(work: PipelineWork, costs: PipelineCosts, ways: StageWays): readonly Jobs[] {
  const { stages, virtualStages, lanes, microbatches, splitsBackward } = work;
  const jobs = Array.from({ length: stages }, (): JobList => ({ head: [], work: [], tail: [] }));
  for (let lane = 0; lane < lanes; lane++) {
    const s = lane % virtualStages;
    const { head, work: length, tail } = jobs[deviceOfLane(work, lane)];
    head.push(ways.forwardHead[s], ways.backwardHead[s]);
    length.push(microbatches * costs.forward[s], microbatches * costs.backward[s]);
    tail.push(ways.forwardTail[s], ways.backwardTail[s]);
    if (!splitsBackward) continue;
    head.push(ways.backwardHead[s] + costs.backward[s]);
    length.push(microbatches * costs.weight[s]);
    tail.push(0);
  }
  return jobs;
}

/**
 * A device that holds at most K activations, each for at least as long as its microbatch takes from there to the end
 * of the model and back, needs at least (sum of those times) / K. With one chunk a device all those times are the same,
 * and one of the K places serves at least ⌈microbatches / K⌉ of them.
 */
function residencyBound(work: PipelineWork, costs: PipelineCosts, ways: StageWays, residency: Residency): number {
  const { stages, virtualStages, lanes, microbatches, splitsBackward } = work;
  let bound = 0;
  for (let d = 0; d < stages; d++) {
    let untilInput = 0;
    let untilWeight = 0;
    let head = Number.POSITIVE_INFINITY;
    let tail = Number.POSITIVE_INFINITY;
    let own = 0;
    for (let lane = 0; lane < lanes; lane++) {
      if (deviceOfLane(work, lane) !== d) continue;
      own++;
      const s = lane % virtualStages;
      const roundTrip = ways.backwardHead[s] - ways.forwardHead[s] + costs.backward[s];
      untilInput += microbatches * roundTrip;
      untilWeight += microbatches * (roundTrip + (splitsBackward ? costs.weight[s] : 0));
      head = Math.min(head, ways.forwardHead[s]);
      tail = Math.min(tail, ways.backwardTail[s]);
    }
    const places = (sum: number, most: number) =>
      own === 1 ? (sum / microbatches) * Math.ceil(microbatches / most) : sum / most;
    bound = Math.max(
      bound,
      head + places(untilInput, residency.untilInput[d]) + tail,
      head + places(untilWeight, residency.untilWeight[d]) + (splitsBackward ? 0 : tail),
    );
  }
  return bound;
}

/**
 * A time that no order of this work can be shorter than: the longest path, the busiest device and, for each device,
 * the preemptive one-machine bound (which is at least as strong as both); where given, the residency bound too.
 * @param residency leave it out to bound every order whatever it holds
 */
export function lowerBound(work: PipelineWork, costs: PipelineCosts, residency?: Residency): number {
  const ways = stageWays(work, costs);
  let bound = residency ? residencyBound(work, costs, ways, residency) : 0;
  for (const jobs of stageJobs(work, costs, ways)) bound = Math.max(bound, preemptiveBound(jobs));
  return bound;
}

/**
 * The lower bound of the very tasks of a plan: as {@link lowerBound}, with whole backwards where the plan has them. The
 * parts of a fused pair count as tasks of their own that share the cost of the pair, so that it bounds every pairing.
 */
export function planLowerBound(plan: PipelinePlan, costs: PipelineCosts, residency?: Residency): number {
  const mixed = plan.pairInput.length > 0 || plan.weightTask.includes(NO_TASK);
  if (!mixed) return lowerBound(plan, costs, residency);
  let bound = 0;
  for (const jobs of taskJobs(plan, costs)) bound = Math.max(bound, preemptiveBound(jobs));
  return bound;
}

const NO_TASK = -1;

/**
 * Every task of a plan as a job of its device, with the longest ways before and after it that no order can shorten.
 * The backward part of a fused pair k is node `tasks` + k.
 */
function taskJobs(plan: PipelinePlan, costs: PipelineCosts): readonly Jobs[] {
  const { tasks, microbatches, kind, lane, microbatch, costClass, input, inputTransfer } = plan;
  const { pairLane, pairMicrobatch, pairInput, pairInputTransfer, forwardTask, backwardTask } = plan;
  const { transferOf } = costTables(plan, costs);
  const nodes = pairInput.length > 0 ? 2 * tasks : tasks;
  const cost = nodeCosts(plan, costs, nodes);
  const head = new Float64Array(nodes);
  const tail = new Float64Array(nodes);
  const backwardNode = (k: number) => (kind[k] === FUSED_FORWARD ? tasks + k : k);

  type Edge = (source: number, sink: number, delay: number) => void;
  /** Calls `edge` for everything the passes of a task wait for, whatever the order of its device. */
  const eachWait = (k: number, edge: Edge) => {
    const slot = lane[k] * microbatches + microbatch[k];
    if (kind[k] === BACKWARD) {
      if (input[k] < tasks) edge(backwardNode(input[k]), k, transferOf[inputTransfer[costClass[k]]]);
      edge(forwardTask[slot], k, 0);
    } else if (kind[k] === WEIGHT) edge(backwardNode(backwardTask[slot]), k, 0);
    else if (input[k] < tasks) edge(input[k], k, transferOf[inputTransfer[costClass[k]]]);
    if (kind[k] !== FUSED_FORWARD) return;
    if (pairInput[k] < tasks) edge(backwardNode(pairInput[k]), tasks + k, transferOf[pairInputTransfer[costClass[k]]]);
    edge(forwardTask[pairLane[k] * microbatches + pairMicrobatch[k]], tasks + k, 0);
  };
  for (let k = 0; k < tasks; k++) {
    eachWait(k, (source, sink, delay) => {
      head[sink] = Math.max(head[sink], head[source] + cost[source] + delay);
    });
  }
  for (let k = tasks - 1; k >= 0; k--) {
    eachWait(k, (source, sink, delay) => {
      tail[source] = Math.max(tail[source], delay + cost[sink] + tail[sink]);
    });
  }
  return Array.from({ length: plan.stages }, (_, d) => {
    const own: number[] = [];
    for (const k of plan.deviceTasks.subarray(plan.deviceOffset[d], plan.deviceOffset[d + 1])) {
      own.push(k);
      if (kind[k] === FUSED_FORWARD) own.push(tasks + k);
    }
    const of = (values: Float64Array) => own.map((node) => values[node]);
    return { head: of(head), work: of(cost), tail: of(tail) };
  });
}

/** The cost of every node of {@link taskJobs}: the parts of a pair share its cost in proportion to their own. */
function nodeCosts(plan: PipelinePlan, costs: PipelineCosts, nodes: number): Float64Array {
  const { tasks, virtualStages, kind, costClass, fusedClasses } = plan;
  const { costOf } = costTables(plan, costs);
  const cost = new Float64Array(nodes);
  for (let k = 0; k < tasks; k++) {
    const whole = costOf[costClass[k]];
    cost[k] = whole;
    if (kind[k] !== FUSED_FORWARD) continue;
    const fused = fusedClasses[costClass[k] - COSTS_PER_STAGE * virtualStages];
    const forward = costOf[FORWARD_COST * virtualStages + fused.forwardStage];
    const backwardCost = fused.whole ? WHOLE_BACKWARD_COST : BACKWARD_COST;
    const backward = costOf[backwardCost * virtualStages + fused.backwardStage];
    const share = forward + backward > 0 ? forward / (forward + backward) : 1;
    cost[k] = whole * share;
    cost[tasks + k] = whole * (1 - share);
  }
  return cost;
}
