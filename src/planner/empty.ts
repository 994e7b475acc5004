import type { Fault } from '../errors.ts';
import { formatBytes } from '../units.ts';
import type { Refused } from './offers.ts';
import type { Cell } from './request/cell.ts';
import type { PlanRequest } from './request/request.ts';
import { type Searched, searched } from './request/schema.ts';
import type { Search } from './request/search.ts';
import { type Evaluate, evaluateOne } from './search/evaluate.ts';
import { type CellResult, searchCell } from './search/searchCell.ts';
import type { Family } from './space/candidate.ts';
import { type Space, spaceOf } from './space/space.ts';

const invalid = (path: string, message: string): Fault => ({ path, message, code: 'invalid' });

/** Values that a fault names. */
const mostNamed = 6;

/** The field of the search that leaves nothing, and the values that would do. */
export function emptyFault({ search }: PlanRequest, spaces: readonly Space[]): Fault {
  for (const field of searched) {
    if (search[field] === undefined) continue;
    const { [field]: _, ...rest } = search;
    const values = valuesOf(field, rest, spaces);
    if (values.length === 0) continue;
    const asked = listOf(search[field]);
    const would = listOf(nearest(search[field][0], values));
    return invalid(
      `search.${field}`,
      `leaves no configuration: ${asked} ${search[field].length === 1 ? 'goes' : 'go'} with nothing that ${where(spaces)}${others(rest)}; ${would} would do`,
    );
  }
  const { cell } = spaces[0]!;
  const { globalBatchSize } = cell.base.training;
  const { devices } = cell.base.cluster;
  const named = Object.keys(search);
  if (named.length > 0) {
    return invalid(
      'search',
      `leaves no configuration: ${named.join(', ')} do not go together on ${devices} devices; leave one of them open`,
    );
  }
  return invalid(
    'training.globalBatchSize',
    `${globalBatchSize} sequences cannot be divided among ${devices} devices however they are used; ${nearestBatch(cell)} can`,
  );
}

function listOf(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}

/** What the configurations of a request are of. */
function where(spaces: readonly Space[]): string {
  const devices = [...new Set(spaces.map(({ cell }) => cell.base.cluster.devices))];
  const shown = devices.length > mostNamed ? [...devices.slice(0, mostNamed), '…'] : devices;
  return `${spaces[0]!.cell.base.stack.name} can launch on ${shown.join(', ')} devices`;
}

/** The other fields of a search, as far as they are short. */
function others(rest: Search): string {
  const named = Object.entries(rest).filter(([, values]) => values.length <= mostNamed);
  return named.length === 0
    ? ''
    : ` with ${named.map(([field, values]) => `${field} ${listOf(values)}`).join(' and ')}`;
}

/** The smallest batch of at least the asked size that some number of replicas divides. */
function nearestBatch({ base, ...cell }: Cell): number {
  const { devices } = base.cluster;
  const divisible: Cell = { ...cell, base: { ...base, training: { ...base.training, globalBatchSize: devices } } };
  let least = Number.POSITIVE_INFINITY;
  for (const { data } of spaceOf(divisible, {}).families()) {
    least = Math.min(least, Math.ceil(base.training.globalBatchSize / data) * data);
  }
  return least;
}

/** Values of a field that some configuration has once the field is left open, in order. */
function valuesOf(field: Searched, rest: Search, spaces: readonly Space[]): readonly unknown[] {
  const found = new Map<string, unknown>();
  for (const { cell } of spaces) {
    const open = spaceOf(cell, rest);
    for (const family of open.families()) {
      if (open.count(family) === 0) continue;
      for (const value of valuesIn(field, open, family)) found.set(JSON.stringify(value), value);
    }
  }
  return [...found.values()];
}

/** What the field is in the configurations of a family. */
function valuesIn(field: Searched, space: Space, family: Family): readonly unknown[] {
  const pipelines = space.pipelines(family);
  const states = space.states(family);
  switch (field) {
    case 'tensor':
    case 'pipeline':
    case 'data':
    case 'context':
    case 'microBatchSize':
    case 'sequenceParallel':
    case 'placement':
      return [family[field]];
    case 'schedule':
    case 'virtualStages':
    case 'partitioner':
      return pipelines.map((pipeline) => pipeline[field]);
    case 'zeroStage':
    case 'shardingDegree':
      return states.map((state) => state[field]);
    case 'offload':
      return states.map(({ offload }) => offload ?? {});
    case 'recompute': {
      const [pipeline] = pipelines;
      const [state] = states;
      return pipeline === undefined || state === undefined ? [] : space.recomputes(family, pipeline, state).flat();
    }
    case 'expert':
    case 'expertTensor':
      return [1];
  }
}

/** Numbers nearest to the one asked for; anything else as it comes. */
function nearest(asked: unknown, values: readonly unknown[]): readonly unknown[] {
  if (typeof asked !== 'number') return values.slice(0, mostNamed);
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.toSorted((a, b) => Math.abs(a - asked) - Math.abs(b - asked) || a - b).slice(0, 2);
}

/** Doublings of a number of instances that are tried, and what between the last two, over the lesser. */
const mostDoublings = 6;
const quarters = [1.25, 1.5, 1.75];

/** Halvings of what lies between a margin that leaves room and one that does not. */
const mostHalvings = 5;
const percent = 100;

/** A margin near the one asked for that leaves room, in percent; undefined where none does. */
async function nearestMargin(cell: Cell, { search, constraints }: PlanRequest, evaluate: Evaluate) {
  const usable = cell.base.cluster.instance.accelerator.usableMemoryBytes;
  const most = async (memoryMarginFraction: number): Promise<number | undefined> => {
    const options = { top: 1, memoryMarginFraction, evaluate, firstOnly: true };
    const [found] = (await searchCell(spaceOf(cell, search), options)).best;
    return found && 1 - found.peakBytes / usable;
  };
  let low = await most(0);
  if (low === undefined) return undefined;
  let high = constraints.memoryMarginFraction;
  for (let halving = 0; halving < mostHalvings && high - low > 1 / percent; halving++) {
    const middle = (low + high) / 2;
    const found = await most(middle);
    if (found === undefined) high = middle;
    else low = found;
  }
  return Math.floor(low * percent) / percent;
}

/** What would make room: less of a margin, or more instances. */
export async function noRoomFault(
  request: PlanRequest,
  results: readonly CellResult[],
  evaluate: Evaluate,
): Promise<Fault> {
  const { memoryMarginFraction } = request.constraints;
  const withSpace = results.filter(({ considered }) => considered > 0);
  const largest = withSpace.reduce((a, b) => (b.cell.base.cluster.devices > a.cell.base.cluster.devices ? b : a));
  const { cell } = largest;
  if (memoryMarginFraction > 0) {
    const would = await nearestMargin(cell, request, evaluate);
    if (would !== undefined) {
      return invalid(
        'constraints.memoryMarginFraction',
        `${memoryMarginFraction} leaves no configuration that fits; ${would} would do`,
      );
    }
  }
  const { instance, count } = cell.base.cluster;
  const path = cell.written.cluster.count === count && results.length === 1 ? 'cluster.count' : 'clusters.counts';
  const roomOn = async (more: number): Promise<boolean> => {
    const larger = withCount(cell, more);
    const { best } = await searchCell(spaceOf(larger, request.search), {
      ...{ top: 1, memoryMarginFraction, firstOnly: true },
      evaluate: inThisThread(larger),
    });
    return best.length > 0;
  };
  for (let doubling = 1; doubling <= mostDoublings; doubling++) {
    const most = count * 2 ** doubling;
    if (!(await roomOn(most))) continue;
    const between = quarters.map((part) => (most / 2) * part).filter(Number.isInteger);
    let would = most;
    for (const fewer of between) if (would === most && (await roomOn(fewer))) would = fewer;
    return invalid(
      path,
      `${count} ${instance.name} have no room for ${cell.base.model.name}, however it is spread; ${would} would do`,
    );
  }
  const needed =
    largest.nearMiss === undefined
      ? ''
      : ` (the best misses it with ${formatBytes(largest.nearMiss.peakBytes)} a device)`;
  return invalid(
    path,
    `${count} ${instance.name} have no room for ${cell.base.model.name}, however it is spread${needed}; devices with more memory, or a search that leaves more open, would do`,
  );
}

function withCount(cell: Cell, count: number): Cell {
  const { written, base } = cell;
  return {
    index: cell.index,
    title: `${count} ${base.cluster.instance.name}`,
    written: { ...written, cluster: { ...written.cluster, count } },
    base: { ...base, cluster: { ...base.cluster, count, devices: count * base.cluster.instance.ranks } },
  };
}

/** A number of instances that the request does not have is unknown to other threads: this one simulates it. */
function inThisThread(cell: Cell): Evaluate {
  return async (_, list) => list.map((candidate) => evaluateOne(cell.base, candidate));
}

/** Days, rounded up to what people say. */
function shownDays(days: number): number {
  const parts = days < 1 ? 1000 : days < 10 ? 10 : 1;
  return Math.ceil(days * parts) / parts;
}

/** The constraint that keeps everything out, and what would let the nearest in. */
export function overConstraintsFault({ constraints }: PlanRequest, refused: readonly Refused[]): Fault {
  const { maximumDays, maximumUsd } = constraints;
  const inTime = refused.filter(
    ({ expectedDays = Number.POSITIVE_INFINITY }) => expectedDays <= (maximumDays ?? Number.POSITIVE_INFINITY),
  );
  const days = Math.min(...refused.map(({ expectedDays }) => expectedDays ?? Number.POSITIVE_INFINITY));
  const usd = Math.min(...inTime.map((one) => one.usd ?? Number.POSITIVE_INFINITY));
  if (maximumDays !== undefined && days > maximumDays && Number.isFinite(days)) {
    return invalid(
      'constraints.maximumDays',
      `${maximumDays} leaves no plan: the fastest run takes ${shownDays(days)} days; ${shownDays(days)} would do`,
    );
  }
  if (maximumUsd !== undefined && Number.isFinite(usd)) {
    return invalid(
      'constraints.maximumUsd',
      `${maximumUsd} leaves no plan: the cheapest run costs $${Math.ceil(usd).toLocaleString('en-US')}; ${Math.ceil(usd)} would do`,
    );
  }
  const [first] = refused;
  if (first?.field === 'reliability') {
    return invalid('reliability', `leaves no plan: ${first.sentence}; more reliable or fewer nodes would do`);
  }
  return invalid('purchase', `leaves no plan: ${first?.sentence ?? 'nothing can be booked'}; onDemand would do`);
}
