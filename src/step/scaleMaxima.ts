import type { Unit } from '../graph/computeGraph.ts';
import { collectiveSeconds } from '../hardware/collectives/index.ts';
import { narrowFormat } from '../hardware/kernels/narrow.ts';
import { narrowLinears } from './narrowLinears.ts';
import type { UnitContext } from './unitContext.ts';

/** A largest magnitude in fp32. */
const maximumBytes = 4;

/** Seconds in which tensor ranks agree on largest magnitudes, in a forward and a backward pass of one unit. */
export interface ScaleMaxima {
  readonly forward: number;
  readonly backward: number;
}

const nothing: ScaleMaxima = { forward: 0, backward: 0 };

/**
 * With a scale for each whole tensor as it is now, ranks that hold parts of one take its maximum together before it is
 * cast: inputs of products forward, gradients of their outputs backward. Nothing else can be done meanwhile.
 * @source V: pytorch/ao float8_tensor_parallel.py and float8_utils.py: the maximum of a distributed tensor
 */
export function scaleMaxima(unit: Unit, { stack, choice, tensorGroup }: UnitContext): ScaleMaxima {
  const narrow = narrowFormat(choice.precision, choice.precisionRecipe) !== undefined;
  const isScaledNow = choice.precisionRecipe === 'current' && stack.castsDistributedTensors;
  if (!narrow || !isScaledNow || tensorGroup.ranks === 1) return nothing;
  const one = collectiveSeconds('all-reduce', maximumBytes, tensorGroup);
  const products = narrowLinears(unit);
  // Of products that read the same input the first one keeps it.
  const inputs = products.filter(({ saved }) => saved.length > 0);
  return { forward: inputs.length * one, backward: products.length * one };
}
