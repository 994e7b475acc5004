import { ForetrainError } from '../../errors.ts';
import { capacityBlockUsdPerHour, type Instance } from '../../hardware/instance.ts';
import { collectFaults, type FaultList } from '../../job/faults.ts';
import { readWith } from '../../job/schema/job.ts';
import type { Purchase } from '../run/booking.ts';
import { type Reliability, readReliability } from '../run/reliability.ts';
import { type Storage, storageOf } from '../run/storage.ts';
import { type Cell, readCell } from './cell.ts';
import { clustersOf } from './clusters.ts';
import { checkQuota, quotaFault, quotaOf } from './quota.ts';
import { type Objective, type RequestInput, requestReader } from './schema.ts';
import { readSearch, type Search } from './search.ts';
import { trainingsOf, variedFields } from './trainings.ts';

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
  const trainings = trainingsOf(input, faults);
  const cells = new Map<string, Cell>();
  // Where the request would say what an instance costs, by its name.
  const pricePaths = new Map<string, string>();
  const left = new Set<string>();
  for (const cluster of clustersOf(input, faults)) {
    for (const training of trainings) {
      const cell = readCell(input, cluster, training, faults);
      if (cell === undefined) continue;
      const { name } = cell.base.cluster.instance;
      if (!pricePaths.has(name)) pricePaths.set(name, cluster.paths['cluster.usdPerHour']);
      const most = quotaOf(input, name);
      const key = JSON.stringify([cell.written.cluster, cell.written.training]);
      if (most !== undefined && cluster.count > most) {
        left.add(`${cluster.count} ${name} are more than the quota of ${most}`);
      } else if (!cells.has(key)) cells.set(key, { ...cell, index: cells.size });
    }
  }
  const search = readSearch(input.search ?? {}, faults);
  const reliability = readReliability(input.reliability ?? {});
  const storage = storageOf(input.storage, faults);
  const purchase = readPurchase(input);
  checkQuota(input, [...pricePaths.keys()], faults);
  checkObjective(input, [...cells.values()], purchase, pricePaths, faults);
  faults.throwIfAny();
  if (cells.size === 0) throw new ForetrainError([quotaFault([...left])]);
  const { maximumDays, maximumUsd, memoryMarginFraction } = input.constraints ?? {};
  return {
    cells: [...cells.values()],
    left: [...left],
    search,
    constraints: {
      ...(maximumDays === undefined ? {} : { maximumDays }),
      ...(maximumUsd === undefined ? {} : { maximumUsd }),
      memoryMarginFraction: memoryMarginFraction ?? 0,
    },
    objective: input.objective ?? defaultObjective(input),
    reliability,
    purchase,
    storage,
    bytesPerToken: input.bytesPerToken ?? defaultBytesPerToken,
  };
}

function readPurchase({ purchase }: RequestInput): Purchase {
  if (purchase === undefined || purchase === 'onDemand') return { kind: 'onDemand', discountFraction: 0 };
  if (typeof purchase === 'string') return { kind: purchase, discountFraction: 0 };
  return { kind: 'onDemand', discountFraction: purchase.discountFraction ?? 0 };
}

/** Steps of different sizes are compared by the tokens that they get through. */
function defaultObjective({ training }: RequestInput): Objective {
  return variedFields(training).length > 0 ? 'tokensPerSecond' : 'stepTime';
}

/** Money and days need a price and a length of the run, and steps of different sizes one that is told in tokens. */
function checkObjective(
  input: RequestInput,
  cells: readonly Cell[],
  purchase: Purchase,
  pricePaths: ReadonlyMap<string, string>,
  faults: FaultList,
): void {
  const { objective = defaultObjective(input), constraints = {} } = input;
  const varied = variedFields(input.training);
  if (varied.length > 0 && objective === 'stepTime') {
    const several = `${varied.join(' and ')} ${varied.length > 1 ? 'have' : 'has'} several values`;
    faults.add(
      'objective',
      `stepTime compares steps of different sizes, as ${several}; tokensPerSecond, timeToTrain, usd and usdPerToken do not`,
    );
  }
  if (varied.length > 0 && cells[0]?.base.training.steps !== undefined) {
    faults.add(
      'training.steps',
      `are of different sizes, as ${varied.join(' and ')} ${varied.length > 1 ? 'vary' : 'varies'}; write tokens`,
    );
  }
  const aboutMoney = objective === 'usd' || objective === 'usdPerToken' || constraints.maximumUsd !== undefined;
  const aboutDays = aboutMoney || objective === 'timeToTrain' || constraints.maximumDays !== undefined;
  const path = objective === 'stepTime' || objective === 'tokensPerSecond' ? 'constraints' : 'objective';
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
    const where = pricePaths.get(instance.name)!;
    const message = `is missing: no ${kind} of ${instance.name} is known, and the ${path} asks for dollars; write usdPerHour`;
    if (!faults.names(where)) faults.add(where, message);
  }
}

/** Whether a booking of this kind has a known price. */
function hasPrice(instance: Instance, { kind }: Purchase): boolean {
  return kind === 'onDemand' ? instance.onDemand.length > 0 : capacityBlockUsdPerHour(instance) !== undefined;
}
