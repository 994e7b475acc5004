import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CollectiveKind } from '../../src/graph/operator.ts';
import { extendInstance, instances } from '../../src/hardware/catalogue.ts';
import { channelsOf } from '../../src/hardware/collectives/channels.ts';
import {
  collectiveSeconds,
  type Group,
  groupOf,
  lostBeside,
  pointToPointSeconds,
} from '../../src/hardware/collectives/index.ts';
import { instance } from './make.ts';

const kinds: readonly CollectiveKind[] = ['all-reduce', 'all-gather', 'reduce-scatter'];
const someKind = fc.constantFrom(...kinds);
const bytes = fc.integer({ min: 1, max: 2 ** 34 });

/** Groups as jobs have them: whole powers of two of ranks, at a stride that fits the instance. */
const someGroup = fc
  .record({
    on: fc.constantFrom(...instances),
    ranks: fc.integer({ min: 0, max: 7 }).map((power) => 2 ** power),
    stride: fc.integer({ min: 0, max: 6 }).map((power) => 2 ** power),
  })
  .map(({ on, ranks, stride }) => groupOf(on, ranks, stride, Math.max(on.ranks, ranks * stride)));

const roundsOf = (kind: CollectiveKind) => (kind === 'all-reduce' ? 2 : 1);

describe('channels of a collective', () => {
  /** @source what NCCL logs: "24 coll channels" and so on */
  it.each([
    ['p5.48xlarge', 8, 1, 24],
    ['p5.48xlarge', 16, 1, 16],
    ['dgx-a100', 8, 1, 24],
    ['dgx-a100', 16, 1, 16],
    ['p4d.24xlarge', 16, 1, 8],
    ['dgx-a100', 2, 8, 2],
  ])('are those that NCCL has: %s, %i ranks %i apart, %i', (name, ranks, stride, channels) => {
    expect(channelsOf(groupOf(instance(name), ranks, stride, 64))).toBe(channels);
  });

  it('are at least one, and no more across nodes than inside one', () => {
    fc.assert(
      fc.property(someGroup, (group) => {
        const inside = channelsOf({ ...group, nodes: 1 });
        expect(channelsOf(group)).toBeGreaterThanOrEqual(1);
        expect(channelsOf(group)).toBeLessThanOrEqual(inside);
      }),
    );
  });
});

describe('work beside a collective', () => {
  const lost = (name: string, registered = false) => lostBeside(groupOf(instance(name), 16, 1, 16), registered);

  it('loses few where registered buffers leave the work to the switch', () => {
    expect(lostBeside(groupOf(instance('dgx-h100'), 8, 1, 8), true)).toEqual({ products: 6 / 132, others: 6 / 132 });
    expect(lostBeside(groupOf(instance('dgx-a100'), 8, 1, 8), true).others).toBe(24 / 108);
  });

  it('loses the multiprocessors of the channels, and products on an H100 every second wave', () => {
    expect(lost('p4d.24xlarge')).toEqual({ products: 8 / 108, others: 8 / 108 });
    expect(lost('dgx-h100')).toEqual({ products: 0.5, others: 16 / 132 });
    expect(lost('dgx-h100', true)).toEqual(lost('dgx-h100'));
    expect(lost('trn1.32xlarge')).toEqual({ products: 0, others: 0 });
  });
});

describe('a collective', () => {
  it('is nothing for one rank, or for no bytes', () => {
    fc.assert(
      fc.property(someKind, someGroup, bytes, (kind, group, count) => {
        expect(collectiveSeconds(kind, count, groupOf(group.instance, 1, 1, 8))).toBe(0);
        expect(collectiveSeconds(kind, 0, group)).toBe(0);
      }),
    );
  });

  it('takes finite time, and no less for more bytes', () => {
    fc.assert(
      fc.property(someKind, someGroup, bytes, bytes, (kind, group, a, b) => {
        const [less, more] = a < b ? [a, b] : [b, a];
        const seconds = collectiveSeconds(kind, less, group);
        expect(Number.isFinite(seconds)).toBe(true);
        expect(seconds).toBeGreaterThanOrEqual(0);
        expect(collectiveSeconds(kind, more, group)).toBeGreaterThanOrEqual(seconds);
      }),
    );
  });

  it('takes no longer on a faster network', () => {
    fc.assert(
      fc.property(
        someKind,
        someGroup,
        bytes,
        fc.double({ min: 1, max: 8, noNaN: true }),
        (kind, group, count, times) => {
          const networkBytesPerSecond = group.instance.networkBytesPerSecond * times;
          const faster = { ...group, instance: extendInstance(group.instance, { networkBytesPerSecond }) };
          expect(collectiveSeconds(kind, count, faster)).toBeLessThanOrEqual(collectiveSeconds(kind, count, group));
        },
      ),
    );
  });

  it('takes as long to gather as to reduce and scatter, and longer for both where the bytes are many', () => {
    // Few bytes over many nodes are another matter: a tree has fewer steps than a ring.
    const many = fc.integer({ min: 2 ** 32, max: 2 ** 36 });
    fc.assert(
      fc.property(someGroup, bytes, many, (group, some, count) => {
        const half = collectiveSeconds('reduce-scatter', some, group);
        expect(collectiveSeconds('all-gather', some, group)).toBe(half);
        if (group.ranks === 1) return;
        const whole = collectiveSeconds('all-reduce', count, group);
        expect(whole).toBeGreaterThan(collectiveSeconds('reduce-scatter', count, group));
      }),
    );
  });

  it('cannot beat the network: (n − 1)/n of the tensor leaves every node, twice for an all-reduce', () => {
    fc.assert(
      fc.property(someKind, someGroup, bytes, (kind, group, count) => {
        fc.pre(group.nodes > 1);
        const { networkBytesPerSecond, ranks } = group.instance;
        const share = (networkBytesPerSecond * group.ranksPerNode) / ranks;
        const leaves = roundsOf(kind) * ((group.nodes - 1) / group.nodes) * count;
        expect(collectiveSeconds(kind, count, group)).toBeGreaterThan(leaves / share);
      }),
    );
  });

  it('keeps within the link of a switched node; only reduction in the switch goes beyond it', () => {
    fc.assert(
      fc.property(someKind, bytes, fc.constantFrom(2, 4, 8), (kind, count, ranks) => {
        for (const on of instances.filter(({ topology }) => topology.kind === 'switched')) {
          if (on.ranks < ranks || on.topology.kind !== 'switched') continue;
          const seconds = collectiveSeconds(kind, count, groupOf(on, ranks, 1, on.ranks));
          const bus = (roundsOf(kind) * ((ranks - 1) / ranks) * count) / seconds;
          const most = kind === 'all-reduce' && on.topology.inNetworkReduction ? 1.2 : 1;
          expect(bus / on.accelerator.link.bytesPerSecond, on.name).toBeLessThan(most);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('a message between two ranks', () => {
  it('takes longer for more bytes, across nodes, and where neighbours share the card', () => {
    const p4d = instance('p4d.24xlarge');
    const inside: Group = { instance: p4d, ranks: 2, nodes: 1, ranksPerNode: 2, stride: 1 };
    const across: Group = { ...inside, nodes: 2, ranksPerNode: 1 };
    const megabytes = 50e6;
    expect(pointToPointSeconds(0, across, 1)).toBe(0);
    expect(pointToPointSeconds(megabytes, inside, 1)).toBeLessThan(pointToPointSeconds(megabytes, across, 1));
    expect(pointToPointSeconds(megabytes, across, 1)).toBeLessThan(pointToPointSeconds(megabytes, across, 8));
    // Eight GPUs and four cards of 12.5 GB/s: one alone has one card, all together half a card each.
    expect(pointToPointSeconds(megabytes, across, 1)).toBeGreaterThan(megabytes / 12.5e9);
    expect(pointToPointSeconds(megabytes, across, 8)).toBeGreaterThan(megabytes / 6.25e9);
  });
});

describe('groupOf', () => {
  const p4d = instance('p4d.24xlarge');
  const shapeOf = (ranks: number, stride: number, devices = 960) => {
    const { nodes, ranksPerNode } = groupOf(p4d, ranks, stride, devices);
    return { nodes, ranksPerNode };
  };

  it('keeps neighbours on one node as far as it reaches', () => {
    expect(shapeOf(8, 1)).toEqual({ nodes: 1, ranksPerNode: 8 });
    expect(shapeOf(4, 1)).toEqual({ nodes: 1, ranksPerNode: 4 });
    expect(shapeOf(16, 1)).toEqual({ nodes: 2, ranksPerNode: 8 });
  });

  it('spreads ranks at a stride over the nodes', () => {
    // Data replicas of tensor 8: one on each node; of tensor 4: two; of tensor 2: four.
    expect(shapeOf(20, 8)).toEqual({ nodes: 20, ranksPerNode: 1 });
    expect(shapeOf(8, 4)).toEqual({ nodes: 4, ranksPerNode: 2 });
    expect(shapeOf(8, 2)).toEqual({ nodes: 2, ranksPerNode: 4 });
    expect(shapeOf(20, 48)).toEqual({ nodes: 20, ranksPerNode: 1 });
  });

  it('knows that a job may use only a part of a node', () => {
    expect(shapeOf(4, 1, 4)).toEqual({ nodes: 1, ranksPerNode: 4 });
    expect(shapeOf(2, 2, 4)).toEqual({ nodes: 1, ranksPerNode: 2 });
  });

  it('has the groups of a node share its cards: eight groups at once take as long as one of eight times the bytes', () => {
    const megabytes = 1e9;
    const alone = collectiveSeconds('reduce-scatter', megabytes, groupOf(p4d, 16, 1, 16));
    const shared = collectiveSeconds('reduce-scatter', megabytes, groupOf(p4d, 2, 8, 16));
    expect(shared / alone).toBeGreaterThan(4);
    expect(shared / alone).toBeLessThan(8.5);
  });
});

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const micro = 1e-6;

/** Published all-reduce times: bytes and seconds, by cluster. */
interface Measurements {
  readonly cluster: string;
  readonly source: string;
  readonly group: Group;
  readonly rows: readonly (readonly [bytes: number, seconds: number])[];
}

/** Rows of an all-reduce known by its bus bandwidth, GB/s: 2(n − 1)/n of the bytes over it. */
const byBus = (ranks: number, rows: readonly (readonly [number, number])[]) =>
  rows.map(([size, gigabytes]) => [size, (2 * (ranks - 1) * size) / ranks / (gigabytes * 1e9)] as const);

const node = (name: string, ranks: number) => groupOf(instance(name), ranks, 1, instance(name).ranks);
const nodes = (name: string, count: number) =>
  groupOf(instance(name), count * instance(name).ranks, 1, count * instance(name).ranks);

const vidur = 'microsoft/vidur data/profiling/network, medians';
const awsome = 'aws-samples/awsome-distributed-training micro-benchmarks/nccl-tests';
const engineering = 'stas00/ml-engineering network/benchmarks';
const azure = 'Azure AI-benchmarking-guide, NCCL bandwidth of ND A100, H100, H200, GB200 and GB300';
const sizes = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB, 32 * MIB, 64 * MIB];
const inMicroseconds = (times: readonly number[]) => times.map((time, index) => [sizes[index]!, time * micro] as const);

const measurements: readonly Measurements[] = [
  {
    cluster: '8 A100',
    source: vidur,
    group: node('p4de.24xlarge', 8),
    rows: inMicroseconds([32, 32, 64, 99, 274, 411, 675]),
  },
  {
    cluster: '4 A100',
    source: vidur,
    group: node('p4de.24xlarge', 4),
    rows: inMicroseconds([42, 62, 64, 85, 200, 319, 603]),
  },
  {
    cluster: '2 A100',
    source: vidur,
    group: node('p4de.24xlarge', 2),
    rows: inMicroseconds([53, 27, 47, 63, 139, 247, 430]),
  },
  {
    cluster: '8 H100',
    source: vidur,
    group: node('p5.48xlarge', 8),
    rows: inMicroseconds([36, 39, 34, 51, 115, 196, 322]),
  },
  {
    cluster: '4 H100',
    source: vidur,
    group: node('p5.48xlarge', 4),
    rows: inMicroseconds([40, 42, 41, 47, 93, 167, 318]),
  },
  {
    cluster: '2 H100',
    source: vidur,
    group: node('p5.48xlarge', 2),
    rows: inMicroseconds([41, 41, 43, 43, 73, 136, 245]),
  },
  {
    cluster: '2 x p4de',
    source: awsome,
    group: nodes('p4de.24xlarge', 2),
    rows: [
      [64 * KIB, 227 * micro],
      [MIB, 309 * micro],
      [4 * MIB, 534 * micro],
      [16 * MIB, 1_192 * micro],
      [64 * MIB, 2_645 * micro],
      [128 * MIB, 3_913 * micro],
      [256 * MIB, 7_202 * micro],
      [512 * MIB, 13_552 * micro],
      [GIB, 26_217 * micro],
      [2 * GIB, 51_406 * micro],
    ],
  },
  {
    cluster: '2 x p5',
    source: awsome,
    group: nodes('p5.48xlarge', 2),
    rows: [
      [64 * KIB, 135 * micro],
      [MIB, 123 * micro],
      [4 * MIB, 169 * micro],
      [16 * MIB, 298 * micro],
      [64 * MIB, 602 * micro],
      [128 * MIB, 870 * micro],
      [256 * MIB, 1_468 * micro],
      [512 * MIB, 2_559 * micro],
      [GIB, 4_608 * micro],
      [2 * GIB, 9_075 * micro],
    ],
  },
  {
    cluster: '1 x p6-b200',
    source: engineering,
    group: node('p6-b200.48xlarge', 8),
    rows: byBus(8, [
      [MIB, 36],
      [4 * MIB, 76],
      [16 * MIB, 255],
      [64 * MIB, 401],
      [256 * MIB, 646],
      [GIB, 723],
      [4 * GIB, 741],
      [16 * GIB, 846],
    ]),
  },
  {
    cluster: '4 x p6-b200',
    source: engineering,
    group: nodes('p6-b200.48xlarge', 4),
    rows: byBus(32, [
      [MIB, 5.4],
      [4 * MIB, 19],
      [16 * MIB, 64],
      [64 * MIB, 157],
      [256 * MIB, 229],
      [GIB, 362],
      [4 * GIB, 377],
      [16 * GIB, 382],
    ]),
  },
  {
    cluster: '8 A100, Azure',
    source: azure,
    group: node('p4de.24xlarge', 8),
    rows: byBus(8, [
      [64 * KIB, 2.7],
      [256 * KIB, 10.11],
      [MIB, 36.22],
      [4 * MIB, 71.43],
      [16 * MIB, 109.22],
      [32 * MIB, 132.77],
      [64 * MIB, 166.63],
      [256 * MIB, 213.87],
      [GIB, 228.1],
      [4 * GIB, 230.48],
    ]),
  },
  {
    cluster: '8 H100, Azure',
    source: azure,
    group: node('p5.48xlarge', 8),
    rows: byBus(8, [
      [64 * KIB, 2.72],
      [256 * KIB, 10.86],
      [MIB, 43.7],
      [4 * MIB, 128.73],
      [16 * MIB, 234.45],
      [32 * MIB, 295.53],
      [64 * MIB, 361.78],
      [256 * MIB, 423.38],
      [GIB, 466.35],
      [4 * GIB, 475.54],
    ]),
  },
  {
    cluster: '8 H200, Azure',
    source: azure,
    group: node('p5en.48xlarge', 8),
    rows: byBus(8, [
      [64 * KIB, 3.97],
      [256 * KIB, 15.1],
      [MIB, 57.15],
      [4 * MIB, 137.77],
      [16 * MIB, 240.37],
      [32 * MIB, 298.12],
      [64 * MIB, 367.56],
      [256 * MIB, 434.72],
      [GIB, 468.11],
      [4 * GIB, 478.73],
    ]),
  },
  {
    cluster: '4 GB200, Azure',
    source: azure,
    group: node('p6e-gb200.36xlarge', 4),
    rows: byBus(4, [
      [64 * KIB, 5.71],
      [256 * KIB, 22.41],
      [MIB, 80.48],
      [4 * MIB, 146.27],
      [16 * MIB, 331.09],
      [32 * MIB, 422.62],
      [64 * MIB, 550.73],
      [256 * MIB, 593.53],
      [GIB, 646.87],
      [4 * GIB, 673.06],
    ]),
  },
];

function sizeName(size: number): string {
  return size >= GIB ? `${size / GIB} GiB` : size >= MIB ? `${size / MIB} MiB` : `${size / KIB} KiB`;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

describe('all-reduce against published measurements', () => {
  const scored = measurements.flatMap(({ cluster, source, group, rows }) =>
    rows.map(([size, measured]) => {
      const predicted = collectiveSeconds('all-reduce', size, group);
      return { cluster, source, group, size, measured, predicted, error: predicted / measured - 1 };
    }),
  );
  const absolute = (rows: typeof scored) => rows.map(({ error }) => Math.abs(error));

  it('is a table to read', () => {
    const lines = scored.map(({ cluster, size, measured, predicted, error }) => {
      const cells = [sizeName(size), (measured / micro).toFixed(0), (predicted / micro).toFixed(0)];
      return `${cluster.padEnd(16)}${cells.map((cell) => cell.padStart(9)).join('')}${(100 * error).toFixed(0).padStart(6)}%`;
    });
    const head = `${'cluster'.padEnd(16)}${['bytes', 'measured', 'ours'].map((cell) => cell.padStart(9)).join('')}  error`;
    const foot = `median of ${scored.length} rows: ${(100 * medianOf(absolute(scored))).toFixed(1)}%`;
    console.log(['all-reduce, microseconds', head, ...lines, foot].join('\n'));
    expect(scored.length).toBeGreaterThan(60);
  });

  it('is within 35% for large messages', () => {
    for (const { cluster, source, size, error } of scored) {
      const large = size >= (source === vidur ? 32 * MIB : 256 * MIB);
      if (large) expect(Math.abs(error), `${cluster} ${sizeName(size)}`).toBeLessThan(0.35);
    }
  });

  it('is within 15% for half of all messages', () => {
    expect(medianOf(absolute(scored))).toBeLessThan(0.15);
  });
});
