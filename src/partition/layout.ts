import type { PartitionProblem } from './problem.ts';

/**
 * How virtual stages share devices. A group is a device, or under `dual` the pair of devices that hold the same two
 * stages: both carry the same load, so one of them stands for both.
 */
export interface Arrangement {
  /** Length of the list of cuts. */
  readonly virtualStages: number;
  readonly groups: number;
  /** Group of each virtual stage. */
  readonly group: Int32Array;
  /** How often a device of the group runs the stage: twice the middle one of an odd `dual`, else once. */
  readonly copies: Int32Array;
  /** 1 where the stage and the next one are on different devices, so that the tensor between them is sent. */
  readonly parted: Uint8Array;
  /** Virtual stages group by group: those of group g are `members[memberStart[g]]` and on, up to `memberStart[g + 1]`. */
  readonly members: Int32Array;
  readonly memberStart: Int32Array;
}

type Shape = Pick<PartitionProblem, 'placement' | 'stages' | 'virtualStages'>;

/** Virtual stages that a problem's cuts must have. */
export function virtualStageCount({ placement, stages, virtualStages }: Shape): number {
  switch (placement) {
    case 'linear':
    case 'dual':
      return stages;
    case 'loop':
      return stages * virtualStages;
    case 'v':
      return stages * 2;
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

/** The smaller capacity of each group's devices. */
export function groupCapacities({ placement, stages, capacityBytes }: PartitionProblem, groups: number): Float64Array {
  if (placement !== 'dual') return capacityBytes;
  const smaller = new Float64Array(groups);
  for (let group = 0; group < groups; group++) {
    smaller[group] = Math.min(capacityBytes[group], capacityBytes[stages - 1 - group]);
  }
  return smaller;
}

/** A search asks for few arrangements, many times each. */
const known = new Map<string, Arrangement>();
const MOST_KNOWN = 256;

/** How the virtual stages of a shape share devices. */
export function arrangementOf(shape: Shape): Arrangement {
  const key = `${shape.placement} ${shape.stages} ${shape.virtualStages}`;
  let arrangement = known.get(key);
  if (arrangement === undefined) {
    if (known.size >= MOST_KNOWN) known.clear();
    arrangement = arrange(shape);
    known.set(key, arrangement);
  }
  return arrangement;
}

function arrange(shape: Shape): Arrangement {
  const { placement, stages } = shape;
  const virtualStages = virtualStageCount(shape);
  const dual = placement === 'dual';
  const group = new Int32Array(virtualStages);
  const copies = new Int32Array(virtualStages).fill(1);
  const parted = new Uint8Array(virtualStages);
  for (let stage = 0; stage < virtualStages; stage++) {
    const device = deviceOf(placement, stages, stage);
    const mirrored = dual ? stages - 1 - stage : device;
    group[stage] = Math.min(device, mirrored);
    if (dual && device === mirrored) copies[stage] = 2;
    if (stage + 1 < virtualStages && deviceOf(placement, stages, stage + 1) !== device) parted[stage] = 1;
  }
  const groups = dual ? Math.ceil(stages / 2) : stages;
  const members = new Int32Array(virtualStages);
  const memberStart = new Int32Array(groups + 1);
  for (let g = 0, next = 0; g < groups; g++) {
    for (let stage = 0; stage < virtualStages; stage++) if (group[stage] === g) members[next++] = stage;
    memberStart[g + 1] = next;
  }
  return { virtualStages, groups, group, copies, parted, members, memberStart };
}
