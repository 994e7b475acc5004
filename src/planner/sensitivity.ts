import type { Topology } from '../hardware/instance.ts';
import { simulate } from '../simulate.ts';
import type { Sensitivity } from './answer.ts';
import type { Cell } from './request/cell.ts';
import type { PlanRequest } from './request/request.ts';
import { priceOfPurchase } from './run/booking.ts';
import { evaluateOne } from './search/evaluate.ts';
import { type Found, searchCell } from './search/searchCell.ts';
import { jobOf } from './space/candidate.ts';
import { spaceOf } from './space/space.ts';

/** How much better something is tried, and how much higher the price. */
const more = 1.1;

type Base = Cell['base'];

/** What it would change for this plan if each rate, latency, the memory and the host were a tenth better. */
export async function sensitivity(cell: Cell, found: Found, request: PlanRequest): Promise<readonly Sensitivity[]> {
  const { candidate, stepTimeSeconds } = found;
  const told = betterBases(cell.base).map(([of, base]): Sensitivity => {
    const better = simulate(jobOf({ base }, candidate), { evidence: false });
    return { of, change: better.stepTimeSeconds / stepTimeSeconds - 1 };
  });
  const memory = { of: 'memory', change: await changeWithMemory(cell, found, request) } as const;
  const hasPrice = priceOfPurchase(cell.base.cluster, request.purchase) !== undefined;
  const price = hasPrice ? [{ of: 'price', change: more - 1 } as const] : [];
  return [...[...told, memory].sort((a, b) => a.change - b.change), ...price];
}

/** The job on machines of which one thing is better. */
function betterBases(base: Base): readonly (readonly [Sensitivity['of'], Base])[] {
  const { cluster, stack } = base;
  const { instance } = cluster;
  const { accelerator } = instance;
  const { link } = accelerator;
  const withInstance = (changes: Partial<typeof instance>): Base => ({
    ...base,
    cluster: { ...cluster, instance: { ...instance, ...changes } },
  });
  const withAccelerator = (changes: Partial<typeof accelerator>) =>
    withInstance({ accelerator: { ...accelerator, ...changes } });
  const { forward, backward } = stack.hostSecondsPerLayer;
  return [
    ['network', withInstance({ networkBytesPerSecond: instance.networkBytesPerSecond * more })],
    ['networkLatency', withInstance({ networkLatencyFactor: (instance.networkLatencyFactor ?? 1) / more })],
    [
      'links',
      withInstance({
        topology: withFasterLinks(instance.topology),
        accelerator: { ...accelerator, link: { ...link, bytesPerSecond: link.bytesPerSecond * more } },
      }),
    ],
    ['linkLatency', withInstance({ linkLatencyFactor: (instance.linkLatencyFactor ?? 1) / more })],
    ['matmul', withAccelerator({ matrixFactor: (accelerator.matrixFactor ?? 1) * more })],
    ['memoryBandwidth', withAccelerator({ memoryBytesPerSecond: accelerator.memoryBytesPerSecond * more })],
    [
      'hostTime',
      {
        ...base,
        stack: {
          ...stack,
          hostSecondsPerLayer: { forward: forward / more, backward: backward / more },
          hostSecondsPerStep: stack.hostSecondsPerStep / more,
        },
      },
    ],
  ];
}

function withFasterLinks(topology: Topology): Topology {
  if (!('linkBytesPerSecond' in topology)) return topology;
  const faster = { ...topology, linkBytesPerSecond: topology.linkBytesPerSecond * more };
  if (!('dimensionLinkBytesPerSecond' in faster) || faster.dimensionLinkBytesPerSecond === undefined) return faster;
  return { ...faster, dimensionLinkBytesPerSecond: faster.dimensionLinkBytesPerSecond.map((rate) => rate * more) };
}

/** With more memory another plan may be the best: it is looked for among those of the same degrees that are faster. */
async function changeWithMemory(
  cell: Cell,
  { candidate, stepTimeSeconds }: Found,
  { search, constraints }: PlanRequest,
): Promise<number> {
  const { tensor, context, pipeline } = candidate.family;
  const sameDegrees = { ...search, tensor: [tensor], context: [context], pipeline: [pipeline] };
  const { cluster } = cell.base;
  const { accelerator } = cluster.instance;
  const usableMemoryBytes = accelerator.usableMemoryBytes * more;
  const instance = { ...cluster.instance, accelerator: { ...accelerator, usableMemoryBytes } };
  const larger: Cell = { ...cell, base: { ...cell.base, cluster: { ...cluster, instance } } };
  const { best } = await searchCell(spaceOf(larger, sameDegrees), {
    top: 1,
    below: stepTimeSeconds,
    memoryMarginFraction: constraints.memoryMarginFraction,
    // Other threads do not know these machines.
    evaluate: async (_, candidates) => candidates.map((candidate) => evaluateOne(larger.base, candidate)),
  });
  return Math.min(0, (best[0]?.stepTimeSeconds ?? stepTimeSeconds) / stepTimeSeconds - 1);
}
