import { describe, expect, it } from 'vitest';
import type { Accelerator } from '../../src/hardware/accelerator.ts';
import {
  accelerators,
  extendAccelerator,
  extendInstance,
  findAccelerator,
  findInstance,
  instances,
} from '../../src/hardware/catalogue.ts';
import { capacityBlockUsdPerHour, type Instance, type Topology } from '../../src/hardware/instance.ts';
import { nearestName } from '../../src/nearest.ts';

function instance(name: string): Instance {
  const found = findInstance(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

function accelerator(name: string): Accelerator {
  const found = findAccelerator(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

const marked = /^[VRD]: \S/;

describe('accelerators', () => {
  it('have names of their own', () => {
    expect(new Set(accelerators.map(({ name }) => name)).size).toBe(accelerators.length);
  });

  it.each(accelerators.map((each) => [each.name, each] as const))('%s gives the source of every figure', (_, each) => {
    const described = ['name', 'vendor', 'generation', 'sources'];
    const figures = Object.keys(each).filter((field) => !described.includes(field));
    for (const figure of figures) {
      const empty = figure === 'flopsPerSecond' && Object.keys(each.flopsPerSecond).length === 0;
      if (!empty) expect(each.sources[figure], figure).toMatch(marked);
    }
    expect(Object.keys(each.sources).filter((field) => !figures.includes(field))).toEqual([]);
  });

  it.each(accelerators.map((each) => [each.name, each] as const))('%s is possible', (_, each) => {
    expect(each.usableMemoryBytes).toBeLessThanOrEqual(each.memoryBytes);
    expect(each.usableMemoryBytes / each.memoryBytes).toBeGreaterThan(0.98);
    expect(Number.isSafeInteger(each.memoryBytes)).toBe(true);
    expect(Number.isSafeInteger(each.usableMemoryBytes)).toBe(true);
    for (const [format, measured] of Object.entries(each.measuredMatmulFlopsPerSecond ?? {})) {
      const peak = each.flopsPerSecond[format as keyof Accelerator['flopsPerSecond']];
      expect(measured / peak!, format).toBeGreaterThan(0.5);
      expect(measured / peak!, format).toBeLessThan(1);
    }
  });

  it('say what a process can allocate', () => {
    expect(accelerator('a100-sxm4-80').usableMemoryBytes).toBe(84_986_665_369);
    expect(accelerator('h100-sxm5-80').usableMemoryBytes / 2 ** 30).toBeCloseTo(79.19, 8);
    expect(accelerator('a100-sxm4-40').usableMemoryBytes / 2 ** 30).toBeCloseTo(39.575, 3);
  });

  it('divide a Neuron chip among its ranks', () => {
    const trainium1 = accelerator('trainium1');
    expect(trainium1.memoryBytes).toBe(16 * 2 ** 30);
    expect(trainium1.flopsPerSecond.bf16).toBe(95e12);
    expect(trainium1.memoryBytesPerSecond).toBe(410 * 2 ** 30);
    const trainium2 = accelerator('trainium2');
    expect(trainium2.ranksPerChip).toBe(4);
    expect(trainium2.memoryBytes).toBe(24 * 2 ** 30);
    expect(trainium2.flopsPerSecond.bf16).toBe(667e12 / 4);
  });
});

describe('instances', () => {
  it('have names of their own', () => {
    expect(new Set(instances.map(({ name }) => name)).size).toBe(instances.length);
  });

  it.each(instances.map((each) => [each.name, each] as const))('%s gives the source of every figure', (_, each) => {
    const described = ['name', 'accelerator', 'onDemand', 'capacityBlock', 'sources'];
    const figures = Object.keys(each).filter((field) => !described.includes(field));
    for (const figure of figures) expect(each.sources[figure] ?? each.sources.shape, figure).toMatch(marked);
    expect(Object.keys(each.sources).filter((key) => key !== 'shape' && !figures.includes(key))).toEqual([]);
    for (const price of [...each.onDemand, ...each.capacityBlock]) {
      expect(price.source).toMatch(marked);
      expect(price.date).toMatch(/^20\d\d-\d\d(-\d\d)?$/);
    }
  });

  it.each(instances.map((each) => [each.name, each] as const))('%s is possible', (_, each) => {
    expect(each.ranks).toBe(each.chips * (each.accelerator.ranksPerChip ?? 1));
    expect(devicesOf(each.topology) ?? each.ranks).toBe(each.ranks);
    expect(linkSum(each.topology) ?? each.accelerator.link.bytesPerSecond).toBeCloseTo(
      each.accelerator.link.bytesPerSecond,
      0,
    );
    expect(each.networkBytesPerSecond).toBeGreaterThan(0);
    for (const list of [each.onDemand, each.capacityBlock]) {
      const dates = list.map(({ date }) => date);
      expect(dates).toEqual([...dates].sort().reverse());
    }
  });

  it('link the V100 of a server symmetrically, with six links each', () => {
    for (const name of ['p3.16xlarge', 'p3dn.24xlarge']) {
      const { topology } = instance(name);
      if (topology.kind !== 'hybrid-cube-mesh') throw new Error(topology.kind);
      topology.links.forEach((row, i) => {
        expect(row.reduce((sum, links) => sum + links, 0)).toBe(6);
        row.forEach((links, j) => {
          expect(links).toBe(topology.links[j]![i]);
        });
      });
    }
  });

  it('are found with and without ml.', () => {
    expect(findInstance('ml.p4d.24xlarge')).toBe(findInstance('p4d.24xlarge'));
    expect(findInstance('p4d.24xlarge')?.accelerator.name).toBe('a100-sxm4-40');
    expect(findInstance('p4d')).toBeUndefined();
    expect(
      nearestName(
        'p4d.24xlrage',
        instances.map(({ name }) => name),
      ),
    ).toBe('p4d.24xlarge');
  });

  it.each([
    ['p4d.24xlarge', 21.957642, 32.7726, 50e9, 4],
    ['p4de.24xlarge', 27.44705, 40.96575, 50e9, 4],
    ['p5.48xlarge', 55.04, 98.32, 400e9, 32],
    ['trn1.32xlarge', 21.5, 21.5, 100e9, 8],
    ['trn1.2xlarge', 1.34375, 1.34, 390_625_000, 1],
    ['trn1n.32xlarge', 24.78, 24.78, 200e9, 16],
    ['inf2.xlarge', 0.7582, 0.76, 260_375_000, 1],
  ])('%s costs and carries what its sources say', (name, newest, oldest, network, cards) => {
    const { onDemand, networkBytesPerSecond, networkCards } = instance(name);
    expect(onDemand[0]!.usdPerHour).toBe(newest);
    expect(onDemand.at(-1)!.usdPerHour).toBe(oldest);
    expect(networkBytesPerSecond).toBe(network);
    expect(networkCards).toBe(cards);
  });

  it('price Capacity Blocks by the chip, not by the rank', () => {
    expect(capacityBlockUsdPerHour(instance('u-p6e-gb200x72'))).toBeCloseTo(761.904, 9);
    expect(capacityBlockUsdPerHour(instance('trn1.32xlarge'))).toBeCloseTo(16 * 0.968, 9);
    expect(capacityBlockUsdPerHour(instance('dgx-h100'))).toBeUndefined();
  });
});

describe('extendAccelerator', () => {
  const h100 = accelerator('h100-sxm5-80');

  it('changes nothing by itself', () => {
    expect(extendAccelerator(h100, {})).toEqual(h100);
    expect(extendAccelerator(accelerator('gb300-gpu'), {})).toEqual(accelerator('gb300-gpu'));
  });

  it('keeps the usable share of the memory and the measured share of a peak', () => {
    const changed = extendAccelerator(h100, {
      name: 'h100-64',
      memoryBytes: 64 * 2 ** 30,
      flopsPerSecond: { bf16: 494.5e12 },
    });
    expect(changed.name).toBe('h100-64');
    expect(changed.usableMemoryBytes).toBe(Math.floor(h100.usableMemoryBytes * 0.8));
    expect(changed.measuredMatmulFlopsPerSecond).toEqual({ bf16: 397.25e12, fp8: 1_382.2e12 });
    expect(changed.flopsPerSecond).toEqual({ ...h100.flopsPerSecond, bf16: 494.5e12 });
    expect(changed.sources.memoryBytes).toBe('given in the job');
    expect(changed.sources.link).toBe(h100.sources.link);
  });
});

describe('extendInstance', () => {
  const p4d = instance('p4d.24xlarge');

  it('changes nothing by itself', () => {
    expect(extendInstance(p4d, {})).toEqual(p4d);
    expect(extendInstance(instance('gb300-nvl72'), {})).toEqual(instance('gb300-nvl72'));
  });

  it('takes the fields of the job and leaves out what only the old fabric had', () => {
    const changed = extendInstance(p4d, {
      name: 'mine',
      accelerator: extendAccelerator(p4d.accelerator, { powerWatts: 300 }),
      networkBytesPerSecond: 200e9,
      networkCards: 8,
      fabric: 'infiniband',
      usdPerHour: 10,
    });
    expect(changed).toMatchObject({
      name: 'mine',
      networkBytesPerSecond: 200e9,
      networkCards: 8,
      fabric: 'infiniband',
    });
    expect(changed.accelerator.powerWatts).toBe(300);
    expect(changed.onDemand).toEqual([{ usdPerHour: 10, date: 'job', source: 'given in the job' }]);
    expect(changed).not.toHaveProperty('efaGeneration');
    expect(changed).not.toHaveProperty('networkLatencyHintSeconds');
    expect(changed.topology).toBe(p4d.topology);
  });

  it('keeps what belongs to a fabric that stays', () => {
    expect(extendInstance(p4d, { fabric: 'efa', networkCards: undefined })).toMatchObject({
      efaGeneration: 1,
      networkCards: 4,
    });
  });
});

describe('nearestName', () => {
  const names = ['fp16', 'bf16', 'p4d.24xlarge', 'hiddenSize', 'layers'];

  it.each([
    ['fp61', 'fp16'],
    ['BF16', 'bf16'],
    ['hidenSize', 'hiddenSize'],
    ['layres', 'layers'],
    ['p4d', 'p4d.24xlarge'],
  ])('%s was meant as %s', (written, meant) => {
    expect(nearestName(written, names)).toBe(meant);
  });

  it.each(['', 'x', 'zzz', 'tensorParallel'])('%j is like none of them', (written) => {
    expect(nearestName(written, names)).toBeUndefined();
    expect(nearestName(written, [])).toBeUndefined();
  });
});

/** Ranks that a topology names by itself. */
function devicesOf(topology: Topology): number | undefined {
  if (topology.kind === 'hybrid-cube-mesh') return topology.links.length;
  if (topology.kind === 'torus') return topology.dimensions.reduce((a, b) => a * b, topology.ranksPerChip);
  return undefined;
}

/** One rank's share of the links that a topology gives it, bytes/s. */
function linkSum(topology: Topology): number | undefined {
  switch (topology.kind) {
    case 'hybrid-cube-mesh':
      return 6 * topology.linkBytesPerSecond;
    case 'torus': {
      const rates = topology.dimensionLinkBytesPerSecond ?? topology.dimensions.map(() => topology.linkBytesPerSecond);
      return rates.reduce((sum, rate) => sum + (2 * rate) / topology.ranksPerChip, 0);
    }
    case 'ring':
      return (2 * topology.linkBytesPerSecond) / topology.ranksPerChip;
    case 'full-mesh':
      return 7 * topology.linkBytesPerSecond;
    default:
      return undefined;
  }
}
