import type { OperatorGraph } from '../../graph/operatorGraph.ts';
import type { Check, DraftedParallelism } from '../draft.ts';
import type { FaultList } from '../faults.ts';
import { listed, shown, shownText } from '../words.ts';

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
  if (model?.graph !== undefined) checkOperators(cutsAfter, model.graph, faults);
  else checkUnits(cutsAfter, model?.layers, faults);
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

/** Units of a transformer are its embedding and its layers. */
function checkUnits(cutsAfter: readonly string[], layers: number | undefined, faults: FaultList): void {
  const path = 'parallelism.cutsAfter';
  const last = cutsAfter.find((name) => name === 'head' || name === 'transformer.head');
  if (last !== undefined) faults.add(path, `names ${shown(last)}, after which the model ends; leave it out`);
  const beyond = cutsAfter.find(
    (name) => Number(/^(?:transformer\.)?layer\.(\d+)/.exec(name)?.[1] ?? 0) >= (layers ?? Infinity),
  );
  if (beyond !== undefined && layers !== undefined) {
    const message = `names ${shown(beyond)}, but the ${shown(layers)} layers of the model are layer.0`;
    faults.add(path, `${message} to layer.${layers - 1}`);
  }
}

/** Units of a model of any shape are its operators. */
function checkOperators(cutsAfter: readonly string[], { nodes }: OperatorGraph, faults: FaultList): void {
  const path = 'parallelism.cutsAfter';
  const unknown = cutsAfter.find((name) => nodes.every((node) => node.name !== name));
  if (unknown !== undefined) {
    const names = listed(
      nodes.map(({ name }) => shownText(name)),
      mostListed,
    );
    faults.add(path, `names ${shown(unknown)}, which is no operator of the graph; those are ${names}`);
  }
  const end = cutsAfter.find((name) => name === nodes.at(-1)?.name);
  if (end !== undefined) faults.add(path, `names ${shown(end)}, after which the model ends; leave it out`);
}

/** Operators that a fault lists. */
const mostListed = 6;

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
