import type { Check } from '../draft.ts';
import type { FaultList } from '../faults.ts';
import { counted, shown } from '../words.ts';

/** Embedding and head are units to cut, besides the layers. */
const unitsBesideLayers = 2;

/** Every virtual stage gets something to do. */
export const stages: Check = ({ model, parallelism }, faults) => {
  const { pipeline, virtualStages, schedule, partitioner, cutAt } = parallelism;
  if (model === undefined || pipeline === undefined || virtualStages === undefined || partitioner === undefined) return;
  const { layers } = model;
  // Both directions of a dual schedule run the same stages.
  const parts = schedule?.placement === 'dual' ? pipeline : pipeline * virtualStages;
  const product = `pipeline ${shown(pipeline)} · virtualStages ${shown(virtualStages)} = ${shown(parts)}`;

  // Modules are dealt to devices, some of which may stay idle.
  if (partitioner.kind === 'tree') return;
  if (partitioner.kind === 'layers') {
    // A model of any shape has no layers, and partitioner layers is refused for it by name.
    if (model.graph !== undefined) return;
    checkStageLayers(partitioner.stageLayers, layers, parts, product, faults);
    return;
  }
  // Operators are many more than units; where even they are too few, the cut says so.
  if (cutAt === 'operator' && model.graph === undefined) return;
  const operators = model.graph?.nodes.length;
  const units = operators ?? (partitioner.kind === 'uniform' ? layers : layers + unitsBesideLayers);
  if (parts <= units) return;
  const what =
    operators !== undefined
      ? `the ${counted(operators, 'operator')} of the graph`
      : partitioner.kind === 'uniform'
        ? `the ${counted(layers, 'layer')} that partitioner uniform hands out`
        : `the ${counted(units, 'unit')} there are to cut (${counted(layers, 'layer')}, embedding and head)`;
  const [path, most] =
    virtualStages > 1 && pipeline <= units
      ? ['virtualStages', Math.floor(units / pipeline)]
      : ['pipeline', Math.floor(units / virtualStages)];
  const would = most === 0 ? '' : `; ${path} ${most === 1 ? '1' : `${shown(most)} or less`} would do`;
  faults.add(`parallelism.${path}`, `${product} virtual stages are more than ${what}${would}`);
};

function checkStageLayers(
  stageLayers: readonly number[],
  layers: number,
  parts: number,
  product: string,
  faults: FaultList,
): void {
  const path = 'parallelism.stageLayers';
  if (stageLayers.length !== parts) {
    const length = counted(stageLayers.length, 'number');
    faults.add(path, `has ${length}, but there are ${product} virtual stages; write one number for each`);
  }
  const sum = stageLayers.reduce((total, count) => total + count, 0);
  if (sum !== layers) {
    const gap = sum < layers ? `${shown(layers - sum)} fewer than` : `${shown(sum - layers)} more than`;
    faults.add(path, `sums to ${shown(sum)} layers, ${gap} the ${shown(layers)} of the model`);
  }
  const empty = stageLayers.findIndex((count, index) => count === 0 && index > 0 && index < stageLayers.length - 1);
  if (empty > 0) {
    const where = `0 layers in virtual stage ${shown(empty)}`;
    faults.add(path, `has ${where}, which leaves nothing there; only the first and the last may have 0`);
  }
}
