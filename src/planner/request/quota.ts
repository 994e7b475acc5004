import type { Fault } from '../../errors.ts';
import { findInstance, instances } from '../../hardware/catalogue.ts';
import type { FaultList } from '../../job/faults.ts';
import { nearestName } from '../../nearest.ts';
import type { RequestInput } from './schema.ts';

/** As in SageMaker's names of instances. */
const prefix = 'ml.';

/** The most instances of this name that may be booked; undefined where nothing says. */
export function quotaOf({ quota = {} }: RequestInput, name: string): number | undefined {
  return quota[name] ?? quota[`${prefix}${name}`];
}

/** A quota of what nobody knows would keep nothing out, and nobody would notice. */
export function checkQuota({ quota = {} }: RequestInput, ownNames: readonly string[], faults: FaultList): void {
  for (const key of Object.keys(quota)) {
    const name = key.startsWith(prefix) ? key.slice(prefix.length) : key;
    if (ownNames.includes(name) || findInstance(name) !== undefined) continue;
    const near = nearestName(name, [...ownNames, ...instances.map((instance) => instance.name)]);
    const would = near === undefined ? `the request has ${ownNames.join(', ')}` : `did you mean ${near}?`;
    faults.add(`quota.${key}`, `is no instance that foretrain knows; ${would}`, 'unknown');
  }
}

/** The fault of a quota that keeps everything out. */
export function quotaFault(left: readonly string[]): Fault {
  return {
    path: 'quota',
    message: `leaves nothing to plan for: ${left.join('; ')}; raise it or name smaller counts`,
    code: 'invalid',
  };
}
