import { type Fault, ForetrainError } from '../../errors.ts';
import { capacityBlockUsdPerHour, type Instance } from '../../hardware/instance.ts';
import { checks } from '../../job/checks/index.ts';
import type { Draft, DraftedParallelism } from '../../job/draft.ts';
import { collectFaults, type FaultList } from '../../job/faults.ts';
import type { Job } from '../../job/job.ts';
import { readCluster } from '../../job/readCluster.ts';
import { readModel } from '../../job/readModel.ts';
import { readStack } from '../../job/readStack.ts';
import { readTraining } from '../../job/readTraining.ts';
import { refuseNotModelled } from '../../job/refuseNotModelled.ts';
import { readFields, readWith } from '../../job/schema/job.ts';
import { shown } from '../../job/words.ts';
import type { Purchase } from '../run/booking.ts';
import { type Reliability, readReliability } from '../run/reliability.ts';
import { type Storage, storageOf } from '../run/storage.ts';
import { type Objective, type RequestInput, requestReader } from './schema.ts';
import { readSearch, type Search } from './search.ts';

/** A job as it is written, without parallelism: what every plan of one kind and number of instances shares. */
export interface WrittenBase {
  readonly name?: string;
  readonly model: unknown;
  readonly cluster: { readonly instance: unknown; readonly count: number; readonly usdPerHour?: number };
  readonly stack?: unknown;
  readonly training: unknown;
}

/** One kind and number of instances, and the job without its parallelism. */
export interface Cell {
  /** Where it stands in the request. */
  readonly index: number;
  readonly written: WrittenBase;
  readonly base: Omit<Job, 'parallelism'>;
}

export interface Constraints {
  readonly maximumDays?: number;
  readonly maximumUsd?: number;
  /** Part of the usable memory that stays free. */
  readonly memoryMarginFraction: number;
}

/** A request that came through the door. */
export interface PlanRequest {
  readonly cells: readonly Cell[];
  /** Cells that a quota keeps out, in sentences. */
  readonly left: readonly string[];
  readonly search: Search;
  readonly constraints: Constraints;
  readonly objective: Objective;
  readonly reliability: Reliability;
  readonly purchase: Purchase;
  readonly storage: Storage | undefined;
  readonly bytesPerToken: number;
}

/** Bytes that storage gives for a token: ids of vocabularies beyond 65,536 take four, and Megatron's files have two or four. */
const defaultBytesPerToken = 4;

const noParallelism: DraftedParallelism = {
  tensor: undefined,
  pipeline: undefined,
  context: undefined,
  expert: undefined,
  expertTensor: undefined,
  data: undefined,
  sequenceParallel: undefined,
  microBatchSize: undefined,
  microbatches: undefined,
  virtualStages: undefined,
  microbatchGroupSize: undefined,
  activeMicrobatches: undefined,
  schedule: undefined,
  partitioner: undefined,
  cutAt: undefined,
  cutsAfter: undefined,
  placement: undefined,
  zeroStage: undefined,
  shardingDegree: undefined,
  recompute: undefined,
  offload: undefined,
};

/**
 * The door of the planner: every field honoured, or refused by name.
 * @param value any value, such as JSON.parse gives
 * @throws {ForetrainError} with all faults found
 */
export function readPlanRequest(value: unknown): PlanRequest {
  const faults = collectFaults();
  const input: RequestInput = readWith(requestReader, value, 'request', faults);
  if (input.parallelism !== undefined) {
    faults.add('parallelism', 'is what a plan finds; leave it out, or name the values you allow in search');
  }
  if (input.smp !== undefined) {
    faults.add('smp', 'is not searched; leave it out, and name the values you allow in search', 'not-modelled');
  }
  const entries = clustersOf(input, faults);
  const cells: Cell[] = [];
  const left: string[] = [];
  for (const { path, instance, counts, countsPath, usdPerHour } of entries) {
    counts.forEach((count, at) => {
      const cell = readCell(input, { instance, count, usdPerHour }, cells.length, faults, {
        instance: path,
        count: countsPath(at),
      });
      if (cell === undefined) return;
      const most = quotaOf(input, cell.base.cluster.instance);
      if (most !== undefined && count > most) {
        left.push(`${count} ${cell.base.cluster.instance.name} are more than the quota of ${most}`);
      } else if (cells.some((other) => isSame(other, cell))) return;
      else cells.push({ ...cell, index: cells.length });
    });
  }
  const first = cells[0];
  const search = readSearch(input.search ?? {}, faults);
  const reliability = readReliability(input.reliability ?? {});
  const storage = storageOf(input.storage, faults);
  const purchase = readPurchase(input);
  checkObjective(input, cells, purchase, faults);
  faults.throwIfAny();
  if (first === undefined) throw new ForetrainError([quotaFault(left)]);
  const { maximumDays, maximumUsd, memoryMarginFraction } = input.constraints ?? {};
  return {
    cells,
    left,
    search,
    constraints: {
      ...(maximumDays === undefined ? {} : { maximumDays }),
      ...(maximumUsd === undefined ? {} : { maximumUsd }),
      memoryMarginFraction: memoryMarginFraction ?? 0,
    },
    objective: input.objective ?? 'stepTime',
    reliability,
    purchase,
    storage,
    bytesPerToken: input.bytesPerToken ?? defaultBytesPerToken,
  };
}

interface Entry {
  readonly path: string;
  readonly instance: unknown;
  readonly counts: readonly number[];
  readonly countsPath: (at: number) => string;
  readonly usdPerHour: number | undefined;
}

/** `cluster` is one kind and number of instances, `clusters` several. */
function clustersOf(input: RequestInput, faults: FaultList): readonly Entry[] {
  if (input.clusters !== undefined) {
    if (input.cluster !== undefined) faults.add('cluster', 'stands beside clusters; leave one out');
    return input.clusters.flatMap((entry, at) =>
      entry?.counts === undefined
        ? []
        : [
            {
              path: `clusters.${at}.instance`,
              instance: entry.instance,
              counts: entry.counts,
              countsPath: (place: number) => `clusters.${at}.counts.${place}`,
              usdPerHour: entry.usdPerHour,
            },
          ],
    );
  }
  if (!faults.sound('clusters')) return [];
  const { cluster } = input;
  if (typeof cluster !== 'object' || cluster === null || Array.isArray(cluster)) {
    const would = 'write { "instance": "p4d.24xlarge", "count": 128 }, or clusters with several counts';
    faults.add(
      'cluster',
      cluster === undefined ? `is missing; ${would}` : `must be an object, not ${shown(cluster)}; ${would}`,
    );
    return [];
  }
  const { instance, count, usdPerHour, devices, ...rest } = cluster as Record<string, unknown>;
  if (devices !== undefined) {
    faults.add('cluster.devices', 'is not planned for; instances are booked whole, so write count', 'not-modelled');
  }
  for (const field of Object.keys(rest)) faults.add(`cluster.${field}`, 'is not a field of a cluster', 'unknown');
  return [
    {
      path: 'cluster.instance',
      instance,
      counts: [count as number],
      countsPath: () => 'cluster.count',
      usdPerHour: usdPerHour as number | undefined,
    },
  ];
}

interface WrittenCluster {
  readonly instance: unknown;
  readonly count: number;
  readonly usdPerHour: number | undefined;
}

/** A job without parallelism, read and checked as the door of jobs does. */
function readCell(
  input: RequestInput,
  { instance, count, usdPerHour }: WrittenCluster,
  index: number,
  faults: FaultList,
  paths: { readonly instance: string; readonly count: string },
): Cell | undefined {
  const written: WrittenBase = {
    ...(input.name === undefined ? {} : { name: input.name }),
    model: input.model,
    cluster: { instance, count, ...(usdPerHour === undefined ? {} : { usdPerHour }) },
    ...(input.stack === undefined ? {} : { stack: input.stack }),
    training: input.training,
  };
  const own = collectFaults();
  const fields = readFields(written, own);
  const model = readModel(fields.model, fields.training?.sequenceLength, own);
  const cluster = readCluster(fields.cluster, own);
  const accelerator = cluster.instance?.accelerator;
  const stack = readStack(fields.stack, accelerator, own);
  const training = readTraining(fields.training, accelerator, own);
  const draft: Draft = { input: fields, model, cluster, stack, training, parallelism: noParallelism, notes: [] };
  refuseNotModelled(draft, own);
  for (const check of checks) check(draft, own);
  for (const fault of own.faults) addOnce(faults, placed(fault, paths));
  if (own.faults.length > 0 || model === undefined || stack === undefined || cluster.instance === undefined) {
    return undefined;
  }
  if ('graph' in model && model.graph !== undefined) {
    addOnce(faults, {
      path: 'model',
      message:
        'a graph of operators is simulated and cut, not planned for yet; a transformer described by its shape is',
      code: 'not-modelled',
    });
    return undefined;
  }
  const { sequenceLength, globalBatchSize, precision, optimizer, tokens, steps } = training;
  if (sequenceLength === undefined || globalBatchSize === undefined) return undefined;
  if (precision === undefined || optimizer === undefined || cluster.devices === undefined) return undefined;
  const base = {
    name: input.name ?? `${model.name} on ${count} ${cluster.instance.name}`,
    model,
    cluster: {
      instance: cluster.instance,
      count,
      devices: cluster.devices,
      ...(usdPerHour === undefined ? {} : { usdPerHour }),
    },
    stack,
    training: {
      sequenceLength,
      globalBatchSize,
      precision,
      optimizer,
      ...(tokens === undefined ? {} : { tokens }),
      ...(steps === undefined ? {} : { steps }),
      stochasticRounding: training.stochasticRounding ?? false,
    },
  };
  return { index, written, base };
}

function placed(fault: Fault, paths: { readonly instance: string; readonly count: string }): Fault {
  const path = fault.path.replace(/^cluster\.instance/, paths.instance).replace(/^cluster\.count/, paths.count);
  return { ...fault, path };
}

/** The same model stands in every cell: its faults are told once. */
function addOnce(faults: FaultList, { path, message, code }: Fault): void {
  if (!faults.faults.some((known) => known.path === path && known.message === message)) faults.add(path, message, code);
}

function isSame(one: Cell, other: Cell): boolean {
  return JSON.stringify(one.written.cluster) === JSON.stringify(other.written.cluster);
}

function quotaOf(input: RequestInput, { name }: Instance): number | undefined {
  const found = Object.entries(input.quota ?? {}).find(([key]) => key === name || key === `ml.${name}`);
  return found?.[1];
}

function quotaFault(left: readonly string[]): Fault {
  const said = left.length === 0 ? 'no cluster is left' : left.join('; ');
  return {
    path: 'quota',
    message: `leaves nothing to plan for: ${said}; raise it or name smaller counts`,
    code: 'invalid',
  };
}

function readPurchase({ purchase }: RequestInput): Purchase {
  if (purchase === undefined || purchase === 'onDemand') return { kind: 'onDemand', discountFraction: 0 };
  if (typeof purchase === 'string') return { kind: purchase, discountFraction: 0 };
  return { kind: 'onDemand', discountFraction: purchase.discountFraction ?? 0 };
}

/** Money and days need a price and a length of the run. */
function checkObjective(input: RequestInput, cells: readonly Cell[], purchase: Purchase, faults: FaultList): void {
  const { objective = 'stepTime', constraints = {} } = input;
  const aboutMoney = objective === 'usd' || objective === 'usdPerToken' || constraints.maximumUsd !== undefined;
  const aboutDays = aboutMoney || objective === 'timeToTrain' || constraints.maximumDays !== undefined;
  const path = objective === 'stepTime' ? 'constraints' : 'objective';
  const [first] = cells;
  if (first === undefined) return;
  const { tokens, steps } = first.base.training;
  if (aboutDays && tokens === undefined && steps === undefined) {
    faults.add(path, 'asks about days or dollars, and the job does not say how long it is; write training.tokens');
  }
  if (!aboutMoney) return;
  for (const { base } of cells) {
    const { instance, usdPerHour } = base.cluster;
    if (usdPerHour !== undefined || hasPrice(instance, purchase)) continue;
    const kind = purchase.kind === 'onDemand' ? 'on-demand price' : 'price of reserved capacity';
    const where = input.clusters === undefined ? 'cluster.usdPerHour' : 'clusters.usdPerHour';
    const message = `is missing: no ${kind} of ${instance.name} is known, and the ${path} asks for dollars; write usdPerHour`;
    if (!faults.faults.some((fault) => fault.message === message)) faults.add(where, message);
  }
}

/** Whether a booking of this kind has a known price. */
function hasPrice(instance: Instance, { kind }: Purchase): boolean {
  return kind === 'onDemand' ? instance.onDemand.length > 0 : capacityBlockUsdPerHour(instance) !== undefined;
}
