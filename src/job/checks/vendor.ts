import { stacks } from '../../stack/index.ts';
import type { Check } from '../draft.ts';
import { either } from '../words.ts';

/** The stack trains on accelerators of this maker. */
export const vendor: Check = ({ input, stack, cluster }, faults) => {
  const accelerator = cluster.instance?.accelerator;
  if (stack === undefined || accelerator === undefined || input.stack === undefined) return;
  if (stack.vendors.some((name) => name === accelerator.vendor)) return;
  const others = stacks.filter((one) => one.vendors.some((name) => name === accelerator.vendor)).map((one) => one.name);
  // An accelerator that no stack trains on is refused by its own name.
  if (others.length === 0) return;
  const path = typeof input.stack === 'string' ? 'stack' : 'stack.name';
  const trains = `${stack.name} trains on accelerators of ${stack.vendors.join(' and ')}, not on ${accelerator.name}`;
  faults.add(path, `${trains}; ${either(others)} would do`);
};
