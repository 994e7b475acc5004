import type { Instance } from '../hardware/instance.ts';
import type { Drafted } from './draft.ts';
import type { FaultList } from './faults.ts';
import type { Cluster } from './job.ts';
import { namedInstance, readInstance } from './readInstance.ts';
import type { ClusterInput } from './schema/cluster.ts';
import { counted } from './words.ts';

/** What the job runs on: `count` whole instances, or as many as `devices` fill. */
export function readCluster(input: ClusterInput | undefined, faults: FaultList): Drafted<Cluster> {
  const instance = readInstanceOf(input, faults);
  const sizes = faults.sound('cluster.count', 'cluster.devices');
  if (input !== undefined && sizes && input.count === undefined && input.devices === undefined) {
    faults.add('cluster.count', 'is missing; write how many instances there are, or in its place how many devices');
  }
  const price = input?.usdPerHour === undefined ? {} : { usdPerHour: input.usdPerHour };
  if (!sizes || instance === undefined) return { instance, count: undefined, devices: undefined, ...price };
  const { count, devices } = sizesOf(input ?? {}, instance, faults);
  return { instance, count, devices, ...price };
}

function readInstanceOf(input: ClusterInput | undefined, faults: FaultList): Instance | undefined {
  const written = input?.instance;
  if (typeof written === 'string') return namedInstance(written, 'cluster.instance', faults);
  if (written === undefined || !faults.sound('cluster.instance')) return undefined;
  return readInstance(written, faults);
}

function sizesOf(
  input: ClusterInput,
  instance: Instance,
  faults: FaultList,
): Pick<Drafted<Cluster>, 'count' | 'devices'> {
  const { count, devices } = input;
  const { ranks, name } = instance;
  if (devices === undefined) return { count, devices: count === undefined ? undefined : count * ranks };
  const needed = Math.ceil(devices / ranks);
  if (count === undefined || count === needed) return { count: needed, devices };
  const there = `${counted(count, 'instance')} of ${name} (${counted(ranks, 'device')} each)`;
  const wrong = count < needed ? `are more than ${there} have` : `leave some of ${there} empty`;
  faults.add('cluster.devices', `${counted(devices, 'device')} ${wrong}; count ${needed} would do`);
  return { count: undefined, devices: undefined };
}
