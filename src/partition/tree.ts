/** A module of a model with what is its own, its submodules left out; children in the order in which they run. */
export interface ModuleNode {
  readonly name: string;
  readonly seconds: number;
  readonly parameterBytes: number;
  /** Bytes of what the module returns. */
  readonly activationBytes: number;
  readonly children: readonly ModuleNode[];
  /** Modules of one key hold the very same parameters, and go to one device. */
  readonly sharedParameters?: string;
}

export interface TreeOptions {
  readonly devices: number;
  /** 0 balances time alone, 1 memory alone. */
  readonly memoryWeight: number;
  /**
   * How devices are allotted: `standard` divides a segment's votes by its own seats and one more; `oslo` divides what
   * is left of them by the seats of all, as the open re-implementation does.
   */
  readonly dhondt?: 'standard' | 'oslo';
  /** Whether a module without any parameter runs where its parent does, as from version 1.13 on; true by default. */
  readonly withoutParametersOnParent?: boolean;
}

/** Where a module runs. */
export interface ModuleAssignment {
  /** Names from the root down, with slashes between. */
  readonly path: string;
  readonly module: ModuleNode;
  readonly device: number;
}

/** Successive modules on one device: what a pipeline passes through as one virtual stage. */
export interface ModuleRun {
  readonly device: number;
  /** The modules of the run that have work of their own, as indices into the assignments. */
  readonly modules: readonly number[];
}

export interface TreePartition {
  /** Every module, in the order in which they run: a parent before its children. */
  readonly assignments: readonly ModuleAssignment[];
  readonly runs: readonly ModuleRun[];
}

/** A module of the tree under work: costs of its subtree, and devices as the algorithm hands them down. */
interface Branch {
  readonly node: ModuleNode;
  readonly path: string;
  parent: Branch | undefined;
  children: Branch[];
  /** The branch that holds the same parameters and came first. */
  merged: Branch | undefined;
  seconds: number;
  bytes: number;
  parameterBytes: number;
  cost: number;
  devices: readonly number[];
}

/** Costs nearer than this are equal: sums in another order differ in their last bits. */
const TIE = 1e-12;

/**
 * Devices of a module tree, as SageMaker's model-parallel library 1.x chooses them: from the root down, the children
 * of each module that has several devices are cut into as many segments of about equal cost, the devices go to the
 * segments by D'Hondt's method, and so on within each. A module itself runs on the first of its devices.
 *
 * @source Karakus et al., Amazon SageMaker Model Parallelism (2021), arXiv:2111.05972, algorithms 1 to 3
 */
export function tree(root: ModuleNode, options: TreeOptions): TreePartition {
  const order: Branch[] = [];
  const top = branchOf(root, '', undefined, order);
  mergeShared(order);
  sumUp(top);
  weigh(order, top, options.memoryWeight);
  top.devices = Array.from({ length: options.devices }, (_, device) => device);
  const queue = [top];
  for (const branch of queue) {
    if (branch.children.length === 0) continue;
    if (branch.devices.length > 1) share(branch.devices, branch.children, options.dhondt ?? 'standard');
    else for (const child of branch.children) child.devices = branch.devices;
    queue.push(...branch.children);
  }
  const onParent = options.withoutParametersOnParent ?? true;
  const assignments = order.map((branch) => ({
    path: branch.path,
    module: branch.node,
    device: deviceOf(branch, onParent),
  }));
  return { assignments, runs: runsOf(assignments) };
}

/** The log of the library: a line for every module, under its heading. */
export function formatAssignments({ assignments }: TreePartition): string[] {
  return ['Partition assignments:', ...assignments.map(({ path, device }) => `${path}: ${device}`)];
}

function branchOf(node: ModuleNode, above: string, parent: Branch | undefined, order: Branch[]): Branch {
  const path = above === '' ? node.name : `${above}/${node.name}`;
  const branch: Branch = {
    node,
    path,
    parent,
    children: [],
    merged: undefined,
    seconds: node.seconds,
    bytes: node.parameterBytes + node.activationBytes,
    parameterBytes: node.parameterBytes,
    cost: 0,
    devices: [],
  };
  order.push(branch);
  branch.children = node.children.map((child) => branchOf(child, path, branch, order));
  return branch;
}

/** Modules that hold the same parameters become one, at the place of the first. */
function mergeShared(order: readonly Branch[]): void {
  const first = new Map<string, Branch>();
  for (const branch of order) {
    const key = branch.node.sharedParameters;
    if (key === undefined) continue;
    const kept = first.get(key);
    if (kept === undefined) {
      first.set(key, branch);
      continue;
    }
    branch.merged = kept;
    kept.seconds += branch.seconds;
    // The parameters themselves are there once.
    kept.bytes += branch.node.activationBytes;
    for (const child of branch.children) child.parent = kept;
    kept.children.push(...branch.children);
    if (branch.parent !== undefined) branch.parent.children = branch.parent.children.filter((one) => one !== branch);
    branch.children = [];
  }
}

/** Adds to every branch what its children have. */
function sumUp(branch: Branch): void {
  for (const child of branch.children) {
    sumUp(child);
    branch.seconds += child.seconds;
    branch.bytes += child.bytes;
    branch.parameterBytes += child.parameterBytes;
  }
}

/** Cost of a branch: its shares of the whole model's bytes and seconds, mixed. */
function weigh(order: readonly Branch[], top: Branch, memoryWeight: number): void {
  for (const branch of order) {
    const memory = top.bytes > 0 ? branch.bytes / top.bytes : 0;
    const time = top.seconds > 0 ? branch.seconds / top.seconds : 0;
    branch.cost = memoryWeight * memory + (1 - memoryWeight) * time;
  }
}

/** Shares devices among successive modules: "algorithm 2". */
function share(devices: readonly number[], branches: readonly Branch[], dhondt: 'standard' | 'oslo'): void {
  const segments = segmentsOf(branches, devices.length);
  const votes = segments.map((segment) => segment.reduce((sum, branch) => sum + branch.cost, 0));
  const allotted = allot(devices, votes, dhondt);
  for (const [index, segment] of segments.entries()) {
    const own = allotted[index];
    if (own.length > 1 && segment.length > 1) share(own, segment, dhondt);
    else for (const branch of segment) branch.devices = own.length === 0 ? [devices[0]] : own;
  }
}

/** Successive segments with the least largest cost, at most `most` of them; of equal ones those with the earliest cuts. */
function segmentsOf(branches: readonly Branch[], most: number): readonly Branch[][] {
  const count = branches.length;
  if (most >= count) return branches.map((branch) => [branch]);
  const sums = [0];
  for (const branch of branches) sums.push(sums[sums.length - 1] + branch.cost);
  const cuts: number[][] = [];
  let row = sums.map((_, to) => (to === 0 ? 0 : Number.POSITIVE_INFINITY));
  for (let segment = 1; segment <= most; segment++) {
    const next = new Array<number>(count + 1).fill(Number.POSITIVE_INFINITY);
    const cut = new Array<number>(count + 1).fill(0);
    for (let to = segment; to <= count; to++) {
      for (let from = segment - 1; from < to; from++) {
        const largest = Math.max(row[from], sums[to] - sums[from]);
        if (largest < next[to] - TIE) {
          next[to] = largest;
          cut[to] = from;
        }
      }
    }
    cuts.push(cut);
    row = next;
  }
  const segments: Branch[][] = [];
  for (let segment = most - 1, to = count; segment >= 0; segment--) {
    const from = cuts[segment][to];
    segments.unshift(branches.slice(from, to));
    to = from;
  }
  return segments;
}

/** D'Hondt's method: each device in turn goes to the segment with the most votes a seat. "Algorithm 3". */
function allot(devices: readonly number[], votes: readonly number[], method: 'standard' | 'oslo'): number[][] {
  const seats: number[][] = votes.map(() => []);
  const quotients = [...votes];
  for (const [given, device] of devices.entries()) {
    let winner = 0;
    for (let i = 1; i < quotients.length; i++) if (quotients[i] > quotients[winner] + TIE) winner = i;
    seats[winner].push(device);
    quotients[winner] =
      method === 'standard' ? votes[winner] / (seats[winner].length + 1) : quotients[winner] / (given + 2);
  }
  return seats;
}

function deviceOf(branch: Branch, onParent: boolean): number {
  let place = branch.merged ?? branch;
  while (onParent && place.parameterBytes === 0 && place.parent !== undefined) place = place.parent;
  return place.devices[0];
}

function runsOf(assignments: readonly ModuleAssignment[]): ModuleRun[] {
  const runs: { device: number; modules: number[] }[] = [];
  for (const [index, { module, device }] of assignments.entries()) {
    // A container that only calls its children is no stop of its own.
    const works = module.seconds > 0 || module.parameterBytes > 0 || module.children.length === 0;
    if (!works) continue;
    const last = runs[runs.length - 1];
    if (last !== undefined && last.device === device) last.modules.push(index);
    else runs.push({ device, modules: [index] });
  }
  return runs;
}
