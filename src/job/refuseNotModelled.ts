import type { Draft } from './draft.ts';
import type { FaultList } from './faults.ts';
import {
  acceleratorsNotModelled,
  notModelled,
  notModelledOnStack,
  stacksWithoutSequenceParallel,
} from './notModelled.ts';
import { shownText } from './words.ts';

const fields = notModelled.map((entry) => ({ ...entry, keys: entry.path.split('.') }));
const fieldsOfStacks = notModelledOnStack.map((entry) => ({ ...entry, keys: entry.path.split('.') }));

/** Adds a fault for every value that foretrain knows and does not model yet. */
export function refuseNotModelled(draft: Draft, faults: FaultList): void {
  for (const { path, keys, models, instead } of fields) {
    const value = valueAt(draft.input, keys);
    if (value === undefined || models(value) || faults.names(path)) continue;
    faults.add(path, `${subject(value)}is not modelled yet; ${instead}`, 'not-modelled');
  }
  refuseOnStack(draft, faults);
  refuseAccelerator(draft, faults);
}

function refuseOnStack({ input, stack, parallelism }: Draft, faults: FaultList): void {
  if (stack === undefined) return;
  for (const { path, keys, models, stacks, instead } of fieldsOfStacks) {
    const value = valueAt(input, keys);
    if (value === undefined || models(value) || stacks.includes(stack.name) || faults.names(path)) continue;
    faults.add(path, `${subject(value)}is not modelled for ${stack.name}; ${instead}`, 'not-modelled');
  }
  if (parallelism.sequenceParallel && stacksWithoutSequenceParallel.includes(stack.name)) {
    const message = `true is not modelled for ${stack.name}, which has no sequence parallelism; false is`;
    faults.add('parallelism.sequenceParallel', message, 'not-modelled');
  }
}

function refuseAccelerator({ cluster }: Draft, faults: FaultList): void {
  const accelerator = cluster.instance?.accelerator;
  if (accelerator === undefined) return;
  const { name, vendor } = accelerator;
  const hasStacks = vendor === 'NVIDIA' || vendor === 'AWS';
  if (hasStacks && !acceleratorsNotModelled.includes(name)) return;
  const message = `training on ${name} (${vendor}) is not modelled yet; on GPUs of NVIDIA and on Trainium it is`;
  faults.add('cluster.instance', message, 'not-modelled');
}

function valueAt(input: unknown, keys: readonly string[]): unknown {
  let value = input;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}

/** The value where it is short enough to be the subject of the sentence; otherwise the path is. */
function subject(value: unknown): string {
  return typeof value === 'object' && value !== null ? '' : `${shownText(String(value))} `;
}
