import type { ComputeGraph } from '../graph/computeGraph.ts';
import { sum } from '../graph/operator.ts';
import { type Chain, chainOfOperators } from '../graph/slice.ts';
import type { Job } from '../job/job.ts';
import { lazily } from '../keep.ts';
import { type Cuts, type ModuleNode, tree } from '../partition/index.ts';
import type { DeviceMap } from '../pipeline/schedule.ts';
import { elementBytes } from '../stack/precision.ts';
import { type ChainItem, chainItems } from './chainItems.ts';
import { assignmentsOf, type ModuleAssignment } from './moduleAssignments.ts';
import { type Module, type ModuleTree, moduleTree, wayBetween } from './moduleTree.ts';
import type { ProfileOf } from './stageProfile.ts';

/** Virtual stages that a module tree gives: each is a maximal run of operators on a device. */
export interface TreeCut {
  readonly chain: Chain;
  readonly ends: Int32Array;
  readonly cuts: () => Cuts;
  /** A module tree minds no limits of memory. */
  readonly problem?: undefined;
  /** The device of every virtual stage, and those of the parents that hand its output on. */
  readonly map: DeviceMap;
  readonly assignments: readonly ModuleAssignment[];
  readonly warnings: readonly string[];
}

/**
 * Cuts a model as SageMaker's library does, where the job asks for that: its tree of modules is walked from the root,
 * and the modules of each level are dealt to the devices of their parent. What one module hands to the next goes through
 * their parent, which asked the first for it: its device takes it in and sends it on, beside what it computes.
 * @source arXiv 2111.05972; Amazon SageMaker Developer Guide, "Pipeline execution with PyTorch"
 */
export function cutTree(job: Job, graph: ComputeGraph, profileOf: ProfileOf): TreeCut | undefined {
  const { partitioner, degrees } = job.parallelism;
  if (partitioner.kind !== 'tree') return undefined;
  const chain = chainOfOperators(graph);
  const items = chainItems(job, chain, profileOf);
  const modules = moduleTree(chain);
  const nodes = modulesWithCosts(job, chain, items, modules.root);
  const options = { devices: degrees.pipeline, memoryWeight: partitioner.memoryWeight };
  const dealt = new Map(tree(nodes.get(modules.root)!, options).assignments.map((one) => [one.module, one.device]));
  const deviceOf = (module: Module): number => dealt.get(nodes.get(module)!)!;
  const { ends, devices, through } = runsOf(modules, deviceOf);
  return {
    chain,
    ends,
    cuts: lazily(() => cutsOf(items, ends, devices, degrees.pipeline)),
    map: { devices, through },
    assignments: assignmentsOf(modules.root, deviceOf),
    warnings: warningsOf(job, chain, ends, devices),
  };
}

/** Every module with what is its own: seconds of a microbatch, bytes of parameters and of what it returns. */
function modulesWithCosts(
  job: Job,
  { graph, places }: Chain,
  items: readonly ChainItem[],
  root: Module,
): ReadonlyMap<Module, ModuleNode> {
  const width = elementBytes(job.training.precision);
  const nodes = new Map<Module, ModuleNode>();
  const nodeOf = (module: Module): ModuleNode => {
    const operators = module.operators.map((at) => graph.units[places[at].unit].operators[places[at].operator]);
    const shared = operators.find(({ tied }) => tied !== undefined)?.tied;
    const node = {
      name: module.name,
      seconds: sum(module.operators, (at) => items[at].seconds),
      parameterBytes: sum(operators, ({ parameters }) => parameters * width),
      activationBytes: sum(operators, ({ outputBytes }) => outputBytes * job.parallelism.microBatchSize),
      children: module.children.map(nodeOf),
      ...(shared === undefined ? {} : { sharedParameters: shared }),
    };
    nodes.set(module, node);
    return node;
  };
  nodeOf(root);
  return nodes;
}

/** Ends and device of every virtual stage, each a maximal run of the chain on a device, and the ways between them. */
function runsOf({ moduleOf }: ModuleTree, deviceOf: (module: Module) => number) {
  const ends: number[] = [];
  const devices = [deviceOf(moduleOf[0])];
  const through: number[][] = [];
  for (let at = 1; at < moduleOf.length; at++) {
    const from = deviceOf(moduleOf[at - 1]);
    const to = deviceOf(moduleOf[at]);
    if (from === to) continue;
    const way = wayBetween(moduleOf[at - 1], moduleOf[at]).map(deviceOf);
    const stops = way.filter((device, hop) => hop > 0 && device !== way[hop - 1]);
    through.push(stops.slice(0, -1));
    ends.push(at);
    devices.push(to);
  }
  return { ends: Int32Array.from([...ends, moduleOf.length]), devices, through };
}

/** The cut with its figures; no cut of the operators has a bottleneck below the mean or the largest operator. */
function cutsOf(items: readonly ChainItem[], ends: Int32Array, devices: readonly number[], stages: number): Cuts {
  const loads = new Float64Array(stages);
  let total = 0;
  let largest = 0;
  let at = 0;
  ends.forEach((end, stage) => {
    for (; at < end; at++) {
      loads[devices[stage]] += items[at].seconds;
      total += items[at].seconds;
      largest = Math.max(largest, items[at].seconds);
    }
  });
  return {
    ends,
    bottleneckSeconds: Math.max(...loads),
    lowerBoundSeconds: Math.max(total / stages, largest),
    proved: false,
    overBytes: 0,
  };
}

function warningsOf(job: Job, chain: Chain, ends: Int32Array, devices: readonly number[]): readonly string[] {
  const { degrees, recompute } = job.parallelism;
  const warnings: string[] = [];
  const idle = Array.from({ length: degrees.pipeline }, (_, device) => device).filter(
    (device) => !devices.includes(device),
  );
  if (idle.length > 0) {
    const which = idle.length === 1 ? `Stage ${idle[0]} gets` : `Stages ${idle.join(', ')} get`;
    warnings.push(`${which} no work: the module tree dealt its device to modules that cannot be cut further.`);
  }
  const inside = ends.filter((end) => end < chain.length && isInsideLayer(chain, end));
  if (inside.length > 0 && recompute.mode === 'full') {
    warnings.push('Layers that the module tree cuts are not recomputed: the library ignores their checkpoints.');
  }
  return warnings;
}

function isInsideLayer({ graph, places }: Chain, position: number): boolean {
  const { unit, operator } = places[position];
  return operator > 0 && graph.units[unit].kind === 'layer';
}
