import type { PartitionProblem } from './problem.ts';

/**
 * How virtual stages share devices. A group is a device, or under `dual` the pair of devices that hold the same two
 * stages: both carry the same load, so one of them stands for both.
 */
export interface Layout {
  /** Length of the list of cuts. */
  readonly virtualStages: number;
  readonly groups: number;
  /** Group of each virtual stage. */
  readonly group: Int32Array;
  /** How often a device of the group runs the stage: twice the middle one of an odd `dual`, else once. */
  readonly copies: Int32Array;
  /** 1 where the stage and the next one are on different devices, so that the tensor between them is sent. */
  readonly parted: Uint8Array;
  /** The smaller capacity of the group's devices. */
  readonly capacityBytes: Float64Array;
}

/** Virtual stages that a problem's cuts must have. */
export function virtualStageCount(problem: Pick<PartitionProblem, 'placement' | 'stages' | 'virtualStages'>): number {
  switch (problem.placement) {
    case 'linear':
    case 'dual':
      return problem.stages;
    case 'loop':
      return problem.stages * problem.virtualStages;
    case 'v':
      return problem.stages * 2;
  }
}

/** The device that runs a virtual stage; under `dual`, in the direction that enters at device 0. */
export function deviceOf(placement: PartitionProblem['placement'], stages: number, virtualStage: number): number {
  switch (placement) {
    case 'linear':
    case 'dual':
      return virtualStage;
    case 'loop':
      return virtualStage % stages;
    case 'v':
      return virtualStage < stages ? virtualStage : 2 * stages - 1 - virtualStage;
  }
}

export function layoutOf(problem: PartitionProblem): Layout {
  const { placement, stages, capacityBytes } = problem;
  const count = virtualStageCount(problem);
  const dual = placement === 'dual';
  const groups = dual ? Math.ceil(stages / 2) : stages;
  const group = new Int32Array(count);
  const copies = new Int32Array(count).fill(1);
  const parted = new Uint8Array(count);
  const capacity = new Float64Array(groups).fill(Number.POSITIVE_INFINITY);
  for (let stage = 0; stage < count; stage++) {
    const device = deviceOf(placement, stages, stage);
    const mirrored = dual ? stages - 1 - stage : device;
    group[stage] = Math.min(device, mirrored);
    if (dual && device === mirrored) copies[stage] = 2;
    if (stage + 1 < count && deviceOf(placement, stages, stage + 1) !== device) parted[stage] = 1;
    capacity[group[stage]] = Math.min(capacity[group[stage]], capacityBytes[device]);
  }
  return { virtualStages: count, groups, group, copies, parted, capacityBytes: capacity };
}
