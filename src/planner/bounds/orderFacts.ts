import { oncePerObject } from '../../keep.ts';
import { deviceOf, isDeviceMap, virtualStageOf } from '../../pipeline/placement.ts';
import {
  BACKWARD,
  FORWARD,
  FUSED_FORWARD,
  type NamedPlacement,
  type PipelineShape,
  placementOf,
  type Schedule,
  taskChunk,
  taskKind,
} from '../../pipeline/schedule.ts';
import { ValueCache } from '../../step/cache.ts';

/** What the order of a schedule says before any cost is known. One entry a virtual stage, or one a device. */
export interface OrderFacts {
  readonly placement: NamedPlacement;
  readonly stages: number;
  readonly virtualStages: number;
  readonly microbatches: number;
  readonly deviceOf: Int32Array;
  /** Forward passes of a virtual stage before the first backward pass of its device, at most. */
  readonly forwardsFirst: Int32Array;
  /** Those of the last virtual stage, at least. */
  readonly leastForwardsFirst: number;
  /** The virtual stage of a device's first backward pass, and that of its last. */
  readonly firstBackward: Int32Array;
  readonly lastBackward: Int32Array;
  /** Microbatches of a virtual stage that its device holds when it holds most, at least, until a backward pass frees them. */
  readonly held: Int32Array;
}

/** The virtual stages of every device. */
export const stagesOn = oncePerObject(({ stages, deviceOf }: Pick<OrderFacts, 'stages' | 'deviceOf'>) => {
  const own = Array.from({ length: stages }, (): number[] => []);
  deviceOf.forEach((device, stage) => {
    own[device]!.push(stage);
  });
  return own;
});

const mostKept = 4096;
const kept = new ValueCache<OrderFacts>(mostKept);

/**
 * Facts of an order; undefined where microbatches enter at both ends, or costs decide when which half of a backward
 * pass runs.
 */
export function orderFacts(schedule: Schedule, shape: PipelineShape): OrderFacts | undefined {
  const placement = placementOf(schedule, shape);
  if (isDeviceMap(placement) || placement === 'dual') return undefined;
  if (!schedule.fixed) {
    return schedule.splitsBackward || placement !== 'linear' ? undefined : anyOrderFacts(shape, placement);
  }
  const key = `${schedule.name} ${shape.stages} ${shape.virtualStages} ${shape.microbatches} ${shape.microbatchGroupSize}`;
  return kept.get(key, () => findFacts(schedule, shape, placement));
}

/**
 * Whatever costs make of an order that prefers backward passes: a stage runs no more microbatches before its first one
 * than may be in flight, and the last stage turns each at once.
 */
function anyOrderFacts(shape: PipelineShape, placement: NamedPlacement): OrderFacts {
  const { stages, microbatches, activeMicrobatches } = shape;
  const own = Int32Array.from({ length: stages }, (_, stage) => stage);
  const forwardsFirst = new Int32Array(stages).fill(Math.min(microbatches, activeMicrobatches));
  forwardsFirst[stages - 1] = 1;
  return {
    ...{ placement, stages, microbatches, virtualStages: stages, deviceOf: own },
    forwardsFirst,
    leastForwardsFirst: 1,
    firstBackward: own,
    lastBackward: own,
    held: new Int32Array(stages).fill(1),
  };
}

function findFacts(schedule: Schedule, shape: PipelineShape, placement: NamedPlacement): OrderFacts {
  const { stages, microbatches } = shape;
  const virtualStages = stages * shape.virtualStages;
  const zero = new Float64Array(virtualStages);
  const orders = schedule.order(shape, { forward: zero, backward: zero, weight: zero, communication: zero });
  const facts = {
    placement,
    stages,
    virtualStages,
    microbatches,
    deviceOf: Int32Array.from({ length: virtualStages }, (_, stage) => deviceOf(placement, stages, stage)),
    forwardsFirst: new Int32Array(virtualStages),
    firstBackward: new Int32Array(stages).fill(-1),
    lastBackward: new Int32Array(stages).fill(-1),
    held: new Int32Array(virtualStages),
  };
  const now = new Int32Array(virtualStages);
  for (const [device, order] of orders.entries()) {
    const own = stagesOn(facts)[device]!;
    let total = 0;
    let most = 0;
    for (const task of order) {
      const kind = taskKind(task);
      const stage = virtualStageOf(placement, stages, device, taskChunk(task));
      if (kind === FORWARD || kind === FUSED_FORWARD) {
        now[stage]! += 1;
        total += 1;
        if (facts.firstBackward[device] === -1) facts.forwardsFirst[stage]! += 1;
        if (total > most) {
          most = total;
          for (const one of own) facts.held[one] = now[one]!;
        }
      } else if (kind === BACKWARD) {
        if (facts.firstBackward[device] === -1) facts.firstBackward[device] = stage;
        facts.lastBackward[device] = stage;
        now[stage]! -= 1;
        total -= 1;
      }
    }
  }
  return { ...facts, leastForwardsFirst: facts.forwardsFirst[virtualStages - 1]! };
}
