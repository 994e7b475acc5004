import type { Check, DraftedParallelism } from '../draft.ts';
import type { FaultList } from '../faults.ts';
import { shown } from '../words.ts';

/** Where a model is cut goes with how. */
export const cuts: Check = ({ input, parallelism, model }, faults) => {
  const { partitioner, cutAt, cutsAfter, pipeline, virtualStages } = parallelism;
  if (partitioner === undefined || cutAt === undefined || cutsAfter === undefined) return;
  const { kind } = partitioner;
  if (cutAt === 'operator' && (kind === 'uniform' || kind === 'layers')) {
    faults.add(
      'parallelism.cutAt',
      `operator does not go with partitioner ${kind}, which counts layers; exact would do`,
    );
  }
  if (kind === 'tree') checkTree(parallelism, input.parallelism?.cutAt, faults);
  if (cutsAfter.length === 0) return;
  const path = 'parallelism.cutsAfter';
  if (kind !== 'exact') {
    faults.add(path, `goes with partitioner exact, not with ${kind}; leave one out`);
    return;
  }
  const last = cutsAfter.find((name) => name === 'head' || name === 'transformer.head');
  if (last !== undefined) faults.add(path, `names ${shown(last)}, after which the model ends; leave it out`);
  const layers = model?.layers;
  const beyond = cutsAfter.find(
    (name) => Number(/^(?:transformer\.)?layer\.(\d+)/.exec(name)?.[1] ?? 0) >= (layers ?? Infinity),
  );
  if (beyond !== undefined && layers !== undefined) {
    const message = `names ${shown(beyond)}, but the ${shown(layers)} layers of the model are layer.0`;
    faults.add(path, `${message} to layer.${layers - 1}`);
  }
  if (pipeline === undefined || virtualStages === undefined) return;
  const most = pipeline * virtualStages - 1;
  const asked = new Set(cutsAfter).size;
  if (asked <= most) return;
  const between = most === 1 ? 'is only 1 cut' : `are only ${shown(most)} cuts`;
  faults.add(
    path,
    `asks for ${shown(asked)} cuts, but between the virtual stages there ${between}; name ${shown(most)} or fewer`,
  );
};

/** A module tree may put several virtual stages on a device, in any order: only a schedule that decides as it goes runs that. */
function checkTree(
  { schedule, virtualStages }: DraftedParallelism,
  written: string | undefined,
  faults: FaultList,
): void {
  if (schedule !== undefined && schedule.orderOn === undefined) {
    const message = `tree runs on smp-interleaved and smp-simple, not on ${schedule.name}; either, or exact, would do`;
    faults.add('parallelism.partitioner', message);
  }
  if (virtualStages !== undefined && virtualStages > 1) {
    const message = `${shown(virtualStages)} does not go with partitioner tree, which says itself how often a device is visited`;
    faults.add('parallelism.virtualStages', `${message}; leave it out`);
  }
  if (written === 'layer')
    faults.add('parallelism.cutAt', 'layer does not go with partitioner tree, which cuts at modules; leave it out');
}
