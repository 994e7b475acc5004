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
    const asked = search[field].map((value) => JSON.stringify(value)).join(', ');
    const would = nearest(search[field][0], values)
      .map((value) => JSON.stringify(value))
      .join(', ');
    return invalid(
      `search.${field}`,
      `leaves no configuration: ${asked} ${search[field].length === 1 ? 'goes' : 'go'} with nothing else that is allowed; ${would} would do`,
    );
  }
  const { globalBatchSize } = spaces[0]!.cell.base.training;
  const { devices } = spaces[0]!.cell.base.cluster;
  const named = Object.keys(search);
  if (named.length > 0) {
    return invalid(
      'search',
      `leaves no configuration: ${named.join(', ')} do not go together on ${devices} devices; leave one of them open`,
    );
  }
  return invalid(
    'training.globalBatchSize',
    `${globalBatchSize} sequences cannot be divided among ${devices} devices however they are used; a multiple of ${devices} can`,
  );
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

/** Doublings of a number of instances that are tried. */
const mostDoublings = 6;

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
    const lean = await searchCell(spaceOf(cell, request.search), {
      top: 1,
      memoryMarginFraction: 0,
      evaluate,
      firstOnly: true,
    });
    const [found] = lean.best;
    if (found !== undefined) {
      const usable = cell.base.cluster.instance.accelerator.usableMemoryBytes;
      const would = Math.floor((1 - found.peakBytes / usable) * 100) / 100;
      return invalid(
        'constraints.memoryMarginFraction',
        `${memoryMarginFraction} leaves no configuration that fits; ${Math.max(0, would)} would do`,
      );
    }
  }
  const { instance, count } = cell.base.cluster;
  const path = cell.written.cluster.count === count && results.length === 1 ? 'cluster.count' : 'clusters.counts';
  for (let doubling = 1; doubling <= mostDoublings; doubling++) {
    const more = withCount(cell, count * 2 ** doubling);
    const { best, considered } = await searchCell(spaceOf(more, request.search), {
      top: 1,
      memoryMarginFraction,
      evaluate: inThisThread(more),
      firstOnly: true,
    });
    if (considered > 0 && best.length > 0) {
      return invalid(
        path,
        `${count} ${instance.name} have no room for ${cell.base.model.name}, however it is spread; ${more.base.cluster.count} would do`,
      );
    }
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
      `${maximumDays} leaves no plan: the fastest run takes ${days.toFixed(1)} days; ${Math.ceil(days)} would do`,
    );
  }
  if (maximumUsd !== undefined && Number.isFinite(usd)) {
    return invalid(
      'constraints.maximumUsd',
      `${maximumUsd} leaves no plan: the cheapest run costs $${Math.ceil(usd).toLocaleString('en-US')}; ${Math.ceil(usd)} would do`,
    );
  }
  return invalid('purchase', `leaves no plan: ${refused[0]?.sentence ?? 'nothing can be booked'}; onDemand would do`);
}
