import type { Accelerator } from '../hardware/accelerator.ts';
import { usableAsA100 } from '../hardware/accelerators/usable.ts';
import {
  accelerators,
  extendAccelerator,
  extendInstance,
  findAccelerator,
  findInstance,
  instances,
} from '../hardware/catalogue.ts';
import type { Instance, InstanceChanges, Topology } from '../hardware/instance.ts';
import type { FaultList } from './faults.ts';
import type { InlineAccelerator, InlineInstance, InlineTopology } from './schema/cluster.ts';
import { didYouMean } from './suggest.ts';
import { counted, listed, shown } from './words.ts';

const givenInJob = 'given in the job';
const instancePath = 'cluster.instance';
const acceleratorPath = `${instancePath}.accelerator`;

/** What may differ from the instance or accelerator that `extends` names. */
const changesOfInstance = ['extends', 'name', 'accelerator', 'networkBytesPerSecond', 'networkCards', 'fabric'];
const changesOfAccelerator = ['extends', 'name', 'memoryBytes', 'memoryBytesPerSecond', 'flopsPerSecond', 'powerWatts'];

/** The instance of that name, or a fault that names the nearest. */
export function namedInstance(name: string, path: string, faults: FaultList): Instance | undefined {
  const instance = findInstance(name);
  if (instance !== undefined) return instance;
  const plain = name.startsWith('ml.') ? name.slice(3) : name;
  const hint =
    didYouMean(
      plain,
      instances.map((one) => one.name),
    ) ?? '`foretrain instances` lists what there is';
  faults.add(path, `there is no instance ${shown(name)}; ${hint}`, 'unknown');
  return undefined;
}

/** An instance that a job describes: what differs from one in the catalogue, or all of it. */
export function readInstance(input: InlineInstance, faults: FaultList): Instance | undefined {
  if (input.extends === undefined) return wholeInstance(input, faults);
  const base = namedInstance(input.extends, `${instancePath}.extends`, faults);
  refuseOthers(input, changesOfInstance, instancePath, faults);
  const accelerator = readAccelerator(input.accelerator, base?.accelerator, faults);
  if (base === undefined || accelerator === undefined || !faults.sound(instancePath)) return undefined;
  const { name, networkBytesPerSecond, networkCards, fabric } = input;
  const changes: InstanceChanges = { name, accelerator, networkBytesPerSecond, networkCards, fabric };
  return extendInstance(base, changes);
}

function refuseOthers(input: object, allowed: readonly string[], path: string, faults: FaultList): void {
  for (const key of Object.keys(input)) {
    if (allowed.includes(key)) continue;
    const may = listed(allowed.slice(1));
    faults.add(
      `${path}.${key}`,
      `cannot differ from what "extends" names; ${may} can, or describe all without "extends"`,
    );
  }
}

/** @param base the accelerator of the instance that is extended, if any */
function readAccelerator(
  input: string | InlineAccelerator | undefined,
  base: Accelerator | undefined,
  faults: FaultList,
): Accelerator | undefined {
  if (input === undefined) return base;
  if (typeof input === 'string') return namedAccelerator(input, acceleratorPath, faults);
  if (input.extends === undefined) return wholeAccelerator(input, faults);
  const extended = namedAccelerator(input.extends, `${acceleratorPath}.extends`, faults);
  refuseOthers(input, changesOfAccelerator, acceleratorPath, faults);
  return extended && extendAccelerator(extended, input);
}

function namedAccelerator(name: string, path: string, faults: FaultList): Accelerator | undefined {
  const accelerator = findAccelerator(name);
  if (accelerator !== undefined) return accelerator;
  const names = accelerators.map((one) => one.name);
  faults.add(
    path,
    `there is no accelerator ${shown(name)}; ${didYouMean(name, names) ?? `there are ${listed(names)}`}`,
    'unknown',
  );
  return undefined;
}

/** True where every one of these fields is there; a fault for each that is not. */
function complete<T extends object, K extends keyof T & string>(
  input: T,
  path: string,
  needed: readonly K[],
  faults: FaultList,
): input is T & { [F in K]-?: NonNullable<T[F]> } {
  const missing = needed.filter((key) => input[key] === undefined);
  for (const key of missing) {
    faults.add(`${path}.${key}`, 'is missing; an object without "extends" describes everything');
  }
  return missing.length === 0;
}

function wholeAccelerator(input: InlineAccelerator, faults: FaultList): Accelerator | undefined {
  const needed = [
    'name',
    'vendor',
    'generation',
    'memoryBytes',
    'memoryBytesPerSecond',
    'flopsPerSecond',
    'link',
  ] as const;
  if (!complete(input, acceleratorPath, needed, faults)) return undefined;
  const { link, multiprocessors, powerWatts, measuredMatmulFlopsPerSecond: measured } = input;
  if (!complete(link, `${acceleratorPath}.link`, ['name', 'bytesPerSecond'], faults)) return undefined;
  const usableMemoryBytes = input.usableMemoryBytes ?? usableAsA100(input.memoryBytes);
  if (usableMemoryBytes > input.memoryBytes) {
    const most = shown(input.memoryBytes);
    faults.add(
      `${acceleratorPath}.usableMemoryBytes`,
      `${shown(usableMemoryBytes)} is more than the ${most} of memoryBytes`,
    );
  }
  return {
    name: input.name,
    vendor: input.vendor,
    generation: input.generation,
    memoryBytes: input.memoryBytes,
    usableMemoryBytes,
    memoryBytesPerSecond: input.memoryBytesPerSecond,
    flopsPerSecond: defined(input.flopsPerSecond),
    link: { name: link.name, bytesPerSecond: link.bytesPerSecond },
    ...defined({ multiprocessors, powerWatts }),
    ...(measured === undefined ? {} : { measuredMatmulFlopsPerSecond: defined(measured) }),
    sources: { shape: givenInJob },
  };
}

function wholeInstance(input: InlineInstance, faults: FaultList): Instance | undefined {
  const needed = [
    'name',
    'accelerator',
    'ranks',
    'topology',
    'networkBytesPerSecond',
    'networkCards',
    'fabric',
  ] as const;
  if (!complete(input, instancePath, needed, faults)) return undefined;
  const accelerator = readAccelerator(input.accelerator, undefined, faults);
  const topology = readTopology(input.topology, input.ranks, faults);
  if (accelerator === undefined || topology === undefined) return undefined;
  const { hostLinkBytesPerSecond, hostMemoryBytes, localStorageBytes, cpu, virtualCpus } = input;
  return {
    name: input.name,
    accelerator,
    ranks: input.ranks,
    chips: input.chips ?? input.ranks,
    topology,
    networkBytesPerSecond: input.networkBytesPerSecond,
    networkCards: input.networkCards,
    fabric: input.fabric,
    ...defined({ hostLinkBytesPerSecond, hostMemoryBytes, localStorageBytes, cpu, virtualCpus }),
    onDemand: [],
    capacityBlock: [],
    sources: { shape: givenInJob },
  };
}

function readTopology(input: InlineTopology, ranks: number, faults: FaultList): Topology | undefined {
  const path = `${instancePath}.topology`;
  switch (input.kind) {
    case undefined:
      return undefined;
    case 'switched':
      return { kind: 'switched', inNetworkReduction: input.inNetworkReduction ?? false };
    case 'pcie':
    case 'single':
      return { kind: input.kind };
    case 'full-mesh':
      if (!complete(input, path, ['linkBytesPerSecond'], faults)) return undefined;
      return { kind: 'full-mesh', linkBytesPerSecond: input.linkBytesPerSecond };
    case 'ring':
      if (!complete(input, path, ['linkBytesPerSecond'], faults)) return undefined;
      return { kind: 'ring', linkBytesPerSecond: input.linkBytesPerSecond, ranksPerChip: input.ranksPerChip ?? 1 };
    case 'torus': {
      if (!complete(input, path, ['linkBytesPerSecond', 'dimensions'], faults)) return undefined;
      const { dimensions, linkBytesPerSecond, ranksPerChip = 1 } = input;
      const held = dimensions.reduce((product, size) => product * size, ranksPerChip);
      if (held !== ranks) {
        const shape = `${dimensions.join(' x ')} chips with ${counted(ranksPerChip, 'rank')} each`;
        faults.add(
          `${path}.dimensions`,
          `${shape} have ${counted(held, 'rank')}, not the ${counted(ranks, 'rank')} of the instance`,
        );
      }
      return { kind: 'torus', dimensions, linkBytesPerSecond, ranksPerChip };
    }
    case 'hybrid-cube-mesh': {
      if (!complete(input, path, ['linkBytesPerSecond', 'links'], faults)) return undefined;
      const { links, linkBytesPerSecond } = input;
      if (links.length !== ranks) {
        faults.add(
          `${path}.links`,
          `has ${counted(links.length, 'row')}, not one for each of the ${counted(ranks, 'rank')} of the instance`,
        );
      }
      return { kind: 'hybrid-cube-mesh', links, linkBytesPerSecond };
    }
  }
}

/** The fields that have a value. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
