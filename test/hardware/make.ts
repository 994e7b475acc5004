import type { Accelerator } from '../../src/hardware/accelerator.ts';
import { findAccelerator, findInstance } from '../../src/hardware/catalogue.ts';
import type { Instance } from '../../src/hardware/instance.ts';

export function instance(name: string): Instance {
  const found = findInstance(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

export function accelerator(name: string): Accelerator {
  const found = findAccelerator(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}
