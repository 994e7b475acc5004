import { divisors } from '../../job/divisors.ts';
import type { Cell } from '../request/cell.ts';
import type { Search } from '../request/search.ts';
import type { StackSpace } from '../request/stackSpace.ts';
import { type Asked, allowed } from './asked.ts';
import type { Family, StateChoice } from './candidate.ts';

/** Where model states may lie: ZeRO stages, sharding degrees, and what goes to the host. */
export function states({ cell, search, stackSpace }: Asked, family: Family): readonly StateChoice[] {
  const { data, context, pipeline } = family;
  const stages = search.zeroStage ?? (pipeline > 1 ? stackSpace.zeroStagesOfPipelines : stackSpace.zeroStages);
  // At one replica there is nothing to share.
  const distinct = data * context === 1 ? stages.slice(0, 1) : stages;
  const offloads = (search.offload ?? offloadsOf(cell)).filter((offload) => isModelled(cell, offload));
  return distinct.flatMap((zeroStage) =>
    degreesOf(search, stackSpace, zeroStage, data).flatMap((shardingDegree) =>
      offloads.map((offload) => ({ zeroStage, shardingDegree, offload: isNothing(offload) ? undefined : offload })),
    ),
  );
}

/** Without ZeRO the degree has no effect. */
function degreesOf(search: Search, { shardingDegrees }: StackSpace, zeroStage: number, data: number) {
  if (zeroStage === 0) return [data];
  if (search.shardingDegree !== undefined) return allowed(search.shardingDegree, divisors(data));
  return shardingDegrees ? divisors(data) : [data];
}

function isNothing(offload: StateChoice['offload']): boolean {
  const { activations, optimizer, parameters } = offload ?? {};
  return Number(activations ?? 0) + Number(optimizer ?? 0) + Number(parameters ?? 0) === 0;
}

/** Which saved tensors of a graph go to the host is not modelled. */
function isModelled({ base }: Cell, offload: StateChoice['offload']): boolean {
  return base.model.graph === undefined || Number(offload?.activations ?? 0) === 0;
}

/** What the stack can move to the host, each alone and together. */
function offloadsOf({ base: { stack, cluster } }: Cell): readonly StateChoice['offload'][] {
  const { hostLinkBytesPerSecond, measuredHostLinkBytesPerSecond } = cluster.instance;
  if (hostLinkBytesPerSecond === undefined && measuredHostLinkBytesPerSecond === undefined) return [undefined];
  const activations = stack.offloads.activations === 'none' ? [false] : [false, true];
  const optimizer = stack.offloads.optimizer ? [false, true] : [false];
  return activations.flatMap((moves) =>
    optimizer.map((steps) => (moves || steps ? { activations: moves, optimizer: steps } : undefined)),
  );
}
